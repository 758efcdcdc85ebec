"""`churn promote`."""

import argparse
from typing import TYPE_CHECKING, Any

from churn_cli.promotion import change_champion
from churn_cli.terminal import say
from churn_model.errors import RegistryError
from churn_model.mlflow_registry import MlflowRegistry
from churn_model.registry import Registered
from churn_training.runs.gate_tags import objection, override_tags, tag_version

if TYPE_CHECKING:
    from mlflow import MlflowClient


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Make a version champion, in the registry and for the servers of this machine."""

    def change(client: "MlflowClient", registry: MlflowRegistry, name: str) -> Registered:
        wanted = registry.by_version(name, options.version)
        problem = objection(client, wanted, registry.champion(name))
        if problem and not options.force:
            raise RegistryError(f"{name} version {wanted.version}: {problem}; --force promotes it all the same")
        if problem:
            tag_version(client, wanted, override_tags(problem))
            say(f"promoted by force, although {problem}; this is kept beside the version")
        return registry.promote(name, options.version)

    return change_champion(options, change, "version {version} is champion")

"""`churn promote`."""

import argparse
from typing import TYPE_CHECKING, Any

from churn_cli.environment_actions import is_for_environment, promote_environment
from churn_cli.image_actions import promote_released
from churn_cli.promotion import change_champion
from churn_cli.terminal import say
from churn_delivery.errors import DeliveryError
from churn_model.errors import RegistryError
from churn_model.mlflow_registry import MlflowRegistry
from churn_model.registry import Registered
from churn_training.runs.gate_tags import objection, override_tags, tag_version
from churn_training.runs.job_versions import version_named

if TYPE_CHECKING:
    from mlflow import MlflowClient


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Make a version the one that an environment serves, by a commit, or champion, in the registry and for the servers
    of this machine."""
    if options.images is not None:
        return promote_released(options)
    if options.with_description and options.environment is None:
        raise DeliveryError("--with-description: is committed to an environment; name one with --environment")
    if options.version is None:
        raise DeliveryError("VERSION: which one? churn models shows them; --images promotes images instead")
    if is_for_environment(options):
        return promote_environment(options)

    def change(client: "MlflowClient", registry: MlflowRegistry, name: str) -> Registered:
        wanted, champion, astray = (
            version_named(client, registry, name, options.version),
            registry.champion(name),
            registry.astray(name),
        )
        problem = objection(client, wanted, champion)
        if problem and not options.force:
            raise RegistryError(f"{name} version {wanted.version}: {problem}; --force promotes it all the same")
        if problem:
            tag_version(client, wanted, override_tags(problem))
            say(f"promoted by force, although {problem}; this is kept beside the version")
        if astray not in (None, wanted.version) and champion is not None:
            say(
                f"MLflow's alias champion was at version {astray}, where somebody else had moved it past the gate; "
                f"version {champion.version} was served"
            )
        return registry.promote(name, wanted.version)

    return change_champion(options, change, "version {version} is champion")

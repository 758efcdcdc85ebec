"""`churn rollback`."""

import argparse
from typing import TYPE_CHECKING, Any

from churn_cli.promotion import change_champion
from churn_cli.terminal import say
from churn_model.mlflow_registry import MlflowRegistry
from churn_model.registry import Registered
from churn_training.runs.gate_tags import not_passed

if TYPE_CHECKING:
    from mlflow import MlflowClient


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Make the former champion champion again, in the registry and for the servers of this machine."""
    return change_champion(options, _back, "the former champion, version {version}, is champion again")


def _back(client: "MlflowClient", registry: MlflowRegistry, name: str) -> Registered:
    left = registry.champion(name)
    found = registry.rollback(name)
    if left is not None and int(found.version) > int(left.version):
        say(
            f"version {found.version} is newer than version {left.version}: a rollback after a rollback undoes it; the "
            f"next one goes to version {left.version}"
        )
    # Who goes back in need is not held up, but is told.
    problem = not_passed(client, found)
    if problem:
        say(f"version {found.version} is champion again although {problem}")
    return found

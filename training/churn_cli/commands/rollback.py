"""`churn rollback`."""

import argparse
from typing import TYPE_CHECKING, Any

from churn_cli.environment_actions import is_for_environment, roll_environment_back
from churn_cli.promotion import change_champion
from churn_cli.terminal import say
from churn_model.mlflow_registry import MlflowRegistry
from churn_model.registry import Registered
from churn_training.runs.gate_tags import not_passed

if TYPE_CHECKING:
    from mlflow import MlflowClient


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Go back to the model before the present one: of an environment by a commit, else in the registry and for the
    servers of this machine."""
    if is_for_environment(options):
        return roll_environment_back(options)
    return change_champion(options, _back, "the former champion, version {version}, is champion again")


def _back(client: "MlflowClient", registry: MlflowRegistry, name: str) -> Registered:
    astray = registry.astray(name)
    found = registry.rollback(name)
    if astray is not None:
        say(
            f"version {astray} had been made champion in MLflow itself, past the gate, and was never served: the alias "
            f"is back at version {found.version}; run the command again to go further back"
        )
    # Who goes back in need is not held up, but is told.
    problem = not_passed(client, found)
    if problem:
        say(f"version {found.version} is champion again although {problem}")
    return found

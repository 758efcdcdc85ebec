"""Arguments of `churn train`."""

from churn_cli.arguments.shared import Commands, add_cluster, add_command
from churn_cli.arguments.training import add_training


def add_arguments(commands: Commands) -> None:
    """Declare `churn train`."""
    command = add_command(commands, "train", "train, compare by profit, package and register a model")
    add_training(command, "5m")
    champion = command.add_mutually_exclusive_group()
    champion.add_argument("--no-promote", action="store_true", help="register the version but leave the champion")
    champion.add_argument("--force-promote", action="store_true", help="make it champion even if it is no better")
    add_cluster(command, "train in a Kubernetes Job, follow it, end as it does")

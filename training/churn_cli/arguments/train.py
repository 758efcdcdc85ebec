"""Arguments of `churn train`."""

from churn_cli.arguments.shared import Commands, add_command
from churn_cli.arguments.training import add_training


def add_arguments(commands: Commands) -> None:
    """Declare `churn train`."""
    command = add_command(commands, "train", "train, compare by profit, package and register a model")
    add_training(command, "5m")
    champion = command.add_mutually_exclusive_group()
    champion.add_argument("--no-promote", action="store_true", help="register the version but leave the champion")
    champion.add_argument("--force-promote", action="store_true", help="make it champion even if it is no better")
    cluster = command.add_argument_group("on a cluster")
    cluster.add_argument(
        "--on-cluster", action="store_true", help="train in a Kubernetes Job, follow it, end as it does"
    )
    cluster.add_argument("--namespace", default="churn", help="namespace of the release (%(default)s)")
    cluster.add_argument("--release", default="churn", help="name of the Helm release (%(default)s)")
    cluster.add_argument("--context", help="context of the kubeconfig (default: its current one)")
    cluster.add_argument(
        "--timeout", type=float, metavar="SECONDS", help="stop following after so long; the Job goes on"
    )

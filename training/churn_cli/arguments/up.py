"""Arguments of `churn up`."""

from churn_cli.arguments.shared import Commands, add_command
from churn_cli.arguments.training import add_training


def add_arguments(commands: Commands) -> None:
    """Declare `churn up`."""
    command = add_command(commands, "up", "train if need be and serve on this machine; other options go to the servers")
    add_training(command, "1m")
    command.add_argument("--retrain", action="store_true", help="train even if there is a champion")

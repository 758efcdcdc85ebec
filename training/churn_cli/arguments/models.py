"""Arguments of `churn models`."""

from churn_cli.arguments.environments import add_repository
from churn_cli.arguments.shared import Commands, add_command, add_usecase


def add_arguments(commands: Commands) -> None:
    """Declare `churn models`."""
    command = add_command(
        commands,
        "models",
        "show the versions, what was measured of them, the champion and what each environment serves",
    )
    add_usecase(command)
    add_repository(command)

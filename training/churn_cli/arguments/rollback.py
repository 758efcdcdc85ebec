"""Arguments of `churn rollback`."""

from churn_cli.arguments.environments import add_environment
from churn_cli.arguments.shared import Commands, add_command, add_usecase


def add_arguments(commands: Commands) -> None:
    """Declare `churn rollback`."""
    command = add_command(
        commands, "rollback", "make the champion before the present one champion; twice goes back twice"
    )
    add_usecase(command)
    add_environment(command, "instead, take this environment back to the model before, by one commit that is pushed")

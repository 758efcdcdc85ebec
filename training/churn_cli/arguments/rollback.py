"""Arguments of `churn rollback`."""

from churn_cli.arguments.shared import Commands, add_command, add_usecase


def add_arguments(commands: Commands) -> None:
    """Declare `churn rollback`."""
    add_usecase(add_command(commands, "rollback", "make the former champion champion again"))

"""Arguments of `churn promote`."""

from churn_cli.arguments.environments import add_environment
from churn_cli.arguments.shared import Commands, add_command, add_usecase


def add_arguments(commands: Commands) -> None:
    """Declare `churn promote`."""
    command = add_command(commands, "promote", "make a version champion, or the one that an environment serves")
    add_usecase(command)
    command.add_argument("version", help="version number")
    command.add_argument(
        "--force",
        action="store_true",
        help="do it even if the gate did not pass it against the champion of today; kept beside the version, or in the "
        "commit",
    )
    add_environment(command, "instead, have this environment serve it, by one commit that is pushed")

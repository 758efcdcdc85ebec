"""Arguments of `churn compare`."""

from churn_cli.arguments.shared import Commands, add_command, add_usecase


def add_arguments(commands: Commands) -> None:
    """Declare `churn compare`."""
    text = "show a version beside the champion, and what each rule of the gate found"
    command = add_command(commands, "compare", text)
    add_usecase(command)
    command.add_argument("version", help="version number, or job:NAME for the one that a Job has trained")
    command.add_argument(
        "--require", action="store_true", help="exit code 4 where the gate does not have it become champion now"
    )

"""Arguments of `churn card`."""

from pathlib import Path

from churn_cli.arguments.shared import Commands, add_command, add_usecase


def add_arguments(commands: Commands) -> None:
    """Declare `churn card`."""
    command = add_command(commands, "card", "show the model card of a version: what was measured of it, and its limits")
    add_usecase(command)
    command.add_argument("version", nargs="?", help="version number (default: the champion)")
    command.add_argument("--out", type=Path, metavar="FILE", help="write it there, as Markdown")

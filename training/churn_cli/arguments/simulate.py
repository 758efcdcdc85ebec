"""Arguments of `churn simulate`."""

from pathlib import Path

from churn_cli.arguments.shared import Commands, add_command, add_usecase


def add_arguments(commands: Commands) -> None:
    """Declare `churn simulate`."""
    command = add_command(commands, "simulate", "write customers who do not exist, for trying things out")
    add_usecase(command)
    command.add_argument("--rows", type=int, default=5000, help="how many (%(default)s)")
    command.add_argument("--seed", type=int, default=0, help="the same seed gives the same file (%(default)s)")
    command.add_argument("--out", type=Path, required=True, help='CSV; its name must contain "simulated"')

"""Arguments of `churn ingest`."""

from churn_cli.arguments.shared import Commands, Given, add_command
from churn_data.locations import location


def add_arguments(commands: Commands) -> None:
    """Declare `churn ingest`."""
    text = "keep a file of customers as it is now, so that whatever follows reads the same bytes"
    command = add_command(commands, "ingest", text)
    command.add_argument(
        "--data", action=Given, type=location, required=True, help="the file: a path or s3://bucket/key"
    )
    command.add_argument(
        "--into", action=Given, type=location, required=True, metavar="FOLDER",
        help="folder where it is kept; what is there stays as it is",
    )  # fmt: skip

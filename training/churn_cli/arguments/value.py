"""Arguments of `churn value`."""

from pathlib import Path

from churn_cli.arguments.shared import Commands, Given, add_command, add_file_form, add_usecase
from churn_data.locations import location


def add_arguments(commands: Commands) -> None:
    """Declare `churn value`."""
    command = add_command(commands, "value", "when customers leave and what they are worth until then")
    add_usecase(command)
    file = "CSV, Parquet, JSON or .xlsx, a path or s3://bucket/key"
    command.add_argument(
        "--data",
        type=location,
        required=True,
        help=f"labelled customers, the use case says since when leavers are in: {file}",
    )
    command.add_argument(
        "--customers", type=location, help="whom to answer for, in the same ways (default: those of --data who stayed)"
    )
    command.add_argument("--out", type=location, required=True, help="answers, in the same ways")
    command.add_argument(
        "--model",
        type=Path,
        help="churn model to hold the curves against, by its name or the folder of its package (default: the use "
        "case's champion, if there is one)",
    )
    command.add_argument(
        "--horizon", action=Given, type=int, default=60, metavar="MONTHS", help="how far to look ahead (%(default)s)"
    )
    command.add_argument(
        "--seed", action=Given, type=int, default=0, help="seed of the split and of intervals (%(default)s)"
    )
    add_file_form(command)

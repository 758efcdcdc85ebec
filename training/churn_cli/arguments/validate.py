"""Arguments of `churn validate`."""

from churn_cli.arguments.shared import Commands, Given, add_command, add_file_form, add_usecase
from churn_data.locations import location


def add_arguments(commands: Commands) -> None:
    """Declare `churn validate`."""
    text = "say whether customers may be trained on unseen, beside what the champion learnt from"
    command = add_command(commands, "validate", text)
    add_usecase(command)
    command.add_argument(
        "--data", action=Given, type=location, required=True, help="labelled customers, as churn train is given them"
    )
    command.add_argument(
        "--accept", action="append", default=[], metavar="NAME",
        help="column, or one of schema, ranges, volume, leakage and contest, that somebody has looked at; repeatable",
    )  # fmt: skip
    add_file_form(command)

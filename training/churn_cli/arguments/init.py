"""Arguments of `churn init`."""

from pathlib import Path

from churn_cli.arguments.shared import Commands, add_command, add_file_form


def add_arguments(commands: Commands) -> None:
    """Declare `churn init`."""
    command = add_command(commands, "init", "print a starter use case (YAML) for a data file")
    command.add_argument("--data", type=Path, required=True, help="labelled customers: CSV, Parquet, JSON or .xlsx")
    command.add_argument("--label", help="column that says who left (default: the one that is called so, or asked)")
    command.add_argument("--positive", help="its value for customers who left (default: yes, 1, true …, or asked)")
    command.add_argument(
        "--id", help="column of customer ids (default: one that is unique, or asked; none: row numbers)"
    )
    command.add_argument("--value", help="number column of what customers pay a month (default: one that is called so)")
    command.add_argument("--name", help="name of the model (default: the file's, with a mark of its columns)")
    add_file_form(command)

"""Arguments of `churn init`."""

from pathlib import Path

from churn_cli.arguments.shared import Commands, add_command, add_file_form


def add_arguments(commands: Commands) -> None:
    """Declare `churn init`."""
    command = add_command(commands, "init", "print a starter use case (YAML) for a data file")
    command.add_argument("--data", type=Path, required=True, help="CSV or Parquet of labelled customers")
    command.add_argument("--label", required=True, help="column that says who left")
    command.add_argument("--positive", required=True, help="its value for customers who left")
    command.add_argument("--id", help="column of customer ids (default: the first that is unique)")
    command.add_argument("--value", help="number column that customers are worth (default: one that sounds like money)")
    add_file_form(command)

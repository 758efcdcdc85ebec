"""Arguments of `churn campaign`."""

import argparse
from pathlib import Path

from churn_cli.arguments.shared import Commands, add_command, add_file_form, add_usecase, between_0_and_1, day
from churn_data.locations import location


def add_arguments(commands: Commands) -> None:
    """Declare `churn campaign`."""
    command = add_command(commands, "campaign", "choose an action for each customer under a budget")
    command.add_argument(
        "input", type=location, help="customers: CSV, Parquet, JSON or .xlsx, a path or s3://bucket/key"
    )
    command.add_argument(
        "output",
        type=location,
        help="who gets what, .csv, .parquet or .xlsx (for Excel: texts stay texts), in the same ways",
    )
    command.add_argument("--budget", required=True, metavar="AMOUNT", help="money for all actions together")
    command.add_argument(
        "--capacity",
        action="append",
        default=[],
        metavar="ACTION=N",
        help="to how many customers an action can be given (default: as the use case says); may be repeated",
    )
    add_usecase(command)
    command.add_argument(
        "--model",
        type=Path,
        help="model by its name (its champion), or folder of a package (default: the use case's champion); without "
        "--usecase its actions count",
    )
    _add_learning(command)
    add_file_form(command)
    command.add_argument(
        "--leave-out",
        action="append",
        type=location,
        default=[],
        metavar="PLAN",
        help="leave out who is contacted or held out in another plan, last week's say; a list of ids will do; "
        "may be repeated",
    )
    _add_experiment(command)


def _add_learning(command: argparse.ArgumentParser) -> None:
    command.add_argument("--holdout", metavar="SHARE", help="share of customers who get nothing, to measure the effect")
    command.add_argument("--salt", metavar="TEXT", help="names the holdout: the same salt holds out the same customers")
    command.add_argument(
        "--history",
        type=location,
        metavar="FILE",
        help="customers of past randomised campaigns with label and column `arm` (an action or `control`): an effect "
        "that they have shown takes the place of the assumed one",
    )
    command.add_argument(
        "--trial",
        action="store_true",
        help="deal actions by chance among those that could pay, to learn from; needs --holdout and --salt",
    )
    command.add_argument(
        "--then",
        metavar="AMOUNT",
        help="money for the campaign after a --trial, within a year of it: says whether the trial is worth what it and "
        "the days until its outcomes are known cost",
    )
    command.add_argument(
        "--proven-only", action="store_true", help="leave out actions and customers for whom no effect was shown"
    )


def _add_experiment(command: argparse.ArgumentParser) -> None:
    command.add_argument("--date", type=day, help="day of the plan, such as 2026-01-31 (default: today)")
    command.add_argument(
        "--window-days", type=int, default=90, metavar="N", help="days after it in which outcomes count (%(default)s)"
    )
    command.add_argument("--looks", type=int, default=1, metavar="K", help="looks planned at its result (%(default)s)")
    command.add_argument(
        "--alpha",
        type=between_0_and_1,
        default=0.05,
        metavar="SHARE",
        help="how often chance alone may show an effect of the plan, over all looks (%(default)s)",
    )

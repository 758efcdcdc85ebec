"""Arguments of `churn window`, and those of a window that `churn retrain` shares."""

import argparse
from pathlib import Path
from typing import Any

from churn_cli.arguments.outcomes import horizon, memory, whole
from churn_cli.arguments.shared import Commands, Given, add_command, add_usecase, day
from churn_data.locations import location
from churn_monitoring.outcomes.question import MOST_MONTHS


def add_arguments(commands: Commands) -> None:
    """Declare `churn window`."""
    text = "make a file to train on of what was predicted and what happened: prediction log and outcomes"
    command = add_command(commands, "window", text)
    command.add_argument(
        "--into", action=Given, type=location, required=True, metavar="FILE",
        help="the file, .parquet: a path or s3://bucket/key; what is there stays as it is",
    )  # fmt: skip
    months = whole(f"a number of months from 1 to {MOST_MONTHS}", MOST_MONTHS)
    command.add_argument("--months", type=months, default=6, metavar="N", help="of answers (%(default)s)")
    command.add_argument(
        "--store", type=location, metavar="PLACE",
        help="prediction log, with outcomes beside it (default: CHURN_PREDICTION_LOG_STORE)",
    )  # fmt: skip
    add_window(command)
    add_usecase(command)


def add_window(group: Any) -> None:
    """Declare who is in a window, and what making it may take."""
    group.add_argument(
        "--as-of", type=day, metavar="DAY",
        help="last day of which outcomes count (default: that until which one in ten of those who stayed were seen)",
    )  # fmt: skip
    group.add_argument(
        "--horizon", type=horizon, metavar="TIME",
        help='who leaves within it after an answer left, such as "3 months", where label.window says no time',
    )  # fmt: skip
    group.add_argument(
        "--arms", type=location, action="append", default=[], metavar="FILE",
        help="plan of a campaign or assignment of an experiment: of its customers the control alone is learnt from, "
        "for an action may have kept the others; repeatable",
    )  # fmt: skip
    group.add_argument(
        "--keys", type=Path, metavar="FILE",
        help="keys of customers, needed for --arms (default: CHURN_GATEWAY_PREDICTION_LOG_KEYS)",
    )  # fmt: skip
    group.add_argument(
        "--memory", type=memory, default="4GB", metavar="SIZE", help="of the join; the rest is on disk (%(default)s)"
    )
    threads = whole("a number of threads from 1 to 256", 256)
    group.add_argument("--threads", type=threads, default=2, metavar="N", help="of the join (%(default)s)")


def window_of(command: argparse.ArgumentParser) -> None:
    """Let `churn retrain` train on a window."""
    group = command.add_argument_group("what is trained on, in place of --data")
    months = whole(f"a number of months from 1 to {MOST_MONTHS}", MOST_MONTHS)
    group.add_argument(
        "--window", type=months, metavar="MONTHS",
        help="what was predicted in so many months and what happened then (churn window)",
    )  # fmt: skip
    add_window(group)
    group.add_argument(
        "--accept", action="append", default=[], metavar="NAME",
        help="column or check of churn validate that somebody has looked at; repeatable",
    )  # fmt: skip

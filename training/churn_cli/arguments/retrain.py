"""Arguments of `churn retrain`."""

import argparse

from churn_cli.arguments.drift import add_changes, between
from churn_cli.arguments.shared import Commands, add_command, duration
from churn_cli.arguments.training import add_training
from churn_cli.arguments.window import window_of
from churn_data.locations import location


def add_arguments(commands: Commands) -> None:
    """Declare `churn retrain`."""
    command = add_command(commands, "retrain", "train again where age, drift, new labels or lost profit ask for it")
    asking = command.add_mutually_exclusive_group()
    asking.add_argument("--check", action="store_true", help="only say whether; exit code 3: a training is due")
    asking.add_argument("--require", action="store_true", help="only say whether; exit code 4: none is due")
    group = command.add_argument_group("what asks for a training")
    group.add_argument(
        "--every", type=between("a number of days above 0, at most 3650", 0.0, 3650.0), metavar="DAYS",
        help="a version is too old after so long (default: none is)",
    )  # fmt: skip
    group.add_argument(
        "--labels", type=_whole, default=1000, metavar="N",
        help="so many customers of whom something became known since (%(default)s; 0: none ask)",
    )  # fmt: skip
    group.add_argument(
        "--cool-down", type=duration, default=duration("24h"), metavar="TIME",
        help="shortest time from one training to the next, whatever asks for it (24h)",
    )  # fmt: skip
    group.add_argument(
        "--store", type=location, metavar="PLACE",
        help="prediction log, with what drift watch and outcomes keep beside it (default: CHURN_PREDICTION_LOG_STORE)",
    )  # fmt: skip
    group.add_argument(
        "--reports", type=location, metavar="FOLDER", help="what `churn outcomes report --into` was given"
    )
    add_changes(command.add_argument_group("which drift watch is asked (as it was told)"))
    add_training(command, "5m")
    window_of(command)
    command.add_argument("--no-promote", action="store_true", help="register the version but leave the champion")


def _whole(text: str) -> int:
    if not text.isdecimal() or len(text) > len("1000000000"):
        raise argparse.ArgumentTypeError(f'"{text}" is not a number of customers')
    return int(text)

"""Arguments of `churn outcomes`, which has commands of its own."""

import argparse
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

from churn_cli.arguments.shared import Commands, add_command, add_file_form, add_usecase, day, duration
from churn_data.locations import location

_STORE = "where tables last: a folder or s3://bucket/prefix (default: CHURN_PREDICTION_LOG_STORE, else of this machine)"
_KEYS = "file of the keys of customers (default: CHURN_GATEWAY_PREDICTION_LOG_KEYS, else of this machine)"
_HORIZON = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,3})?) *(day|week|month|year)s?")
_MEMORY = re.compile(r"[1-9][0-9]{0,5}[MG]B")


def add_arguments(commands: Commands) -> None:
    """Declare `churn outcomes` and its commands."""
    text = "what became of customers who were answered: load labels, report how good the answers were"
    outcomes = commands.add_parser("outcomes", help=text, description=text)
    actions = outcomes.add_subparsers(dest="action", required=True, metavar="ACTION")
    _add_load(actions)
    _add_report(actions)
    _add_show(actions)


def _add_load(actions: Commands) -> None:
    command = add_command(
        actions, "load", "keep who left and who stayed, beside the prediction log, by pseudonyms alone"
    )
    command.add_argument(
        "labels", type=location, metavar="LABELS", help="file with the use case's id and label, and outcome_on"
    )
    command.add_argument(
        "--date-column", default="outcome_on", metavar="NAME",
        help="the day on which a customer left, or until which one was seen to have stayed (%(default)s)",
    )  # fmt: skip
    command.add_argument("--outcome-on", type=day, metavar="DAY", help="that day for all rows that have none")
    _add_places(command, "what was found about the labels as Prometheus text")
    add_file_form(command)
    add_usecase(command)


def _add_report(actions: Commands) -> None:
    command = add_command(actions, "report", "how good answers were by what became of their customers")
    command.add_argument(
        "--month", type=_month, metavar="MONTH",
        help="of the answers, such as 2026-09 (default: the last over whose answers' windows all are over)",
    )  # fmt: skip
    command.add_argument("--from", dest="first", type=day, metavar="DAY", help="in place of a month: from this day")
    command.add_argument("--until", dest="last", type=day, metavar="DAY", help="to this one, both included")
    command.add_argument(
        "--as-of",
        type=day,
        metavar="DAY",
        help="last day of which outcomes count (default: that until which one in ten of those who stayed were seen)",
    )
    command.add_argument(
        "--horizon", type=horizon, metavar="TIME",
        help='who leaves within it after an answer left, such as "3 months" or "90 days", for a use case whose '
        "label.window says no time (none, or ever)",
    )  # fmt: skip
    command.add_argument(
        "--arms",
        type=location,
        metavar="FILE",
        help="plan of a campaign or assignment of an experiment: its effect, too",
    )
    command.add_argument("--html", type=Path, metavar="FILE", help="write the report as a page for people")
    command.add_argument(
        "--into", type=location, metavar="FOLDER",
        help="keep page, JSON and Prometheus text of each period there: a folder or s3://bucket/prefix",
    )  # fmt: skip
    _add_places(command, "the report as Prometheus text")
    add_file_form(command)
    add_usecase(command)


def _add_show(actions: Commands) -> None:
    command = add_command(actions, "show", "show the last report to a scraper, as a process that stays")
    command.add_argument(
        "folder", type=location, metavar="FOLDER", help="what `churn outcomes report --into` was given"
    )
    command.add_argument("--every", type=duration, default=60.0, metavar="TIME", help="pause between two looks (60s)")
    port = whole("a port", 65_535)
    command.add_argument("--metrics-port", type=port, required=True, metavar="PORT", help="port for the scraper")
    command.add_argument("--metrics-host", default="127.0.0.1", metavar="ADDRESS", help="address of it (%(default)s)")
    add_usecase(command)


def _add_places(command: argparse.ArgumentParser, metrics: str) -> None:
    command.add_argument("--store", type=location, metavar="PLACE", help=_STORE)
    command.add_argument("--keys", type=Path, metavar="FILE", help=_KEYS)
    command.add_argument("--metrics", type=Path, metavar="FILE", help=f"write {metrics}")
    command.add_argument(
        "--memory",
        type=memory,
        default="4GB",
        metavar="SIZE",
        help="of the join; what exceeds it is on disk (%(default)s)",
    )
    threads = whole("a number of threads from 1 to 256", 256)  # more than any machine of ours
    command.add_argument("--threads", type=threads, default=2, metavar="N", help="of the join (%(default)s)")


def _month(text: str) -> tuple[int, int]:
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        raise argparse.ArgumentTypeError(f'"{text}" is not a month such as 2026-09') from None
    return first.year, first.month


def horizon(text: str) -> tuple[float, str]:
    """How many of which unit a text such as "3 months" says, for argparse."""
    found = _HORIZON.fullmatch(text.strip().lower())
    if found is None or not float(found[1]):
        raise argparse.ArgumentTypeError(f'"{text}" is not a time such as "3 months", "90 days" or "1 year"')
    return float(found[1]), found[2]


def memory(text: str) -> str:
    """A size such as 4GB as DuckDB reads it, for argparse."""
    if not _MEMORY.fullmatch(text):
        raise argparse.ArgumentTypeError(f'"{text}" is not a size such as 500MB or 4GB')
    return text


def whole(wanted: str, most: int) -> Callable[[str], int]:
    """What reads a whole number from 1 to `most`, for argparse."""

    def read(text: str) -> int:
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f'"{text}" is not {wanted}')
        return int(text)

    return read

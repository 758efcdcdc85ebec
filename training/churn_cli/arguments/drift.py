"""Arguments of `churn drift`, which has commands of its own."""

import argparse
import math
from collections.abc import Callable
from typing import Any

from churn_cli.arguments.shared import Commands, add_command, duration
from churn_data.locations import location

_STORE = "prediction log: a folder or s3://bucket/prefix (default: CHURN_PREDICTION_LOG_STORE, else of this machine)"
_MODEL = "folder or s3:// prefix of the package that answers, or a model with a champion here (%(default)s)"


def add_arguments(commands: Commands) -> None:
    """Declare `churn drift` and its commands."""
    text = "find out whether those whom a model is asked about are still like those whom it was made of"
    drift = commands.add_parser("drift", help=text, description=text)
    actions = drift.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = add_command(actions, "check", "look once at what is new in the prediction log; exit code 3: there is drift")
    watch = add_command(actions, "watch", "look again and again, as a process that stays")
    for command in (check, watch):
        command.add_argument("--model", type=location, metavar="PLACE", default="telecom", help=_MODEL)
        command.add_argument("--store", type=location, metavar="PLACE", help=_STORE)
        command.add_argument(
            "--restart", action="store_true", help="forget what was found and count everything of this model again"
        )
        _add_promise(command)
        _add_condition(command)
    watch.add_argument("--every", type=duration, default=60.0, metavar="TIME", help="pause between looks (60s)")
    watch.add_argument("--metrics-port", type=_port, default=0, metavar="PORT", help="port for a scraper (0: none)")
    watch.add_argument("--metrics-host", default="127.0.0.1", metavar="ADDRESS", help="address of it (%(default)s)")


def _add_promise(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("what counts as drift (another choice begins anew)")
    add_changes(group)
    group.add_argument(
        "--hold-days", type=between("a number of days above 0, at most 365", 0.0, 365.0), default=7.0, metavar="DAYS",
        help="a drift is over when nothing has shown it for so long (7)",
    )  # fmt: skip


def add_changes(group: Any) -> None:
    """Let a command say which changes count as drift: a watch is told from others by that."""
    group.add_argument(
        "--false-alarms", type=between("a number above 0, at most 1", 0.0, 1.0), default=0.1, metavar="RATE",
        help="so many a month are to be expected at most, over all features together (%(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--tolerance", type=between("a number from 0 to 1", -1e-12, 1.0), default=0.1, metavar="SHARE",
        help="a share of customers may change by this much of itself (%(default)s)",
    )  # fmt: skip


def _add_condition(command: argparse.ArgumentParser) -> None:
    cluster = command.add_argument_group("on a cluster")
    cluster.add_argument("--condition", metavar="NAME", help="ConfigMap in which the condition is kept (default: none)")
    cluster.add_argument("--namespace", default="churn", help="namespace of it (%(default)s)")
    cluster.add_argument("--context", help="context of the kubeconfig, outside of a pod (default: its current one)")


def between(wanted: str, above: float, most: float) -> Callable[[str], float]:
    """Reads a number above one and at most another, for argparse; `wanted` says so in words."""

    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not above < number <= most:
            raise argparse.ArgumentTypeError(f'"{text}" is not {wanted}')
        return max(number, 0.0)

    return read


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:  # noqa: PLR2004 - the highest port
        raise argparse.ArgumentTypeError(f'"{text}" is not a port')
    return int(text)

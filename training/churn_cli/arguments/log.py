"""Arguments of `churn log`, which has commands of its own."""

import argparse
from pathlib import Path

from churn_cli.arguments.parser import Parser
from churn_cli.arguments.shared import Commands, add_command, duration
from churn_data.locations import location

_STORE = "where tables last: a folder or s3://bucket/prefix (default: CHURN_PREDICTION_LOG_STORE, else of this machine)"
_SEGMENTS = "folder of the gateway's segments (default: CHURN_GATEWAY_PREDICTION_LOG, else of this machine)"
_KEYS = "file of the keys of customers (default: CHURN_GATEWAY_PREDICTION_LOG_KEYS, else of this machine)"


def add_arguments(commands: Commands) -> None:
    """Declare `churn log` and its commands."""
    text = "look after the prediction log: take it away, see where it is, find or forget a customer, end its retention"
    log = commands.add_parser("log", help=text, description=text)
    actions = log.add_subparsers(dest="action", required=True, metavar="ACTION")
    _add_ship(actions)
    status = _action(actions, "status", "how much lies where, and how far behind shipping is")
    find = _action(actions, "find", "tell all that is kept of a customer: answers, and what became of them")
    retain = _action(actions, "retain", "keep the last days and take away what is older")
    retain.add_argument("--days", type=_days, required=True, help="how many days stay, today among them")
    erase = _action(actions, "erase", "take away every record of a customer, by every key that is known")
    for command in (find, erase):
        command.add_argument("--customer", required=True, metavar="ID", help="the customer's id, as callers send it")
    key = _action(actions, "new-key", "hash customers with a new key from now on; the former ones still find them")
    key.add_argument("--id", metavar="NAME", help="name of the key in records (default: the day)")
    for command in (status, find, retain, erase):
        _add_store(command)
    for command in (status, find):
        _add_segments(command)
    for command in (status, find, erase, key):
        command.add_argument("--keys", type=Path, metavar="FILE", help=_KEYS)


def _action(actions: Commands, name: str, text: str) -> Parser:
    """All of them are told by the same variables, and `status` is not that of another command."""
    return add_command(actions, name, text, variables_of="log")


def _add_ship(actions: Commands) -> None:
    command = _action(actions, "ship", "make tables of segments, as a process that stays")
    _add_store(command)
    _add_segments(command)
    command.add_argument("--once", action="store_true", help="end when what is there has been taken away")
    command.add_argument("--every", type=duration, default=5.0, metavar="TIME", help="pause between passes (5s)")
    command.add_argument(
        "--grace", type=duration, default=20.0, metavar="TIME", help="after SIGTERM, for what is still written (20s)"
    )
    command.add_argument(
        "--give-way",
        type=duration,
        default=30.0,
        metavar="TIME",
        help="what has waited less long is taken away only while nobody else wants the processor (30s; 0s: never)",
    )
    command.add_argument("--metrics-port", type=_port, default=0, metavar="PORT", help="port for a scraper (0: none)")
    command.add_argument("--metrics-host", default="127.0.0.1", metavar="ADDRESS", help="address of it (%(default)s)")


def _add_store(command: argparse.ArgumentParser) -> None:
    command.add_argument("--store", type=location, metavar="PLACE", help=_STORE)


def _add_segments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--segments", type=Path, metavar="FOLDER", help=_SEGMENTS)


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 36_500:  # noqa: PLR2004 - a century
        raise argparse.ArgumentTypeError(f'"{text}" is not a number of days from 1 to 36500')
    return int(text)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:  # noqa: PLR2004 - the highest port
        raise argparse.ArgumentTypeError(f'"{text}" is not a port')
    return int(text)

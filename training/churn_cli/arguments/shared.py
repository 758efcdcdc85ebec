"""Arguments that several commands share, and how a command is declared.

It must not import what a command runs: every start of `churn` reads it.
"""

import argparse
import math
from datetime import date
from typing import Any

from churn_cli.arguments.parser import Parser
from churn_cli.arguments.variables import of_command

Commands = Any  # argparse keeps the type of its sub-parsers private.

_UNITS = {"s": 1, "m": 60, "h": 3600}


class Given(argparse.Action):
    """Stores a value and remembers that somebody gave it, because what is not given is the cluster's to choose."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,  # noqa: ARG002 - argparse calls it so
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,  # noqa: ARG002 - as above
    ) -> None:
        """Store and remember."""
        setattr(namespace, self.dest, values)
        namespace.given = {*getattr(namespace, "given", ()), self.dest}


def add_command(commands: Commands, name: str, text: str, *, own_help: bool = False, variables_of: str = "") -> Parser:
    """A command with `--json`, which every command has, and `--help`, unless it has one of its own; `variables_of`
    names the command whose variables it reads, where its own name is another's, too."""
    command: Parser = commands.add_parser(name, help=text, description=text, add_help=not own_help)
    command.variables = of_command(variables_of or name)
    command.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    return command


def add_usecase(command: argparse.ArgumentParser) -> None:
    """Let a command choose its use case."""
    command.add_argument(
        "--usecase", action=Given, default="telecom", help="telecom, ecommerce, banking or a YAML file (%(default)s)"
    )


def add_file_form(command: argparse.ArgumentParser) -> None:
    """Let a command be told how its files are written, where recognising it fails or shall not be tried."""
    group = command.add_argument_group("how files are written (default: recognised, and said)")
    group.add_argument(
        "--delimiter", action=Given, type=_delimiter, metavar="CHARACTER", help='what separates fields, e.g. ";" or tab'
    )
    group.add_argument("--decimal", action=Given, choices=(".", ","), help="decimal sign where 1,234 could be either")
    group.add_argument("--encoding", action=Given, metavar="NAME", help="such as utf-8, utf-16, windows-1252")
    group.add_argument("--sheet", action=Given, metavar="NAME", help="sheet of a workbook that holds the customers")


def add_cluster(command: argparse.ArgumentParser, text: str) -> Any:
    """Let a command do its work in a Job of a release; `text` says what it does there. Returns the group."""
    cluster = command.add_argument_group("on a cluster")
    cluster.add_argument("--on-cluster", action="store_true", help=text)
    cluster.add_argument("--namespace", default="churn", help="namespace of the release (%(default)s)")
    cluster.add_argument("--release", default="churn", help="name of the Helm release (%(default)s)")
    cluster.add_argument("--context", help="context of the kubeconfig (default: its current one)")
    cluster.add_argument(
        "--timeout", type=float, metavar="SECONDS", help="stop following after so long; the Job goes on"
    )
    return cluster


def _delimiter(text: str) -> str:
    return {"tab": "\t", "\\t": "\t"}.get(text.lower(), text)


def duration(text: str) -> float:
    """Seconds of a text such as 90s, 10m, 1h or 0.

    Raises:
        argparse.ArgumentTypeError: it is not one.
    """
    number, unit = (text[:-1], text[-1:]) if text[-1:] in _UNITS else (text, "s")
    if not number.isdecimal() or (unit == "s" and text == number and number != "0"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration: a number and s, m or h, e.g. 10m, or 0")
    return float(int(number) * _UNITS[unit])


def day(text: str) -> date:
    """A day such as 2026-01-31, for argparse."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f'"{text}" is not a date such as 2026-01-31') from None


def between_0_and_1(text: str) -> float:
    """A number above 0 and below 1, for argparse."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0.0 < number < 1.0:
        raise argparse.ArgumentTypeError(f'"{text}" is not a number above 0 and below 1')
    return number

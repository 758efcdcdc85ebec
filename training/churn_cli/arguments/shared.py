"""Arguments that several commands share, and how a command is declared.

It must not import what a command runs: every start of `churn` reads it.
"""

import argparse
from typing import Any

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


def add_command(commands: Commands, name: str, text: str, *, own_help: bool = False) -> argparse.ArgumentParser:
    """A command with `--json`, which every command has, and `--help`, unless it has one of its own."""
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=text, allow_abbrev=False, add_help=not own_help
    )
    command.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    return command


def add_usecase(command: argparse.ArgumentParser) -> None:
    """Let a command choose its use case."""
    command.add_argument(
        "--usecase", action=Given, default="telecom", help="telecom, ecommerce, banking or a YAML file (%(default)s)"
    )


def duration(text: str) -> float:
    """Seconds of a text such as 90s, 10m, 1h or 0.

    Raises:
        argparse.ArgumentTypeError: it is not one.
    """
    number, unit = (text[:-1], text[-1:]) if text[-1:] in _UNITS else (text, "s")
    if not number.isdecimal() or (unit == "s" and text == number and number != "0"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration: a number and s, m or h, e.g. 10m, or 0")
    return float(int(number) * _UNITS[unit])

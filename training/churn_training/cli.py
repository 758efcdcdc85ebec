"""The command `churn`: reads arguments, runs one command, turns what went wrong into one line and an exit code.

Commands are imported when they run, so that `churn --help` does not wait for model libraries. It must not contain what
a command does.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from churn_model.errors import ChurnModelError
from churn_training.terminal import answer, say

Result = Mapping[str, Any] | None
BAD_INPUT = 2
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `churn`; returns the exit code: 0, 2 for bad input, 130 after Ctrl-C."""
    parser = build_parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command != "up":
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    options.rest = rest
    try:
        result = _command(options.command)(options)
        if options.json and result is not None:
            answer(json.dumps(result))
    except ChurnModelError as error:
        say(f"churn: {error}")
        return BAD_INPUT
    except KeyboardInterrupt:
        say("churn: stopped")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader went away (`churn ... | head`); Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def _command(name: str) -> Callable[[argparse.Namespace], Result]:
    run: Callable[[argparse.Namespace], Result] = import_module(f"churn_training.command_{name}").run
    return run


def build_parser() -> argparse.ArgumentParser:
    """The parser of every command."""
    parser = argparse.ArgumentParser(prog="churn", description="Learn who is about to leave, and act on it.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_train(commands)
    _add_up(commands)
    _add_score(commands)
    _add_simulate(commands)
    _add_promote(commands)
    _add_rollback(commands)
    _add_init(commands)
    return parser


Commands = Any  # argparse keeps the type of its sub-parsers private.


def _add(commands: Commands, name: str, text: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
    command.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    return command


def _add_usecase(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--usecase", default="telecom", help="telecom, ecommerce, banking or a YAML file (%(default)s)"
    )


def _add_training(command: argparse.ArgumentParser) -> None:
    _add_usecase(command)
    command.add_argument("--data", type=Path, help="CSV or Parquet of labelled customers; without it simulated ones")
    command.add_argument("--rows", type=int, default=4000, help="how many to simulate without --data (%(default)s)")
    command.add_argument("--seed", type=int, default=0, help="seed of splits, models and simulation (%(default)s)")


def _add_train(commands: Commands) -> None:
    command = _add(commands, "train", "train, compare by profit, package and register a model")
    _add_training(command)
    command.add_argument("--no-promote", action="store_true", help="register the version but leave the champion")


def _add_up(commands: Commands) -> None:
    command = _add(commands, "up", "train if need be and serve on this machine; other options go to the servers")
    _add_training(command)
    command.add_argument("--retrain", action="store_true", help="train even if there is a champion")


def _add_score(commands: Commands) -> None:
    command = _add(commands, "score", "score a CSV or Parquet file of customers")
    command.add_argument("input", type=Path, help="customers, CSV or Parquet by its ending")
    command.add_argument("output", type=Path, help="answers, CSV or Parquet by its ending")
    where = command.add_mutually_exclusive_group()
    where.add_argument("--model", type=Path, help="folder of a model package")
    where.add_argument("--usecase", default="telecom", help="use case whose champion scores (%(default)s)")


def _add_simulate(commands: Commands) -> None:
    command = _add(commands, "simulate", "write customers who do not exist, for trying things out")
    _add_usecase(command)
    command.add_argument("--rows", type=int, default=5000, help="how many (%(default)s)")
    command.add_argument("--seed", type=int, default=0, help="the same seed gives the same file (%(default)s)")
    command.add_argument("--out", type=Path, required=True, help='CSV; its name must contain "simulated"')


def _add_promote(commands: Commands) -> None:
    command = _add(commands, "promote", "make a registered version champion")
    _add_usecase(command)
    command.add_argument("version", help="version number")


def _add_rollback(commands: Commands) -> None:
    _add_usecase(_add(commands, "rollback", "make the former champion champion again"))


def _add_init(commands: Commands) -> None:
    command = _add(commands, "init", "print a starter use case (YAML) for a data file")
    command.add_argument("--data", type=Path, required=True, help="CSV or Parquet of labelled customers")
    command.add_argument("--label", required=True, help="column that says who left")
    command.add_argument("--positive", required=True, help="its value for customers who left")
    command.add_argument("--id", help="column of customer ids (default: the first that is unique)")
    command.add_argument("--value", help="number column that customers are worth (default: one that sounds like money)")


if __name__ == "__main__":
    sys.exit(main())

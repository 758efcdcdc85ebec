"""The command `churn`: reads arguments, runs one command, turns what went wrong into one line and an exit code.

Commands are imported when they run, so that `churn --help` does not wait for model libraries. It must not contain what
a command does.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from churn_campaigns import campaign, experiment, lifetime
from churn_cli.arguments.shared import Commands, Given, add_command, add_usecase, duration
from churn_cli.guard import guarded
from churn_cli.terminal import answer
from churn_cli.termination import leave_result
from churn_data.locations import location

Result = Mapping[str, Any] | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `churn`; returns the exit code: 0, 2 for bad input, 130 after Ctrl-C, 143 after SIGTERM, 1 for anything else
    (a server that does not answer, a mistake in this program)."""
    parser = build_parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command != "up":
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    options.rest = rest
    return guarded(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    result = _command(options.command)(options)
    if result is not None:
        leave_result(result)
        if options.json:
            answer(json.dumps(result))


def _command(name: str) -> Callable[[argparse.Namespace], Result]:
    run: Callable[[argparse.Namespace], Result] = import_module(f"churn_cli.commands.{name}").run
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
    for part in (lifetime, campaign, experiment):
        part.add_arguments(commands)
    return parser


def _add_training(command: argparse.ArgumentParser, budget: str) -> None:
    add_usecase(command)
    number: dict[str, Any] = {"action": Given, "type": int}
    command.add_argument(
        "--data",
        action=Given,
        type=location,
        help="CSV or Parquet of labelled customers, a path or s3://bucket/key; without it simulated ones",
    )
    command.add_argument("--rows", **number, default=4000, help="how many to simulate without --data (%(default)s)")
    command.add_argument("--seed", **number, default=0, help="seed of splits, models and simulation (%(default)s)")
    command.add_argument(
        "--budget",
        action=Given,
        type=duration,
        default=duration(budget),
        metavar="DURATION",
        help=f"how long to compare models, e.g. 90s or 10m; 0: each family once, at its defaults ({budget})",
    )
    command.add_argument("--fresh", action="store_true", help="evaluate every candidate anew, reuse nothing kept")


def _add_train(commands: Commands) -> None:
    command = add_command(commands, "train", "train, compare by profit, package and register a model")
    _add_training(command, "5m")
    champion = command.add_mutually_exclusive_group()
    champion.add_argument("--no-promote", action="store_true", help="register the version but leave the champion")
    champion.add_argument("--force-promote", action="store_true", help="make it champion even if it is no better")
    cluster = command.add_argument_group("on a cluster")
    cluster.add_argument(
        "--on-cluster", action="store_true", help="train in a Kubernetes Job, follow it, end as it does"
    )
    cluster.add_argument("--namespace", default="churn", help="namespace of the release (%(default)s)")
    cluster.add_argument("--release", default="churn", help="name of the Helm release (%(default)s)")
    cluster.add_argument("--context", help="context of the kubeconfig (default: its current one)")
    cluster.add_argument(
        "--timeout", type=float, metavar="SECONDS", help="stop following after so long; the Job goes on"
    )


def _add_up(commands: Commands) -> None:
    command = add_command(commands, "up", "train if need be and serve on this machine; other options go to the servers")
    _add_training(command, "1m")
    command.add_argument("--retrain", action="store_true", help="train even if there is a champion")


def _add_score(commands: Commands) -> None:
    command = add_command(commands, "score", "score a CSV or Parquet file of customers")
    command.add_argument(
        "input", type=location, help="customers, CSV or Parquet by its ending, a path or s3://bucket/key"
    )
    command.add_argument("output", type=location, help="answers, in the same ways")
    where = command.add_mutually_exclusive_group()
    where.add_argument("--model", type=Path, help="folder of a model package")
    where.add_argument("--usecase", default="telecom", help="use case whose champion scores (%(default)s)")


def _add_simulate(commands: Commands) -> None:
    command = add_command(commands, "simulate", "write customers who do not exist, for trying things out")
    add_usecase(command)
    command.add_argument("--rows", type=int, default=5000, help="how many (%(default)s)")
    command.add_argument("--seed", type=int, default=0, help="the same seed gives the same file (%(default)s)")
    command.add_argument("--out", type=Path, required=True, help='CSV; its name must contain "simulated"')


def _add_promote(commands: Commands) -> None:
    command = add_command(commands, "promote", "make a registered version champion")
    add_usecase(command)
    command.add_argument("version", help="version number")


def _add_rollback(commands: Commands) -> None:
    add_usecase(add_command(commands, "rollback", "make the former champion champion again"))


def _add_init(commands: Commands) -> None:
    command = add_command(commands, "init", "print a starter use case (YAML) for a data file")
    command.add_argument("--data", type=Path, required=True, help="CSV or Parquet of labelled customers")
    command.add_argument("--label", required=True, help="column that says who left")
    command.add_argument("--positive", required=True, help="its value for customers who left")
    command.add_argument("--id", help="column of customer ids (default: the first that is unique)")
    command.add_argument("--value", help="number column that customers are worth (default: one that sounds like money)")


if __name__ == "__main__":
    sys.exit(main())

"""The command `churn`: reads arguments, runs one command, turns what went wrong into one line and an exit code.

Commands are imported when they run, so that `churn --help` does not wait for model libraries. It must not contain what
a command does.
"""

import argparse
import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from churn_cli.arguments import (
    campaign,
    card,
    compare,
    drift,
    experiment,
    ingest,
    init,
    log,
    models,
    outcomes,
    promote,
    registry,
    retrain,
    rollback,
    rollout,
    score,
    simulate,
    train,
    up,
    validate,
    value,
    window,
)
from churn_cli.arguments.parser import Parser, Version
from churn_cli.arguments.variables import of_all
from churn_cli.guard import guarded
from churn_cli.terminal import answer, program, say
from churn_cli.termination import leave_result
from churn_data.dialects import FileForm, reading_as
from churn_data.errors import NoSuchColumn
from churn_data.notices import telling
from churn_model.errors import UseCaseError
from churn_model.loading import keep_what_is_loaded, without_collecting

Reply = Mapping[str, Any] | None
COMMANDS = (
    train, retrain, ingest, window, validate, compare, up, score, simulate, promote, rollback, rollout, models,
    registry, card, init, value, campaign, experiment, log, outcomes, drift,
)  # fmt: skip
"""In the order in which `churn --help` lists them."""

TRAINING = ("train", "up")
"""Those that a file of one's own comes to first, before any use case fits it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `churn`; returns the exit code: 0, 2 for bad input, 3 for a drift that was found, a canary that was taken
    back or a training that is due, 4 for one that was
    required and is not, or a version that the gate is against, 130 after Ctrl-C, 143 after SIGTERM, 1 for
    anything else (a server that does not answer, a mistake in this program)."""
    parser = build_parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command != "up":
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    options.rest = rest
    return guarded(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    with reading_as(_file_form(options)), telling(say):
        try:
            result = _command(options.command)(options)
        except NoSuchColumn as error:
            raise _with_its_usecase(error, options) from None
        except UseCaseError as error:
            raise _in_its_file(error, options) from None
    if result is not None:
        leave_result(result)
        if options.json:
            answer(json.dumps(result))


def _assumes_usecase(options: argparse.Namespace) -> bool:
    """Whether nobody said what the columns are called: a model would say so too."""
    given = "usecase" in getattr(options, "given", ()) or getattr(options, "model", None) is not None
    return hasattr(options, "usecase") and not given


def _with_its_usecase(error: NoSuchColumn, options: argparse.Namespace) -> NoSuchColumn:
    """The same with the use case that the columns were held against, where that was not made for this very file."""
    from churn_model.usecase_file import shipped_usecases

    if options.command in TRAINING and options.usecase in shipped_usecases():
        file = shlex.quote(error.file)
        begins = f"`{program()} init --data {file} > my.yaml` begins one for columns of your own, for --usecase my.yaml"
        return error.where_usecase(options.usecase, begins)
    return error.where_usecase(options.usecase) if _assumes_usecase(options) else error


def _in_its_file(error: UseCaseError, options: argparse.Namespace) -> UseCaseError:
    from churn_model.usecase import in_its_file

    return in_its_file(error, options.usecase) if getattr(options, "usecase", None) else error


def _file_form(options: argparse.Namespace) -> FileForm:
    return FileForm(*(getattr(options, name, None) for name in ("delimiter", "decimal", "encoding", "sheet")))


def _command(name: str) -> Callable[[argparse.Namespace], Reply]:
    with without_collecting():
        run: Callable[[argparse.Namespace], Reply] = import_module(f"churn_cli.commands.{name}").run
        keep_what_is_loaded()  # as long as the command runs
    return run


def build_parser() -> argparse.ArgumentParser:
    """The parser of every command."""
    parser = Parser(prog="churn", description="Learn who is about to leave, and act on it.")
    parser.add_argument("--version", action=Version, nargs=0, help="show the version of this program and exit")
    parser.variables = of_all()
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_arguments(commands)
    return parser

"""Arguments of `churn up`. Those of the servers are theirs: they are asked for them as a program, since serving is
another package that is never imported here."""

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from churn_cli.arguments.shared import Commands, add_command
from churn_cli.arguments.training import add_training

SERVER = "churn_serving.local"


_MLFLOW_PORT = "8086"
"""The servers' own choice."""
_NO = frozenset({"0", "off", "f", "false", "n", "no"})


class _HelpOfBoth(argparse.Action):
    """Our own help, then that of the servers: ports above all."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        try:
            parser.print_help()
            sys.stdout.write("\nOptions for the servers:\n\n")
            sys.stdout.flush()
        except BrokenPipeError:  # who reads has seen enough (`| head`); else Python complains when it flushes at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            parser.exit()
        given = ("--model", "", "--usecase", "")  # by the command itself: nobody chooses them here
        ended = subprocess.run([sys.executable, "-m", SERVER, *given, "--help"], check=False)  # noqa: S603 - this interpreter
        parser.exit(ended.returncode)


def mlflow_port(words: Sequence[str], environment: Mapping[str, str]) -> str:
    """The port at which the servers will show MLflow, by their own arguments and variables, which they have accepted;
    empty where they will not."""
    port = environment.get("CHURN_UP_MLFLOW_PORT") or _MLFLOW_PORT
    shows = environment.get("CHURN_UP_MLFLOW", "").lower() not in _NO
    for place, word in enumerate(words):
        name, given, value = word.partition("=")
        following = value if given else words[place + 1] if place + 1 < len(words) else ""
        if name == "--mlflow-port":
            port = following
        elif name in ("--mlflow", "--no-mlflow"):
            shows = (value.lower() not in _NO) == (name == "--mlflow") if given else name == "--mlflow"
    return port if shows else ""


def add_arguments(commands: Commands) -> None:
    """Declare `churn up`."""
    text = "train if need be and serve on this machine; other options go to the servers"
    command = add_command(commands, "up", text, own_help=True)
    command.passes_on = True
    command.set_defaults(hint_for=command.hint_for)
    command.add_argument("-h", "--help", action=_HelpOfBoth, nargs=0, help="show this, ports included, and exit")
    add_training(command, "1m")
    command.add_argument("--retrain", action="store_true", help="train even if there is a champion")
    command.add_argument(
        "--force-promote", action="store_true", help="serve what is trained now even if the gate keeps the champion"
    )

"""Arguments of `churn up`. Those of the servers are theirs: they are asked for them as a program, since serving is
another package that is never imported here."""

import argparse
import os
import subprocess
import sys
from typing import Any

from churn_cli.arguments.shared import Commands, add_command
from churn_cli.arguments.training import add_training

SERVER = "churn_serving.local"


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

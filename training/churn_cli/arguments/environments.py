"""Arguments of commands that read or change environments by commits.

It must not import what a command runs: every start of `churn` reads it.
"""

import argparse
from typing import Any

from churn_cli.arguments.shared import Given


def add_repository(command: argparse.ArgumentParser) -> Any:
    """Let a command be told where environments are kept. Returns the group."""
    group = command.add_argument_group("environments, as commits")
    group.add_argument(
        "--repository",
        action=Given,
        default=".",
        metavar="FOLDER",
        help="a git checkout, or a folder in it (%(default)s)",
    )
    group.add_argument(
        "--environments", default="manifests/envs", metavar="FOLDER", help="folder of them in it (%(default)s)"
    )
    return group


def add_environment(command: argparse.ArgumentParser, text: str) -> None:
    """Let a command change an environment instead of this machine; `text` says what it does there."""
    group = add_repository(command)
    group.add_argument("--environment", metavar="NAME", help=text)
    group.add_argument(
        "--branch", metavar="NAME", help="open the commit as this new branch, for others to look at and merge"
    )


def add_description(command: argparse.ArgumentParser, text: str) -> None:
    """Let a command commit a model's signed description; `text` says when."""
    command.add_argument(
        "--with-description",
        action="store_true",
        help=f"{text}, from which new gateways answer while all backends are down; where the environment has one of "
        "the model before, that is replaced without being told",
    )

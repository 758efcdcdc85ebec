"""Lines for the person at the terminal: progress and problems on stderr, results on stdout."""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path


def say(line: str) -> None:
    """Write a line to stderr."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def answer(line: str) -> None:
    """Write a line to stdout, where a program may read it."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def ask(question: str, options: Sequence[str]) -> str | None:
    """The answer of the person at the terminal, one of the options by text or number where there are any; None where
    nobody is there, or for an empty line."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    say(question)
    for number, option in enumerate(options, start=1):
        say(f"  {number}) {option}")
    sys.stderr.write("> ")
    sys.stderr.flush()
    given = sys.stdin.readline().strip()
    if given.isdecimal() and given not in options and 1 <= int(given) <= len(options):
        return options[int(given) - 1]
    return given or None


def written(place: object, *, replaced: bool) -> str:
    """How a result calls the file that it has written: one that was there before has been replaced, which is said."""
    return f"{place} (replaced)" if replaced else str(place)


def program() -> str:
    """What to type for this program, as it was typed: `.venv/bin/churn` where it is not among the shell's programs."""
    typed = sys.argv[0]
    return typed if Path(typed).name == "churn" and shutil.which("churn") != typed else "churn"


def show(text: str, options: argparse.Namespace) -> None:
    """Print the result for people: on stdout, or on stderr where stdout carries JSON."""
    (say if options.json else answer)(text)

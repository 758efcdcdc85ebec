"""Lines for the person at the terminal: progress and problems on stderr, results on stdout."""

import argparse
import sys


def say(line: str) -> None:
    """Write a line to stderr."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def answer(line: str) -> None:
    """Write a line to stdout, where a program may read it."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def show(text: str, options: argparse.Namespace) -> None:
    """Print the result for people: on stdout, or on stderr where stdout carries JSON."""
    (say if options.json else answer)(text)

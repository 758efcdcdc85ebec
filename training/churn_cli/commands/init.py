"""`churn init`."""

import argparse

from churn_cli.terminal import answer, ask, say
from churn_data.starter import Wishes, starter_usecase

MOST_LINES = 14
"""About the file; what is wrong, or a question, comes after them."""


def run(options: argparse.Namespace) -> None:
    """Print a starter use case."""
    wishes = Wishes(options.label, options.positive, options.id, options.value, options.name)
    answer(starter_usecase(options.data, wishes, say, ask, most=MOST_LINES).rstrip("\n"))

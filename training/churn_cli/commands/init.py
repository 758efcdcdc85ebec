"""`churn init`."""

import argparse

from churn_cli.terminal import answer, say
from churn_data.starter import starter_usecase


def run(options: argparse.Namespace) -> None:
    """Print a starter use case."""
    answer(starter_usecase(options.data, options.label, options.positive, options.id, options.value, say))

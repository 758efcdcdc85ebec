"""`churn init`."""

import argparse

from churn_training.starter import starter_usecase
from churn_training.terminal import answer


def run(options: argparse.Namespace) -> None:
    """Print a starter use case."""
    answer(starter_usecase(options.data, options.label, options.positive, options.id, options.value))

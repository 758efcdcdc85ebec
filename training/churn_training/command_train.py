"""`churn train`."""

import argparse
from typing import Any

from churn_training.home import Home
from churn_training.training_command import show, summary, train_and_export


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Train and register; promote and export unless told not to."""
    result = train_and_export(options, Home.from_environment(), promote=not options.no_promote)
    show(summary(result), options)
    return result

"""`churn train`."""

import argparse
from typing import TYPE_CHECKING, Any

from churn_cli.terminal import show
from churn_cli.training_command import train_and_export
from churn_cli.training_summary import summary
from churn_training.packaging.home import Home

if TYPE_CHECKING:
    from churn_training.comparison.decision import Promotion


def run(options: argparse.Namespace) -> dict[str, Any] | None:
    """Train and register, here or on a cluster; promote and export unless told not to."""
    if options.on_cluster:
        from churn_cli.cluster_training import train_on_cluster

        return train_on_cluster(options)
    result = train_and_export(options, Home.from_environment(), _promotion(options))
    show(summary(result), options)
    return result


def _promotion(options: argparse.Namespace) -> "Promotion":
    if options.force_promote:
        return "always"
    return "never" if options.no_promote else "gated"

"""`churn train`."""

import argparse
from typing import TYPE_CHECKING, Any

from churn_cli.stopping import Terminated
from churn_cli.terminal import say, show
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
    try:
        result = train_and_export(options, Home.from_environment(), _promotion(options))
    except (KeyboardInterrupt, Terminated):
        say("what was measured is kept: the same command goes on from there (--fresh measures all anew)")
        raise
    show(summary(result), options)
    return result


def _promotion(options: argparse.Namespace) -> "Promotion":
    if options.force_promote:
        return "always"
    return "never" if options.no_promote else "gated"

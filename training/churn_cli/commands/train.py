"""`churn train`."""

import argparse
import os
from typing import TYPE_CHECKING, Any

from churn_cli.stopping import Terminated
from churn_cli.terminal import say, show
from churn_cli.training_command import train_and_export
from churn_cli.training_summary import summary
from churn_model.usecase import load_usecase
from churn_training.packaging.home import Home

if TYPE_CHECKING:
    from churn_training.comparison.decision import Promotion


def run(options: argparse.Namespace) -> dict[str, Any] | None:
    """Train and register, here or on a cluster; promote and export unless told not to."""
    if options.on_cluster:
        from churn_cli.cluster_training import train_on_cluster

        return train_on_cluster(options)
    made = _made_before(options)
    if made is not None:
        return made
    try:
        result = train_and_export(options, Home.from_environment(), _promotion(options))
    except (KeyboardInterrupt, Terminated):
        say("what was measured is kept: the same command goes on from there (--fresh measures all anew)")
        raise
    show(summary(result), options)
    return result


def _made_before(options: argparse.Namespace) -> dict[str, Any] | None:
    """What this very Job has come to, if a pod of it has registered a version before: a Job that is started once more
    makes no second one. Only where nobody is to be promoted, since the pod may have ended before it did that."""
    job = os.environ.get("CHURN_JOB_NAME")
    if not job or not options.no_promote or options.fresh:
        return None
    from churn_model.mlflow_registry import MlflowRegistry, connect, translated
    from churn_training.runs.job_versions import version_of_job
    from churn_training.runs.tracking_server import wait_for_server

    home, name = Home.from_environment(), load_usecase(options.usecase).model_name
    wait_for_server(home, say)
    client = connect(home.tracking_uri)
    with translated(name):
        found = version_of_job(client, MlflowRegistry(client), name, job)
    if found is None:
        return None
    show(f"{name} version {found.version}: Job {job} has made it before; nothing is trained again", options)
    return {"name": name, "version": found.version, "digest": found.digest, "uri": found.uri, "made_before": True}


def _promotion(options: argparse.Namespace) -> "Promotion":
    if options.force_promote:
        return "always"
    return "never" if options.no_promote else "gated"

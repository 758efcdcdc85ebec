"""`churn train --on-cluster`: a Job of the release trains, and this process says what it says and ends as it ends."""

import argparse
from typing import Any

from churn_cli.stopping import Terminated
from churn_cli.terminal import answer, say
from churn_cli.training_summary import from_here, summary
from churn_training.cluster.job_template import chosen
from churn_training.cluster.kubernetes_api import KubernetesApi
from churn_training.cluster.training_job import JobFollower, start_job
from churn_training.runs.whereabouts import local_port


def train_on_cluster(options: argparse.Namespace) -> dict[str, Any]:
    """Train in a Job and return what it came to.

    Raises:
        DataError: a file that no pod can see.
        Failure: the chart's training part is not there, the API server refused, or the Job failed; carries the exit
            code of its container.
    """
    replaced = chosen(getattr(options, "given", set()), vars(options))
    api = KubernetesApi.from_kubeconfig(options.namespace, options.context)
    job = start_job(api, options.release, replaced)
    say(f"Job {job} in namespace {options.namespace}")
    follower = JobFollower(api, job, say, options.timeout)
    try:
        result = follower.result()
    except (KeyboardInterrupt, Terminated):
        say(follower.goes_on())
        raise
    if not options.json:  # else the log has said it
        answer(summary(result) if "metrics" in result else f"{result['name']} version {result['version']}")
        way = from_here(result, options.namespace, local_port())
        if way:
            answer(way)
    return result

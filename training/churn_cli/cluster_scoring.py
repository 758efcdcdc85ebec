"""`churn score --on-cluster`: an indexed Job of the release scores a folder; this process tells how its shards do
and ends as it ends."""

import argparse
import time
from typing import Any

from churn_cli.sharding import require_apart
from churn_cli.stopping import Terminated
from churn_cli.terminal import say, show
from churn_data.errors import DataError
from churn_data.locations import ObjectLocation
from churn_training.cluster.kubernetes_api import KubernetesApi
from churn_training.cluster.scoring_job import ScoringOrder, ShardsFollower, start_scoring

_OPTIONS = ("model", "format", "delimiter", "decimal", "encoding", "sheet")


def score_on_cluster(options: argparse.Namespace) -> dict[str, Any]:
    """Score in a Job and return what all its shards came to.

    Raises:
        DataError: what no pod can see, or a number of shards that is none.
        Failure: the chart's scoring part is not there, the API server refused, or a shard failed; carries the exit
            code of its container.
    """
    begun = time.perf_counter()
    order = _order(options)
    api = KubernetesApi.from_kubeconfig(options.namespace, options.context)
    job, shards = start_scoring(api, options.release, order)
    say(f"Job {job} in namespace {options.namespace}, {shards} shards")
    follower = ShardsFollower(api, job, say, options.timeout)
    try:
        result = follower.result(shards)
    except (KeyboardInterrupt, Terminated):
        say(follower.goes_on())
        raise
    result["seconds"] = round(time.perf_counter() - begun, 3)
    unheard = f", beside {result['unheard']} shards whose pods are gone" if result["unheard"] else ""
    show(
        f"{options.output}: {result['rows']} rows in {shards} shards, {result['written']} files written, "
        f"{result['reused']} were there{unheard}, {result['seconds']:.1f} s",
        options,
    )
    return {**result, "folder": str(options.output), "job": job}


def _order(options: argparse.Namespace) -> ScoringOrder:
    given: set[str] = getattr(options, "given", set())
    require_apart(options.input, options.output)
    if options.shard is not None:
        raise DataError("--shard", "is what each pod is told; --shards N was expected")
    if "usecase" in given:
        raise DataError("--usecase", "the cluster scores by a model in object storage; --model s3://... was expected")
    if "model" in given and not isinstance(options.model, ObjectLocation):
        problem = "the cluster does not see the models of this machine; s3://bucket/folder/ was expected"
        raise DataError(str(options.model), problem)
    chosen = {f"--{name}": str(getattr(options, name)) for name in _OPTIONS if name in given}
    return ScoringOrder(options.input, options.output, chosen, options.shards, options.parallelism)

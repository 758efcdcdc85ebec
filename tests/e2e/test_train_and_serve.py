"""From customers in object storage to answers: a Job trains, the primary pulls, every way gives the same bits.

The new model comes by `helm upgrade` and goes by `helm rollback`, both under load; what is compared stands between.
"""

import csv
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from tests.e2e.cluster import Cluster
from tests.e2e.commands import ROOT, succeed
from tests.e2e.conftest import FOLDER, NAMESPACE, LoadStarter
from tests.e2e.customers import Customers, read_customers
from tests.e2e.figures import Figures
from tests.e2e.inside import forwarded
from tests.e2e.models import Model
from tests.e2e.release import Release
from tests.e2e.steady_load import GRPC_RATE, HTTP_RATE, SteadyLoad, Tally, Target
from tests.e2e.ways import BATCH, COMPARED, over_grpc, over_http, scored, until_the_first

pytestmark = pytest.mark.timeout(1800)
KEYS = "churn-verify-key"
OPEN_SECONDS = 8.0
"""Longer than a breaker is open, with the probes that close it."""
END = "-----END PUBLIC KEY-----"


@dataclass
class Rollout:
    """How the trained model became the primary's: the release's revision and the model before it, what callers saw."""

    former: int
    former_model: str
    tally: Tally
    seconds: float
    is_taken_back: bool = False


@pytest.fixture(scope="module")
def customers(telco_path: Path) -> Customers:
    return read_customers(telco_path, COMPARED)


@pytest.fixture(scope="module")
def offline(trained: Model, telco_path: Path, tmp_path_factory: pytest.TempPathFactory) -> list[float]:
    """Probabilities by ``churn score`` on the package as it lies in object storage."""
    folder = tmp_path_factory.mktemp("scores")
    command = ["score", str(telco_path), str(folder / "scores.csv"), "--model", str(trained.folder)]
    environment = {"CHURN_HOME": str(folder), "CHURN_VERIFY_KEY": str(trained.verify_key)}
    succeed([sys.executable, "-m", "churn_cli", *command], 400, environment)
    with (folder / "scores.csv").open(newline="") as file:
        return [
            float(line["churn_probability"]) for line, _ in zip(csv.DictReader(file), range(COMPARED), strict=False)
        ]


@pytest.fixture(scope="module")
def rollout(trained: Model, release: Release, cluster: Cluster, target: Target) -> Iterator[Rollout]:
    """The trained model becomes the primary's under load, until the module is over or a test takes it back."""
    former = release.revision()
    with SteadyLoad(target, FOLDER / "load" / "rollout.jsonl", HTTP_RATE, GRPC_RATE) as load:
        load.wait_for_only("primary", 180)
        (former_model,) = load.since(0).models
        started = time.time()
        release.upgrade(*trained.settings)
        seconds = load.wait_for_model(trained.digest, 500) - started
        cluster.wait_settled("primary")
        rollout = Rollout(former, former_model, load.stop(), round(seconds, 1))
    yield rollout
    if not rollout.is_taken_back:
        release.rollback(former)
        cluster.wait_rolled_out("primary")


@pytest.fixture(scope="module")
def served(rollout: Rollout, trained: Model) -> Model:
    del rollout
    return trained


def test_the_model_comes_from_where_mlflow_keeps_it(trained: Model) -> None:
    bucket, experiment, models, model, artifacts = trained.uri.removeprefix("s3://").rstrip("/").split("/")
    assert (bucket, models, artifacts) == ("churn-models", "models", "artifacts")
    assert experiment
    assert model.startswith("m-")


def test_serving_it_fails_no_request(rollout: Rollout, trained: Model, cluster: Cluster, figures: Figures) -> None:
    assert_nobody_noticed(rollout.tally, {rollout.former_model, trained.digest})
    assert cluster.inference_service_is_ready("churn-primary")
    predictor = cluster.inference_service("churn-primary")["spec"]["predictor"]
    assert predictor["model"]["storageUri"].rstrip("/") == trained.uri.rstrip("/")
    figures.record("helm upgrade to a new model", **rollout.tally.figures(), upgrade_seconds=rollout.seconds)


def test_the_gateways_own_answer_is_the_offline_one(
    served: Model, target: Target, customers: Customers, offline: list[float]
) -> None:
    probabilities = []
    headers = {"X-API-Key": target.key}
    with httpx.Client(base_url=target.http, headers=headers, timeout=30) as client:
        for start in range(0, COMPARED, BATCH):
            asked = [customers.record(index) for index in range(start, start + BATCH)]
            document = until_the_first(partial(_predicted, client, asked), itemgetter("served_by"))
            assert (document["served_by"], document["model"]["digest"]) == ("primary", served.digest)
            probabilities += [one["churn_probability"] for one in document["predictions"]]
    assert probabilities == offline


def _predicted(client: httpx.Client, asked: list[dict[str, Any]]) -> dict[str, Any]:
    answer = client.post("/v1/predictions", json={"customers": asked})
    assert answer.status_code == 200, answer.text[:300]
    document: dict[str, Any] = answer.json()
    return document


def test_v2_at_the_gateway_is_the_offline_answer(
    served: Model, target: Target, customers: Customers, offline: list[float]
) -> None:
    assert scored(over_http(target.http, target.key, customers), customers, served) == offline
    with grpc.insecure_channel(target.grpc) as channel:
        assert scored(over_grpc(channel, target.key, customers), customers, served) == offline


def test_v2_at_the_primary_itself_is_the_offline_answer(
    served: Model, cluster: Cluster, customers: Customers, offline: list[float]
) -> None:
    cluster.wait_least("primary")
    for pod in cluster.ready_pods("primary"):
        name = pod.metadata.name
        with forwarded(NAMESPACE, name, 8080) as port:
            assert scored(over_http(f"http://127.0.0.1:{port}", "", customers), customers, served) == offline
        with forwarded(NAMESPACE, name, 8081) as port, grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            assert scored(over_grpc(channel, "", customers), customers, served) == offline


@pytest.fixture
def own_fallback(served: Model, release: Release, cluster: Cluster) -> Iterator[Callable[[], None]]:
    """Brings up the fallback from an image with the trained model baked in; afterwards it is the former one."""
    tag = f"e2e-{served.digest.removeprefix('sha256:')[:12]}"
    bake_fallback(served, tag)
    former = release.revision()

    def bring_up() -> None:
        release.upgrade(f"fallback.image.tag={tag}", f"fallback.model.digest={served.digest}")
        cluster.wait_rolled_out("fallback")

    yield bring_up
    release.rollback(former)
    cluster.wait_rolled_out("fallback")


def test_the_fallback_serves_the_trained_model_from_its_own_image(
    start_load: LoadStarter,
    own_fallback: Callable[[], None],
    cluster: Cluster,
    customers: Customers,
    offline: list[float],
    trained: Model,
) -> None:
    with start_load() as load:
        own_fallback()
        tally = load.stop()
    tally.assert_none_failed(300)
    cluster.wait_least("fallback")
    for pod in cluster.ready_pods("fallback"):
        with forwarded(NAMESPACE, pod.metadata.name, 8080) as port:
            assert scored(over_http(f"http://127.0.0.1:{port}", "", customers), customers, trained) == offline


@pytest.fixture
def keys_restored(cluster: Cluster) -> Iterator[str]:
    """The public keys that servers trust, one after the other; afterwards they are trusted again."""
    found: str = cluster.core.read_namespaced_config_map(KEYS, NAMESPACE).data["verify.pem"]
    yield found
    trust(cluster, found)


def trust(cluster: Cluster, keys: str) -> None:
    cluster.core.patch_namespaced_config_map(KEYS, NAMESPACE, {"data": {"verify.pem": keys}})


def test_a_key_revoked_while_its_model_serves_ends_it_and_nobody_waits(
    served: Model, start_load: LoadStarter, cluster: Cluster, keys_restored: str, figures: Figures
) -> None:
    """The fallback's model has another key, so it answers instead; once the key is trusted again the model is back."""
    first, _, later = keys_restored.partition(END)
    assert later.count(END) == 1  # of the starter models, and of the cluster's trainings
    cluster.wait_settled("fallback")  # its former pods hold the model of the key that goes
    before = cluster.templates("primary")
    with start_load() as load:
        load.wait_for_model(served.digest, 180)
        started = time.time()
        trust(cluster, f"{first}{END}\n")
        # A pod after the other hears of it, and breakers are open for some seconds when the first one has.
        gone = load.wait_for_only("fallback", 400, span=OPEN_SECONDS, never="primary")
        after = load.since(gone)
        trust(cluster, keys_restored)
        restored = time.time()
        load.wait_for_only("primary", 400)
        back = load.wait_for_model(served.digest, 180) - restored
        tally = load.stop()
    tally.assert_none_failed(500)
    assert served.digest not in after.models
    # The autoscaler may add a pod or take one away meanwhile; none is replaced and none has restarted.
    assert cluster.templates("primary") <= before
    seconds = {"ended_seconds": round(gone - started, 1), "back_seconds": round(back, 1)}
    figures.record("a key revoked", **tally.figures(), **seconds)


def test_the_way_back_fails_no_request(
    rollout: Rollout, start_load: LoadStarter, release: Release, cluster: Cluster, trained: Model, figures: Figures
) -> None:
    with start_load() as load:
        load.wait_for_model(trained.digest, 180)
        started = time.time()
        release.rollback(rollout.former)
        seconds = load.wait_for_model(rollout.former_model, 500) - started
        cluster.wait_rolled_out("primary")
        tally = load.stop()
    rollout.is_taken_back = True
    assert_nobody_noticed(tally, {rollout.former_model, trained.digest})
    figures.record("helm rollback to the former model", **tally.figures(), rollback_seconds=round(seconds, 1))


def assert_nobody_noticed(tally: Tally, models: set[str]) -> None:
    """Both models answered and nobody else, no request failed, and the primary was there all the time."""
    tally.assert_none_failed(1000)
    tally.assert_the_primary_stayed()  # old and new pods stand behind one address meanwhile; no reason to leave it
    assert set(tally.models) == models


def bake_fallback(model: Model, tag: str) -> None:
    """Build the fallback's image around a model and hand it to every node."""
    package = ["--model", str(model.folder), "--verify-key", str(model.verify_key)]
    succeed([str(ROOT / "ci" / "images"), "fallback", *package, "--tag", tag], 700)
    load = os.environ.get("LOAD_IMAGES") or str(ROOT / "ci" / "cluster" / "load-images")
    succeed([*shlex.split(load), f"docker.io/churn-serving/fallback:{tag}"], 500)

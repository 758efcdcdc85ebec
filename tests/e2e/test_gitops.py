"""What serves is what a commit says: Argo CD takes the release over, promotes, goes back, heals, and lets nothing
serve that nobody trusted has signed. Under load nobody notices.
"""

import base64
import functools
import json
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from churn_delivery.model_file import ServedModel, model_text
from churn_model.manifest import MANIFEST, SIGNATURE
from churn_model.signing import SigningKey
from git_server import PASSWORD, USER
from tests.e2e.cluster import SERVING, Cluster
from tests.e2e.commands import run
from tests.e2e.conftest import LoadStarter, Training
from tests.e2e.figures import Figures
from tests.e2e.gitops import ENVIRONMENT, MODEL, Company, company, deploy, taken_over
from tests.e2e.inside import mlflow_of
from tests.e2e.models import Model
from tests.e2e.release import CHART, PRESET, VALUES, Release
from tests.e2e.storage import objects_at, put_objects, storage_of
from tests.e2e.test_refusals import failed_start, names, new_pod
from tests.e2e.waiting import wait_until

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def platform(
    release: Release, cluster: Cluster, figures: Figures, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Company]:
    """Argo CD has made the release its own; the pods that answered go on answering."""
    # As the repository describes it: others have left values of their own.
    release.upgrade_to(CHART, PRESET, "--values", str(VALUES))
    cluster.wait_settled(*SERVING)
    describe = functools.partial(taken_over, namespace=cluster.namespace)
    with company(tmp_path_factory.mktemp("company"), cluster, describe) as made:
        before = {component: names_of(cluster, component) for component in SERVING}
        started = time.monotonic()
        commit = deploy(made)
        made.wait_synced(commit)
        figures.record("Argo CD takes a release over", seconds=round(time.monotonic() - started, 1))
        for component, names_before in before.items():  # an autoscaler may take one away meanwhile
            assert set() < names_of(cluster, component) <= names_before, component
        made.adopt(commit)
        cluster.wait_settled("primary")  # KServe has copied the annotation to its pods
        yield made


def names_of(cluster: Cluster, component: str) -> set[str]:
    return {pod.metadata.name for pod in cluster.pods(component)}


@pytest.fixture
def promote(platform: Company, training: "Future[Training]", cluster: Cluster, tmp_path: Path) -> Callable[[], str]:
    """`churn promote` of the trained version from the company's checkout, by the cluster's MLflow; gives the commit."""

    def promoted() -> str:
        password = tmp_path / "password"
        password.write_text(PASSWORD)
        version = str(training.result()[0]["version"])
        words = ["promote", version, "--environment", ENVIRONMENT, "--repository", str(platform.checkout), "--json"]
        with mlflow_of(cluster) as address:
            environment = {
                "CHURN_HOME": str(tmp_path / "home"),
                "CHURN_TRACKING_URI": address,
                "CHURN_GIT_USERNAME": USER,
                "CHURN_GIT_PASSWORD_FILE": str(password),
            }
            ended = run([sys.executable, "-m", "churn_cli", *words], 400, environment)
        assert ended.returncode == 0, ended.stderr
        told: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
        assert told["commit"], told
        return str(told["commit"])

    return promoted


def test_a_promotion_serves_and_its_revert_goes_back(
    platform: Company, promote: Callable[[], str], trained: Model, start_load: LoadStarter, figures: Figures
) -> None:
    with start_load() as load:
        load.wait_for_only("primary", 180)
        (former,) = load.since(time.time() - 3).models
        commit = promote()
        started = time.time()
        platform.refresh()
        there = load.wait_for_model(trained.digest, 500) - started
        platform.wait_synced(commit)
        started = time.time()
        commit = platform.revert()
        back = load.wait_for_model(former, 500) - started
        platform.wait_synced(commit)
        tally = load.stop()
    tally.assert_none_failed(1000)
    assert set(tally.models) == {former, trained.digest}
    figures.record(
        "commits under load", **tally.figures(), promoted_seconds=round(there, 1), reverted_seconds=round(back, 1)
    )


def test_what_somebody_changes_by_hand_is_changed_back(
    platform: Company, cluster: Cluster, start_load: LoadStarter, figures: Figures
) -> None:
    patch = {"metadata": {"labels": {"app.kubernetes.io/part-of": "somebody"}}}

    def healed() -> bool:
        service = cluster.core.read_namespaced_service("churn-gateway", cluster.namespace)
        return bool(service.metadata.labels["app.kubernetes.io/part-of"] == "churn-serving")

    assert healed()
    with start_load() as load:
        started = time.monotonic()
        cluster.core.patch_namespaced_service("churn-gateway", cluster.namespace, patch)
        cluster.scaling.delete_namespaced_horizontal_pod_autoscaler("churn-gateway", cluster.namespace)
        wait_until(healed, 240, "healed Service", so_far=platform.so_far)
        wait_until(lambda: "churn-gateway" in autoscalers(cluster), 240, "healed autoscaler", so_far=platform.so_far)
        seconds = round(time.monotonic() - started, 1)
        tally = load.stop()
    tally.assert_none_failed(100)
    figures.record("drift healed", seconds=seconds, **tally.figures())


def autoscalers(cluster: Cluster) -> set[str]:
    found = cluster.scaling.list_namespaced_horizontal_pod_autoscaler(cluster.namespace).items
    return {one.metadata.name for one in found}


def unsigned(objects: dict[str, bytes], folder: Path) -> dict[str, bytes]:
    del folder
    return {name: content for name, content in objects.items() if name != SIGNATURE}


def forged(objects: dict[str, bytes], folder: Path) -> dict[str, bytes]:
    """Signed by a key that is not trusted, or is no longer: to servers both are the same."""
    key = SigningKey.generate(folder / "somebody.pem")
    return {**objects, SIGNATURE: base64.b64encode(key.sign(objects[MANIFEST]))}


class Spoilt(NamedTuple):
    """Where a package lies that is the trained one but for its signature, and why nobody serves it."""

    uri: str
    reason: str


@pytest.fixture(
    params=[(unsigned, "signature: missing"), (forged, "signature: not made by a trusted key over this manifest")],
    ids=["unsigned", "forged"],
)
def spoilt(request: pytest.FixtureRequest, trained: Model, cluster: Cluster, tmp_path: Path) -> Spoilt:
    spoil, reason = request.param
    uri = f"s3://churn-models/e2e-{spoil.__name__}/"
    with storage_of(cluster) as client:
        put_objects(client, uri, spoil(objects_at(client, trained.uri), tmp_path))
    return Spoilt(uri, reason)


def test_a_package_that_nobody_trusted_signed_never_serves(
    platform: Company, spoilt: Spoilt, trained: Model, cluster: Cluster, start_load: LoadStarter, figures: Figures
) -> None:
    """The commit names its true digest; the pods that come refuse it, those that are there answer."""
    cluster.wait_settled("primary")
    before = names(cluster)
    with start_load() as load:
        platform.commit(MODEL, model_text(ServedModel(spoilt.uri, trained.digest)).decode())
        pod = new_pod(cluster, before, failed_start)
        told = failed_start(cluster.core.read_namespaced_pod(pod, cluster.namespace)).strip()
        platform.wait_synced(platform.revert())
        tally = load.stop()
    tally.assert_none_failed(300)
    assert trained.digest not in tally.models
    assert spoilt.reason in told, told
    figures.record(f"{spoilt.uri} by a commit", told=told, **tally.figures())

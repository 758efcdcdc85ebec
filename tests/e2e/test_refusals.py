"""What cannot be served is refused while the old model goes on answering, and `kubectl describe` says why."""

import base64
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from churn_model.estimators import ESTIMATOR_FILES
from tests.e2e.cluster import Cluster
from tests.e2e.commands import describe
from tests.e2e.conftest import LoadStarter
from tests.e2e.figures import Figures
from tests.e2e.models import Model
from tests.e2e.release import Release
from tests.e2e.storage import SERVING, objects_at, put_objects, storage_of
from tests.e2e.waiting import wait_until

pytestmark = pytest.mark.timeout(1200)
FORBIDDEN = "S3 error [403]"
CORRUPT_URI = "s3://churn-models/e2e-corrupt/"


@pytest.fixture
def put_back(release: Release, cluster: Cluster) -> Iterator[None]:
    """The release as it was; a model that is on its way out must not answer while another is refused."""
    cluster.wait_settled("primary")
    former = release.revision()
    yield
    release.rollback(former)
    cluster.wait_rolled_out("primary")
    wait_until(lambda: cluster.inference_service_is_ready("churn-primary"), 240, "ready InferenceService")


def new_pod(cluster: Cluster, before: set[str], failed: Callable[[Any], str]) -> str:
    """The name of a pod that came after `before` and has failed as told."""

    def found() -> str:
        pods = [pod for pod in cluster.pods("primary") if pod.metadata.name not in before]
        return next((pod.metadata.name for pod in pods if failed(pod)), "")

    return wait_until(found, 400, "failed primary pod", so_far=lambda: cluster.summary("primary"))


def failed_init(pod: Any) -> str:
    return ended_badly(pod.status.init_container_statuses)


def failed_start(pod: Any) -> str:
    return ended_badly(pod.status.container_statuses)


def ended_badly(statuses: Any) -> str:
    """The termination message of a container that has ended with an error."""
    for status in statuses or []:
        ended = status.state.terminated or status.last_state.terminated
        if ended is not None and ended.exit_code:
            return ended.message or "(nothing)"
    return ""


def names(cluster: Cluster) -> set[str]:
    return {pod.metadata.name for pod in cluster.pods("primary")}


def test_a_wrong_secret(start_load: LoadStarter, cluster: Cluster, put_back: None, figures: Figures) -> None:
    """Pods that come later cannot fetch the model; those that have it go on."""
    del put_back
    good = cluster.core.read_namespaced_secret(SERVING, cluster.namespace).data
    before = names(cluster)
    with start_load() as load:
        write_secret(cluster, {**good, "AWS_SECRET_ACCESS_KEY": base64.b64encode(b"wrong").decode()})
        try:
            cluster.restart_primary()
            pod = new_pod(cluster, before, lambda pod: failed_init(pod) if FORBIDDEN in failed_init(pod) else "")
            described = describe("pod", pod, cluster.namespace)
            told = failure_told(cluster)
        finally:
            write_secret(cluster, good)
        tally = load.stop()
    # One that has not failed yet takes its place; this one would wait out its back-off first.
    cluster.core.delete_namespaced_pod(pod, cluster.namespace)
    tally.assert_none_failed(300)
    assert len(tally.models) == 1
    assert FORBIDDEN in described
    figures.record("wrong S3 secret", **tally.figures(), told_by_inference_service=told)


def write_secret(cluster: Cluster, data: dict[str, str]) -> None:
    cluster.core.patch_namespaced_secret(SERVING, cluster.namespace, {"data": data})


def failure_told(cluster: Cluster) -> str:
    """What the InferenceService itself says of the failure, once it has heard of it."""

    def told() -> str:
        info = cluster.inference_service("churn-primary")["status"].get("modelStatus", {}).get("lastFailureInfo", {})
        message = str(info.get("message"))
        return f"{info['reason']}: {message[-300:]}" if FORBIDDEN in message else ""

    return wait_until(told, 300, "modelStatus.lastFailureInfo that says so")


def test_a_corrupt_model(
    start_load: LoadStarter, release: Release, cluster: Cluster, trained: Model, put_back: None, figures: Figures
) -> None:
    del put_back
    with storage_of(cluster) as client:
        objects = objects_at(client, trained.uri)
        (name,) = set(ESTIMATOR_FILES.values()) & set(objects)
        model = objects[name]
        middle = len(model) // 2
        changed = model[:middle] + bytes([model[middle] ^ 1]) + model[middle + 1 :]
        put_objects(client, CORRUPT_URI, {**objects, name: changed})
    before = names(cluster)
    with start_load() as load:
        release.upgrade(f"primary.model.uri={CORRUPT_URI}", f"primary.model.digest={trained.digest}")
        pod = new_pod(cluster, before, failed_start)
        described = describe("pod", pod, cluster.namespace)
        told = failed_start(cluster.core.read_namespaced_pod(pod, cluster.namespace))
        tally = load.stop()
    tally.assert_none_failed(300)
    assert trained.digest not in tally.models
    assert name in described, described
    assert told.strip() in described
    assert len(told.strip().splitlines()) == 1, told
    figures.record("corrupt model", **tally.figures(), told=told.strip())


def test_another_digest_than_asked_for(
    start_load: LoadStarter, release: Release, cluster: Cluster, trained: Model, put_back: None, figures: Figures
) -> None:
    del put_back
    wanted = "sha256:" + "0" * 64
    before = names(cluster)
    with start_load() as load:
        release.upgrade(f"primary.model.uri={trained.uri}", f"primary.model.digest={wanted}")
        pod = new_pod(cluster, before, failed_start)
        described = describe("pod", pod, cluster.namespace)
        tally = load.stop()
    tally.assert_none_failed(300)
    assert trained.digest not in tally.models
    line = one_line_with(described, trained.digest)
    assert wanted in line
    figures.record("wrong digest", **tally.figures(), told=line)


def one_line_with(text: str, words: str) -> str:
    return next((line.strip() for line in text.splitlines() if words in line and "Environment" not in line), "")

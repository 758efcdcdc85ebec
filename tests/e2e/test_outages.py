"""What serving stands beside goes away: KServe's controller, MLflow, object storage. Answers and fallbacks go on."""

from collections.abc import Iterator

import pytest

from tests.e2e.cluster import WORKLOADS, Cluster, seconds_to_ready
from tests.e2e.conftest import LoadStarter
from tests.e2e.figures import Figures
from tests.e2e.waiting import wait_until

pytestmark = pytest.mark.timeout(1800)
CONTROLLER, CONTROLLER_NAMESPACE = "kserve-controller-manager", "kserve"
BESIDE = ("mlflow", "object-storage")


@pytest.fixture
def without_controller(at_rest: None, cluster: Cluster) -> Iterator[None]:
    del at_rest

    def replicas() -> int:
        found = cluster.apps.read_namespaced_deployment(CONTROLLER, CONTROLLER_NAMESPACE).status
        return found.ready_replicas or 0

    before = replicas()
    assert before > 0
    cluster.scale(CONTROLLER, 0, CONTROLLER_NAMESPACE)
    wait_until(lambda: replicas() == 0, 240, "end of KServe's controller")
    yield
    cluster.scale(CONTROLLER, before, CONTROLLER_NAMESPACE)
    wait_until(lambda: replicas() == before, 400, "KServe's controller")


@pytest.fixture
def without_storage_and_registry(at_rest: None, cluster: Cluster) -> Iterator[None]:
    del at_rest
    for component in BESIDE:
        cluster.scale(WORKLOADS[component], 0)
    for component in BESIDE:
        wait_until(lambda component=component: not cluster.pods(component), 240, f"end of {component}")  # type: ignore[misc]
    yield
    for component in BESIDE:
        cluster.scale(WORKLOADS[component], 1)
    cluster.wait_rolled_out(*BESIDE)


def test_the_fallback_scales_without_kserves_controller(
    start_load: LoadStarter, without_controller: None, cluster: Cluster, figures: Figures
) -> None:
    del without_controller
    autoscaler = cluster.scaling.read_namespaced_horizontal_pod_autoscaler("churn-fallback", cluster.namespace)
    least = autoscaler.spec.min_replicas
    cluster.wait_least("fallback")
    before = {pod.metadata.name for pod in cluster.ready_pods("fallback")}
    with start_load() as load:
        cluster.set_least_replicas("churn-fallback", len(before) + 1)
        try:
            pods = cluster.wait_ready("fallback", len(before) + 1)
        finally:
            cluster.set_least_replicas("churn-fallback", least)
        tally = load.stop()
    tally.assert_none_failed(300)
    new = [seconds_to_ready(pod) for pod in pods if pod.metadata.name not in before]
    assert new
    figures.record("fallback scaled without KServe's controller", **tally.figures(), new_pods=new)


def test_serving_goes_on_without_mlflow_and_object_storage(
    start_load: LoadStarter, without_storage_and_registry: None, cluster: Cluster, figures: Figures
) -> None:
    """A fallback pod starts meanwhile: its model is in its image."""
    del without_storage_and_registry
    before = {pod.metadata.name for pod in cluster.ready_pods("fallback")}
    with start_load() as load:
        cluster.core.delete_namespaced_pod(min(before), cluster.namespace)
        pods = cluster.wait_new("fallback", before)
        tally = load.stop()
    tally.assert_none_failed(300)
    tally.assert_the_primary_stayed()
    assert not cluster.pods("mlflow")
    assert not cluster.pods("object-storage")
    figures.record(
        "MLflow and object storage away", **tally.figures(), new_fallback=[seconds_to_ready(pod) for pod in pods]
    )

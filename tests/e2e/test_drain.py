"""A node is emptied under load: the eviction API respects the budgets, and nobody notices."""

import time
from collections.abc import Iterator
from typing import Any

import kubernetes.client
import pytest
from kubernetes.client.exceptions import ApiException

from tests.e2e.cluster import SERVING, Cluster
from tests.e2e.conftest import LoadStarter
from tests.e2e.figures import Figures
from tests.e2e.waiting import wait_until

pytestmark = pytest.mark.timeout(1800)
BUDGET_SPENT = 429


@pytest.fixture
def node(at_rest: None, cluster: Cluster) -> Iterator[str]:
    """The last node, which carries serving pods; it is usable again afterwards."""
    del at_rest
    names = sorted(node.metadata.name for node in cluster.core.list_node().items)
    assert len(names) >= 2, names
    yield names[-1]
    cluster.core.patch_node(names[-1], {"spec": {"unschedulable": False}})


def test_drain_under_budgets(start_load: LoadStarter, cluster: Cluster, figures: Figures, node: str) -> None:
    carried = [pod for name in SERVING for pod in cluster.ready_pods(name) if pod.spec.node_name == node]
    assert carried, f"no serving pod runs on {node}"
    with start_load() as load:
        started = time.time()
        cluster.core.patch_node(node, {"spec": {"unschedulable": True}})
        refused = evict_all(cluster, node)
        seconds = round(time.time() - started, 1)
        cluster.wait_rolled_out(*SERVING)
        load.wait_for_only("primary", 180)
        tally = load.stop()
    tally.assert_none_failed(1000)
    assert not [pod for name in SERVING for pod in cluster.pods(name) if pod.spec.node_name == node]
    figures.record(
        "node drained",
        **tally.figures(),
        serving_pods_moved=len(carried),
        evictions_refused_for_now=refused,
        drain_seconds=seconds,
    )


def test_a_budget_lets_one_pod_go_at_a_time(start_load: LoadStarter, cluster: Cluster, figures: Figures) -> None:
    cluster.wait_least(*SERVING)  # a pod on its way out is agreed to by every budget
    with start_load() as load:
        cluster.wait_settled(*SERVING)
        agreed = {name: evicted_at_once(cluster, name) for name in SERVING}
        cluster.wait_rolled_out(*SERVING)
        tally = load.stop()
    tally.assert_none_failed(500)
    assert all(len(answers) >= 2 and answers.count(True) == 1 for answers in agreed.values()), agreed
    figures.record("second evictions refused", **tally.figures(), agreed=agreed)


def evicted_at_once(cluster: Cluster, component: str) -> list[bool]:
    """Whether the API server agreed to the eviction of each pod of a component. The first one is asked for until the
    budget knows that all are ready, which a controller counts in its own time."""
    first, *others = cluster.ready_pods(component)
    wait_until(lambda: evicted(cluster, first), 120, f"room in the budget of {component}")
    return [True, *(evicted(cluster, pod) for pod in others)]


def evict_all(cluster: Cluster, node: str) -> int:
    """Ask for every pod's eviction until none is left, as ``kubectl drain`` does; how often a budget said not yet."""
    refused = 0

    def evict() -> bool:
        nonlocal refused
        left = pods_on(cluster, node)
        for pod in left:
            refused += not evicted(cluster, pod)
        return not left

    wait_until(evict, 900, f"empty {node}", every=1, so_far=lambda: [p.metadata.name for p in pods_on(cluster, node)])
    return refused


def pods_on(cluster: Cluster, node: str) -> list[Any]:
    """Pods that a drain moves: all but those of DaemonSets, of the node itself, and those that have ended."""
    pods = cluster.core.list_pod_for_all_namespaces(field_selector=f"spec.nodeName={node}").items
    owners = {pod.metadata.uid: [owner.kind for owner in pod.metadata.owner_references or []] for pod in pods}
    return [
        pod
        for pod in pods
        if pod.status.phase not in ("Succeeded", "Failed") and not {"DaemonSet", "Node"} & set(owners[pod.metadata.uid])
    ]


def evicted(cluster: Cluster, pod: Any) -> bool:
    """Whether the API server agreed; a pod on its way out, or already gone, has been agreed to before."""
    if pod.metadata.deletion_timestamp is not None:
        return True
    meta = kubernetes.client.V1ObjectMeta(name=pod.metadata.name, namespace=pod.metadata.namespace)
    try:
        cluster.core.create_namespaced_pod_eviction(
            pod.metadata.name, pod.metadata.namespace, kubernetes.client.V1Eviction(metadata=meta)
        )
    except ApiException as error:
        if error.status == BUDGET_SPENT:
            return False
        if error.status != 404:
            raise
    return True

"""Default deny: from every kind of pod to every port of every other, only the edges that the flow needs connect."""

import concurrent.futures
import time
from collections.abc import Iterable
from typing import Any

import pytest

from tests.e2e.cluster import Cluster
from tests.e2e.figures import Figures
from tests.e2e.probes import Place, connections, inside_real_pod, probe_pods
from tests.e2e.release import Release

pytestmark = [pytest.mark.timeout(900), pytest.mark.usefixtures("training")]

PORTS = {
    "gateway": (8080, 8081, 9090),
    "primary": (8080, 8081, 9090),
    "fallback": (8080, 9090),
    "mlflow": (5000,),
    "object-storage": (9000,),
}
NO_PYTHON = {"object-storage"}
# Run at times only, so pods that look like them are made.
AT_TIMES = ("training", "storage-setup", "bootstrap", "test")
API_SERVER = "kubernetes API"
OPEN_SECONDS = 60.0
ELSEWHERE = "elsewhere"

# The whole of what may connect. The bootstrap Job reaches the API server only while it runs: its policy is a hook too.
EDGES = {
    *((source, "gateway", port) for source in ("test", ELSEWHERE) for port in (8080, 8081)),
    *(("gateway", backend, 8080) for backend in ("primary", "fallback")),
    *((source, "object-storage", 9000) for source in ("primary", "training", "mlflow", "storage-setup")),
    ("training", "mlflow", 5000),
    (ELSEWHERE, API_SERVER, 443),  # not a pod of the release: its own way out is nobody's business here
}


def test_only_the_needed_edges_connect(release: Release, cluster: Cluster, figures: Figures) -> None:
    del release
    pods = {component: cluster.wait_ready(component, 1) for component in PORTS}
    targets = {
        f"{pod.status.pod_ip}:{port}": (component, port)
        for component, ports in PORTS.items()
        for pod in pods[component]
        for port in ports
    }
    api = cluster.core.read_namespaced_service("kubernetes", "default").spec.cluster_ip
    targets[f"{api}:443"] = (API_SERVER, 443)
    with probe_pods(cluster, {**{name: labels_of(name) for name in AT_TIMES}, ELSEWHERE: {}}) as probes:
        places = [*probes, *real_places(cluster, pods)]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda place: tried(cluster, place, targets), places))
    wrong = [
        f"{place.pod} -> {targets[target]} {target}: {'connects' if connected else 'does not'}"
        for place, tried in zip(places, found, strict=True)
        for target, connected in tried.items()
        if connected != is_edge(place, targets[target])
    ]
    assert not wrong, "\n".join(wrong)
    figures.record("network matrix", pairs_tried=sum(map(len, found)), pods=len(places), edges=len(EDGES))


def is_edge(place: Place, target: tuple[str, int]) -> bool:
    return (place.component, *target) in EDGES


def tried(cluster: Cluster, place: Place, targets: dict[str, tuple[str, int]]) -> dict[str, bool]:
    """Which of others' ports connect. Those that should have their time: a new pod's way out is opened a moment after
    it runs, and a busy machine answers late."""
    found = connections(cluster, place, others(place, targets))

    def closed() -> list[str]:
        return [target for target, connected in found.items() if is_edge(place, targets[target]) and not connected]

    deadline = time.monotonic() + OPEN_SECONDS
    while (left := closed()) and time.monotonic() < deadline:
        time.sleep(1)
        found |= connections(cluster, place, left)
    return found


def others(place: Place, targets: Iterable[str]) -> list[str]:
    return [target for target in targets if target.rsplit(":", 1)[0] != place.address]


def labels_of(component: str) -> dict[str, str]:
    return {
        "app.kubernetes.io/name": "churn",
        "app.kubernetes.io/instance": "churn",
        "app.kubernetes.io/component": component,
    }


def real_places(cluster: Cluster, pods: dict[str, list[Any]]) -> list[Place]:
    return [
        inside_real_pod(cluster, component, pod, python=component not in NO_PYTHON)
        for component, found in pods.items()
        for pod in found
    ]


def test_no_pod_reaches_the_world(release: Release, cluster: Cluster) -> None:
    """An address outside the cluster's own ranges that answers from this machine: the kubelet's own port."""
    del release
    nodes = cluster.core.list_node().items
    kubelets = [
        f"{address.address}:10250"
        for node in nodes
        for address in node.status.addresses
        if address.type == "InternalIP"
    ]
    for component in ("gateway", "primary", "fallback", "mlflow"):
        place = inside_real_pod(cluster, component, cluster.wait_ready(component, 1)[0], python=True)
        assert not any(connections(cluster, place, kubelets).values()), component

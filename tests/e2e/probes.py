"""Places to try connections from: the real pods themselves, and pods that look like those that run only at times.

A real pod without Python gets an ephemeral container; it shares the pod's network, so it is the pod to every policy. A
probe pod carries a component's labels but is never ready, so no Service sends it traffic.
"""

import contextlib
import uuid
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.e2e.cluster import Cluster
from tests.e2e.inside import evaluate
from tests.e2e.waiting import wait_until

# Tries each "host:port" of its arguments at once; prints which of them a connection opened to.
CONNECT = """
import concurrent.futures, json, socket, sys
def opens(target):
    host, port = target.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=2).close()
    except OSError:
        return False
    return True
with concurrent.futures.ThreadPoolExecutor(len(sys.argv)) as pool:
    print(json.dumps(dict(zip(sys.argv[1:], pool.map(opens, sys.argv[1:])))))
"""
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "runAsUser": 10001,
    "seccompProfile": {"type": "RuntimeDefault"},
}
SLEEP = ["python", "-c", "import signal; signal.signal(15, lambda *_: exit()); signal.pause()"]


class Place(NamedTuple):
    """A container that Python can be run in, and what its pod is to the policies."""

    component: str
    pod: str
    container: str
    address: str


def connections(cluster: Cluster, place: Place, targets: list[str]) -> dict[str, bool]:
    """Which ``host:port`` can be reached from a place."""
    found: dict[str, bool] = evaluate(cluster.namespace, place.pod, place.container, CONNECT, *targets)
    return found


def training_image(cluster: Cluster) -> str:
    """The image that has Python and everything of ours; the MLflow server runs it."""
    image: str = cluster.deployment("mlflow").spec.template.spec.containers[0].image
    return image


def inside_real_pod(cluster: Cluster, component: str, pod: Any, *, python: bool) -> Place:
    """A place in a real pod: its first container, or an ephemeral one if that has no Python."""
    name = pod.metadata.name
    if python:
        return Place(component, name, pod.spec.containers[0].name, pod.status.pod_ip)
    container = f"probe-{uuid.uuid4().hex[:6]}"
    added = {"name": container, "image": training_image(cluster), "command": SLEEP, "securityContext": RESTRICTED}
    cluster.core.patch_namespaced_pod_ephemeralcontainers(
        name, cluster.namespace, {"spec": {"ephemeralContainers": [added]}}
    )

    def runs() -> bool:
        statuses = cluster.core.read_namespaced_pod(name, cluster.namespace).status.ephemeral_container_statuses or []
        return any(status.name == container and status.state.running for status in statuses)

    wait_until(runs, 240, f"container {container} in {name}")
    return Place(component, name, container, pod.status.pod_ip)


@contextlib.contextmanager
def probe_pods(cluster: Cluster, components: dict[str, dict[str, str]]) -> Iterator[list[Place]]:
    """Pods with the given labels by component, gone again afterwards."""
    names = {component: f"probe-{component}-{uuid.uuid4().hex[:6]}" for component in components}
    image = training_image(cluster)
    for component, labels in components.items():
        cluster.core.create_namespaced_pod(cluster.namespace, _probe_pod(names[component], image, labels))
    try:
        yield [_running(cluster, component, name) for component, name in names.items()]
    finally:
        for name in names.values():
            cluster.core.delete_namespaced_pod(name, cluster.namespace, grace_period_seconds=0)


def _running(cluster: Cluster, component: str, name: str) -> Place:
    def address() -> str:
        status = cluster.core.read_namespaced_pod(name, cluster.namespace).status
        return (status.pod_ip or "") if status.phase == "Running" else ""

    return Place(component, name, "probe", wait_until(address, 240, f"running pod {name}"))


def _probe_pod(name: str, image: str, labels: dict[str, str]) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "automountServiceAccountToken": False,
            "readinessGates": [{"conditionType": "churn-e2e/never"}],
            "terminationGracePeriodSeconds": 0,
            "containers": [{"name": "probe", "image": image, "command": SLEEP, "securityContext": RESTRICTED}],
        },
    }

"""How many requests a second one pod carries while 99 of 100 are answered within 10 ms: gateway, primary, fallback.

Run by hand against an installed release, on a machine that does nothing else: the chart's
`capacity.measuredRequestsPerSecondPerPod` comes from here. Each component is cut down to one pod for its measurement,
the load comes from tests/load/generator through a NodePort on 127.0.0.1, and everything is put back afterwards.

    KUBECONFIG=... .venv/bin/python -m tests.e2e.knee customers.csv
"""

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from churn_serving.oip.json_codec import encode_request
from tests.e2e.cluster import Cluster
from tests.e2e.commands import ROOT, succeed
from tests.e2e.customers import Customers, read_customers
from tests.e2e.waiting import wait_until

NAMESPACE = "churn"
PROMISED_P99_MS = 10.0
LOWEST, HIGHEST = 50.0, 8000.0
PRECISION = 1.12  # the best rate and the one above it that fails differ by less than this factor
SECONDS = 8
INFER = "/v2/models/churn-telecom/infer"


class Way(NamedTuple):
    """How one component is asked: the port of its Service's node, and the path."""

    component: str
    port: int
    path: str


class Probe(NamedTuple):
    """One run of the generator."""

    rate: float
    p50: float
    p99: float
    failed: int

    @property
    def carried(self) -> bool:
        """Whether the promise held."""
        return self.failed == 0 and self.p99 <= PROMISED_P99_MS


def main(data: Path) -> None:
    """Measure all three and write ``.e2e/knee.json``."""
    cluster = Cluster(NAMESPACE)
    customers = read_customers(data, 500)
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        load = Load(Path(name), customers, cluster.secret("churn-api-key-initial")["key"])
        with one_node(cluster):
            for component in ("gateway", "primary", "fallback"):
                with alone(cluster, component) as way:
                    probes = search(load, way)
                best = max((probe.rate for probe in probes if probe.carried), default=0.0)
                found[component] = {"requests_per_second": best, "probes": [probe._asdict() for probe in probes]}
                print(f"{component}: {best:.0f} requests a second at p99 <= {PROMISED_P99_MS:g} ms")  # noqa: T201
    (ROOT / ".e2e").mkdir(exist_ok=True)
    (ROOT / ".e2e" / "knee.json").write_text(json.dumps(found, indent=1) + "\n")


class Load:
    """The generator, built once, with its requests in files."""

    def __init__(self, folder: Path, customers: Customers, key: str) -> None:
        self._program = folder / "churnload"
        succeed(["go", "build", "-C", str(ROOT / "tests/load/generator"), "-o", str(self._program), "."], 300)
        self._key = folder / "key"
        self._key.write_text(key)
        self._records = folder / "records.jsonl"
        self._tensors = folder / "tensors.jsonl"
        count = range(len(customers.ids))
        records = [json.dumps({"customers": [customers.record(index)]}) for index in count]
        self._records.write_text("\n".join(records) + "\n")
        tensors = [encode_request([row], customers.schema) for row in customers.rows]
        self._tensors.write_bytes(b"\n".join(tensors) + b"\n")

    def run(self, way: Way, rate: float) -> Probe:
        """Offer a rate for a few seconds."""
        bodies = self._tensors if way.path == INFER else self._records
        flags = ["-url", f"http://127.0.0.1:{way.port}{way.path}", "-bodies", str(bodies), "-rate", f"{rate:.0f}"]
        flags += ["-key-file", str(self._key), "-connections", "32", "-warmup", "2s", "-duration", f"{SECONDS}s"]
        ended = subprocess.run([self._program, *flags], capture_output=True, text=True, timeout=90, check=True)
        report = json.loads(ended.stdout)
        latency = report["latency_ms"]
        return Probe(rate, latency["p50"], latency["p99"], report["failed"] + report["unserved"])


def search(load: Load, way: Way) -> list[Probe]:
    """Double the rate until it is too much, then halve the gap until it is small; a failure is tried twice."""
    probes: list[Probe] = []

    def carried(rate: float) -> bool:
        for _ in range(2):
            probes.append(load.run(way, rate))
            print(f"  {way.component} {probes[-1]}", file=sys.stderr)  # noqa: T201
            if probes[-1].carried:
                return True
            time.sleep(3)
        return False

    low, high = 0.0, LOWEST
    while high <= HIGHEST and carried(high):
        low, high = high, high * 2
    while low and high / low > PRECISION:
        middle = (low * high) ** 0.5
        low, high = (middle, high) if carried(middle) else (low, middle)
    return probes


@contextlib.contextmanager
def one_node(cluster: Cluster) -> Iterator[None]:
    """Only the first node takes new pods: a policy lets a node's own traffic in, and the generator runs there."""
    others = sorted(node.metadata.name for node in cluster.core.list_node().items)[1:]
    for name in others:
        cluster.core.patch_node(name, {"spec": {"unschedulable": True}})
    try:
        yield
    finally:
        for name in others:
            cluster.core.patch_node(name, {"spec": {"unschedulable": False}})


@contextlib.contextmanager
def alone(cluster: Cluster, component: str) -> Iterator[Way]:
    """One pod of a component on the first node, and a way to it."""
    scaler = f"churn-{component}"
    spec = cluster.scaling.read_namespaced_horizontal_pod_autoscaler(scaler, NAMESPACE).spec
    before = {"minReplicas": spec.min_replicas, "maxReplicas": spec.max_replicas}
    set_replicas(cluster, scaler, {"minReplicas": 1, "maxReplicas": 1})
    try:
        wait_until(lambda: len(cluster.pods(component)) == 1, 180, f"single pod of {component}", every=2)
        cluster.core.delete_namespaced_pod(cluster.pods(component)[0].metadata.name, NAMESPACE)
        cluster.wait_rolled_out(component)
        time.sleep(10)  # the former pod ends
        with node_port(cluster, component) as way:
            yield way
    finally:
        set_replicas(cluster, scaler, before)
        wait_until(lambda: len(cluster.ready_pods(component)) >= spec.min_replicas, 180, f"{component} as before")


def set_replicas(cluster: Cluster, scaler: str, limits: dict[str, int]) -> None:
    """Change the limits of an autoscaler."""
    cluster.scaling.patch_namespaced_horizontal_pod_autoscaler(scaler, NAMESPACE, {"spec": limits})


@contextlib.contextmanager
def node_port(cluster: Cluster, component: str) -> Iterator[Way]:
    """A Service of our own in front of a component, so that backends can be asked without the gateway."""
    name = f"knee-{component}"
    selector = {"app.kubernetes.io/instance": "churn", "app.kubernetes.io/component": component}
    spec = {"type": "NodePort", "selector": selector, "ports": [{"name": "http", "port": 8080}]}
    made = cluster.core.create_namespaced_service(NAMESPACE, {"metadata": {"name": name}, "spec": spec})
    try:
        time.sleep(3)  # kube-proxy
        yield Way(component, made.spec.ports[0].node_port, "/v1/predictions" if component == "gateway" else INFER)
    finally:
        cluster.core.delete_namespaced_service(name, NAMESPACE)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

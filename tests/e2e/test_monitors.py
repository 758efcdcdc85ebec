"""The chart's own Prometheus and Alertmanager, through its policies: who is read, what is recorded, and who is told
that the primary is dead while everybody is answered."""

from collections.abc import Iterator
from typing import NamedTuple

import httpx
import pytest

from tests.e2e.cluster import Cluster
from tests.e2e.conftest import LoadStarter
from tests.e2e.figures import Figures
from tests.e2e.inside import forwarded
from tests.e2e.probes import connections, inside_real_pod
from tests.e2e.release import Release
from tests.e2e.waiting import wait_until
from tests.slo.watchers import Prometheus

pytestmark = pytest.mark.timeout(1200)
INTERVAL_SECONDS = 2
PORT_NAMES = {"metrics", "log-metrics"}
PROMETHEUS, ALERTMANAGER = ("prometheus", 9090), ("alertmanager", 9093)
PRIMARY = "churn-primary-predictor"
PAGE = ("ChurnServedByPrimary", "page")


class Monitors(NamedTuple):
    """Both, asked through the API server, past policies."""

    prometheus: Prometheus
    alertmanager: httpx.Client

    def told(self) -> dict[tuple[str, str], set[str]]:
        """Receivers by name and severity of every alert at Alertmanager."""
        alerts = self.alertmanager.get("/api/v2/alerts").json()
        named = {}
        for alert in alerts:
            labels = alert["labels"]
            named[labels["alertname"], labels.get("severity", "")] = {one["name"] for one in alert["receivers"]}
        return named


@pytest.fixture(scope="module")
def monitors(release: Release, cluster: Cluster) -> Iterator[Monitors]:
    """Switched on beside what runs, of which nothing is replaced."""
    before = {pod.metadata.name for pod in cluster.pods("gateway")}
    release.upgrade("monitoring.development.enabled=true", f"monitoring.podMonitor.interval={INTERVAL_SECONDS}s")
    (prometheus,), (alertmanager,) = (cluster.wait_ready(name, 1) for name, _ in (PROMETHEUS, ALERTMANAGER))
    assert before & {pod.metadata.name for pod in cluster.pods("gateway")}
    with (
        forwarded(cluster.namespace, prometheus.metadata.name, PROMETHEUS[1]) as series,
        forwarded(cluster.namespace, alertmanager.metadata.name, ALERTMANAGER[1]) as alerts,
        httpx.Client(base_url=f"http://127.0.0.1:{series}", timeout=60) as asked,
        httpx.Client(base_url=f"http://127.0.0.1:{alerts}", timeout=60) as told,
    ):
        yield Monitors(Prometheus(asked), told)


@pytest.fixture
def without_primary(cluster: Cluster) -> Iterator[float]:
    """No primary pod from now on, and none comes back until the end; since when."""
    replicas = cluster.deployment("primary").spec.replicas
    cluster.scale(PRIMARY, 0)
    yield cluster.kill(cluster.pods("primary"))
    cluster.scale(PRIMARY, replicas)


class Door(NamedTuple):
    """Where a pod shows metrics, as the name of the port and the component."""

    port: str
    component: str


def shown(cluster: Cluster) -> dict[str, Door]:
    """Doors by address, as kubelets run the pods."""
    pods = cluster.core.list_namespaced_pod(cluster.namespace, label_selector="app.kubernetes.io/instance=churn").items
    return {
        f"{pod.status.pod_ip}:{port.container_port}": Door(
            port.name, pod.metadata.labels["app.kubernetes.io/component"]
        )
        for pod in pods
        if pod.status.phase == "Running"
        for container in [*pod.spec.containers, *(pod.spec.init_containers or [])]
        for port in container.ports or []
        if port.name in PORT_NAMES
    }


def read(watcher: Prometheus) -> dict[str, str]:
    """Names of ports by the addresses that are read without a fault."""
    labels = [target["labels"] for target in watcher.targets() if target["health"] == "up"]
    assert {one["job"] for one in labels} <= {"churn-serving"}
    return {one["instance"]: one["endpoint"] for one in labels}


def faults(watcher: Prometheus) -> list[str]:
    return [f"{one['scrapeUrl']}: {one['lastError']}" for one in watcher.targets() if one["health"] != "up"]


def test_every_component_that_shows_metrics_is_read(monitors: Monitors, cluster: Cluster, figures: Figures) -> None:
    watcher = monitors.prometheus

    def doors() -> dict[str, str]:
        return {address: door.port for address, door in shown(cluster).items()}

    wait_until(
        lambda: read(watcher) == doors() and not faults(watcher),
        240,
        "target of every port of metrics",
        so_far=lambda: (faults(watcher), read(watcher), doors()),
    )
    components = [door.component for door in shown(cluster).values()]
    assert {"gateway", "primary", "fallback"} <= set(components)
    figures.record("targets of the development Prometheus", components=sorted(components))


def test_nobody_of_the_release_reaches_the_monitors(monitors: Monitors, cluster: Cluster) -> None:
    del monitors
    gateway = inside_real_pod(cluster, "gateway", cluster.wait_ready("gateway", 1)[0], python=True)
    doors = [f"{cluster.wait_ready(name, 1)[0].status.pod_ip}:{port}" for name, port in (PROMETHEUS, ALERTMANAGER)]
    assert connections(cluster, gateway, doors) == dict.fromkeys(doors, False)


def test_a_dead_primary_is_told_while_everybody_is_answered(
    monitors: Monitors, start_load: LoadStarter, cluster: Cluster, figures: Figures, request: pytest.FixtureRequest
) -> None:
    watcher = monitors.prometheus
    with start_load() as load:
        wait_until(lambda: not watcher.unrecorded(), 240, "value of every recording rule", so_far=watcher.unrecorded)
        assert watcher.faulty_rules() == []
        assert PAGE not in monitors.told()
        died = request.getfixturevalue("without_primary")
        load.wait_for_only("fallback", 180, never="primary")
        told = wait_until(
            lambda: found if PAGE in (found := monitors.told()) else {},
            400,
            "page at Alertmanager",
            so_far=lambda: (watcher.firing(), monitors.told()),
        )
        assert told[PAGE] == {"pager"}
        firing = watcher.firing() | {name for name, _ in told}
        assert not cluster.pods("primary")
        tally = load.stop()
    tally.assert_none_failed(500)
    # A gateway without a processor for a moment has no room for some, and that is what it says then.
    assert tally.came_back or "ChurnGatewayAvailability" not in firing
    figures.record(
        "dead primary told by Alertmanager",
        **tally.figures(),
        seconds_until_told=round(tally.records[-1].due - died, 1),
        alerts=sorted(f"{name} ({severity})" for name, severity in told),
    )

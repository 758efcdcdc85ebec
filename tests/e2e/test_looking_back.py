"""The drift watch as it lives: it sees what the gateway answers, keeps its condition with the least rights, shows its
metrics, and goes on where it was when its pod is gone."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from churn_monitoring.drift import metrics
from tests.e2e.cluster import Cluster
from tests.e2e.commands import run, tool
from tests.e2e.conftest import LoadStarter
from tests.e2e.figures import Figures
from tests.e2e.inside import forwarded
from tests.e2e.release import Release
from tests.e2e.waiting import wait_until

pytestmark = pytest.mark.timeout(1800)
CONDITION = "churn-drift"
ACCOUNT = "system:serviceaccount:{}:churn-drift"
SWITCHED_ON = (
    "gateway.predictionLog.enabled=true",
    "gateway.predictionLog.segmentSeconds=2",
    "monitoring.drift.enabled=true",
    "monitoring.drift.every=2s",
)


@pytest.fixture(scope="module")
def watching(release: Release, cluster: Cluster) -> Iterator[None]:
    """The release watches drift, as long as these tests last."""
    release.upgrade(*SWITCHED_ON)
    cluster.wait_settled("gateway")
    cluster.wait_ready("drift", 1)
    yield
    release.upgrade("monitoring.drift.enabled=false")


def condition(cluster: Cluster) -> dict[str, str]:
    """What retraining reads."""
    found: dict[str, str] | None = cluster.core.read_namespaced_config_map(CONDITION, cluster.namespace).data
    return found or {}


def customers_seen(cluster: Cluster, pod: Any) -> float:
    """As Prometheus would read it."""
    with forwarded(cluster.namespace, pod.metadata.name, 9090) as port:
        text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=60).text
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(f"{metrics.CUSTOMERS} "))


def test_it_sees_what_is_answered_and_goes_on_where_it_was(
    watching: None, start_load: LoadStarter, cluster: Cluster, figures: Figures
) -> None:
    del watching
    # Its user reaches the object storage by way of a Secret, and its rights after that: a minute or so.
    wait_until(lambda: int(condition(cluster).get("status") in {"True", "False"}), 400, "condition", every=1)
    (pod,) = cluster.wait_ready("drift", 1)
    with start_load() as load:
        wait_until(lambda: customers_seen(cluster, pod) > 0, 240, "customers", every=2)
        time.sleep(2)  # it may have seen some of before at once
        tally = load.stop()
    tally.assert_none_failed(100)
    before, said = customers_seen(cluster, pod), condition(cluster)
    assert said["type"] == "Drifted"
    assert said["model"].startswith("sha256:")
    cluster.core.delete_namespaced_pod(pod.metadata.name, cluster.namespace)
    (other,) = cluster.wait_new("drift", {pod.metadata.name})
    wait_until(lambda: customers_seen(cluster, other) >= before, 240, "customers of before", every=2)
    after = wait_until(
        lambda: now if (now := condition(cluster))["lastProbeTime"] > said["lastProbeTime"] else {}, 240, "later look"
    )
    assert after["model"] == said["model"]
    figures.record("drift watch on the cluster", customers=before, status=after["status"], features=after["features"])


def test_its_account_may_keep_its_condition_and_nothing_else(watching: None, cluster: Cluster) -> None:
    del watching
    mine = f"configmap/{CONDITION}"
    asked = {
        ("get", mine): True,
        ("patch", mine): True,
        ("delete", mine): False,
        ("create", "configmaps"): False,
        ("list", "configmaps"): False,
        ("patch", "configmap/churn-verify-key"): False,
        ("get", "secret/churn-s3-monitoring"): False,
        ("list", "pods"): False,
    }
    account = f"--as={ACCOUNT.format(cluster.namespace)}"
    found = {}
    for verb, resource in asked:
        words = ["auth", "can-i", verb, resource, account, "--namespace", cluster.namespace]
        found[verb, resource] = run([tool("kubectl"), *words], 30).stdout.strip() == "yes"
    assert found == asked

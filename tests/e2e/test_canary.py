"""A canary is asked about copies first, by commits; then its weight goes up and down under load: shares hold, customers
stay on their side, nobody's request fails."""

import math
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from churn_serving.core.policy import DecisionPolicy
from churn_serving.telemetry.names import FALLBACK
from tests.e2e.cluster import Cluster, restarts
from tests.e2e.conftest import LoadStarter, Training
from tests.e2e.figures import Figures
from tests.e2e.inside import forwarded
from tests.e2e.models import Model
from tests.e2e.release import Release
from tests.e2e.steady_load import CUSTOMERS, HTTP_RATE, SteadyLoad
from tests.e2e.trial import METRICS, Trial, trial, watched
from tests.e2e.waiting import wait_until

pytestmark = pytest.mark.timeout(900)
WEIGHTS = (10, 50, 100)
TRY_SECONDS = DecisionPolicy().try_seconds
# A kubelet looks at mounted ConfigMaps once a minute or so.
SYNC_SECONDS = 150
# Every customer is asked about once in this time; twice is asked, since late answers do not count.
ROUND_SECONDS = CUSTOMERS / HTTP_RATE + 1
MOST_ROUNDS = 10


@pytest.fixture(autouse=True)
def no_canary_left(release: Release, cluster: Cluster) -> Iterator[None]:
    """Whatever a test came to, the next one finds the release as this one did."""
    former = release.revision()
    yield
    release.rollback(former)
    cluster.wait_rolled_out("gateway")


class Sides(NamedTuple):
    """Who answered which customer over HTTP."""

    by_customer: dict[int, set[str]]

    @property
    def share(self) -> float:
        """Share of customers that the canary answered."""
        return len(self.on("canary")) / len(self.by_customer)

    def on(self, side: str) -> set[int]:
        """Customers that were ever answered there."""
        return {customer for customer, sides in self.by_customer.items() if side in sides}


def sides(load: SteadyLoad, begin: float, end: float) -> Sides:
    """Answers that took longer than a gateway gives one try are not counted: another side stands in for a late one."""
    found: dict[int, set[str]] = {}
    for record in load.between(begin, end).records:
        if record.protocol == "http" and not record.failure and record.seconds < TRY_SECONDS:
            found.setdefault(record.customer, set()).add(record.served_by)
    return Sides(found)


@pytest.fixture
def rollout(training: "Future[Training]", cluster: Cluster, tmp_path: Path) -> Iterator[Trial]:
    """The trained version is on trial by a commit, which nobody has brought to the cluster yet."""
    with trial(tmp_path) as begun:
        told = begun.start(cluster, str(training.result()[0]["version"]))
        assert (told["percent"], told["shadow_percent"]) == (0, 50)
        yield begun


def test_canary_up_and_down(
    start_load: LoadStarter, release: Release, cluster: Cluster, trained: Model, rollout: Trial, figures: Figures
) -> None:
    former = release.revision()
    seen: dict[int, Sides] = {}
    with start_load() as load:
        release.upgrade_by(rollout.file)
        wait_until(lambda: cluster.inference_service_is_ready("churn-canary"), 120, "ready canary")
        cluster.wait_settled("gateway")
        before = gateways(cluster)
        told = step_of_copies(rollout, cluster)
        by_copies = load.since(0)
        assert not by_copies.served_by["canary"]
        assert trained.digest not in by_copies.models, "a copy answers nobody"
        wait_until(lambda: utilization(cluster, "churn-canary") is not None, 60, "metrics at the canary's autoscaler")
        for weight in WEIGHTS:
            seen[weight] = at_weight(load, release, cluster, weight)
        back = at_weight(load, release, cluster, 0)
        assert gateways(cluster) == before, "a step rolls out no gateway and restarts none"
        release.rollback(former)
        cluster.wait_rolled_out("gateway")
        tally = load.stop()
    tally.assert_none_failed(3000)
    assert tally.models[trained.digest] > 0
    for weight, found in seen.items():
        assert_share(found, weight)
        torn = found.on("canary") & found.on("primary")
        assert not torn, f"at {weight} % {len(torn)} customers were answered by both sides"
    assert seen[10].on("canary") <= seen[50].on("canary") <= seen[100].on("canary")
    assert not back.on("canary")
    figures.record("copies for a canary", said=told["said"], **told["compared"], **by_copies.figures())
    figures.record(
        "canary 0, 10, 50, 100, 0",
        **tally.figures(),
        shares={str(weight): round(found.share, 3) for weight, found in seen.items()},
        customers=Counter(len(found.by_customer) for found in seen.values()).most_common(1)[0][0],
    )


def step_of_copies(rollout: Trial, cluster: Cluster) -> dict[str, Any]:
    """What the step said that has judged copies and committed the canary's first customers."""
    with watched(cluster, rollout.checkout.parent) as prometheus:
        told = wait_until(
            lambda: found if (found := rollout.step(prometheus))["commit"] else {}, 120, "commit of the next step"
        )
    compared = told["compared"]
    assert compared["customers"] >= 100, told
    assert 0 <= abs(compared["shift"]) <= compared["difference"] <= 0.5
    assert 0 <= compared["shares"][0] <= compared["shares"][1] <= compared["shares"][2] <= 1
    assert f"f {compared['customers']} customers scored by both models" in " ".join(rollout.message().split())
    written = yaml.safe_load(rollout.file.read_text())
    assert written["gateway"] == {"canaryPercent": WEIGHTS[0]}, "no copies beside customers"
    return told


def utilization(cluster: Cluster, name: str) -> int | None:
    """What an autoscaler has read of its pods, in percent of what they ask for."""
    found = cluster.scaling.read_namespaced_horizontal_pod_autoscaler(name, cluster.namespace).status
    active = {one.type: one.status for one in found.conditions or []}.get("ScalingActive")
    metrics = [one.container_resource for one in found.current_metrics or [] if one.container_resource]
    if active != "True" or not metrics:
        return None
    percent: int | None = metrics[0].current.average_utilization
    return percent


def at_weight(load: SteadyLoad, release: Release, cluster: Cluster, weight: int) -> Sides:
    """Set the weight; once every gateway has it, watch."""
    # One pod, and no autoscaler that starts more of them in between: who is late is stood in for by the primary.
    release.upgrade("canary.replicas=1", "gateway.canaryShadowPercent=0", f"gateway.canaryPercent={weight}")
    for pod in cluster.pods("gateway"):
        wait_for_weight(cluster, pod.metadata.name, weight)
    wait_until(
        lambda: len(cluster.pods("canary")) == len(cluster.ready_pods("canary")) == 1,
        90,
        "single pod of the canary",
        so_far=lambda: cluster.summary("canary"),
    )
    return watch(load, cluster, weight)


def watch(load: SteadyLoad, cluster: Cluster, weight: int) -> Sides:
    """Each customer is asked twice while nobody but late answers is stood in for.

    Where the machine has other work a breaker may open, and the primary stands in at once: then once more.
    """
    before: dict[str, float] = {}
    for _ in range(MOST_ROUNDS):
        before = stood_in(cluster)
        begin = time.time() + 1
        time.sleep(1 + 2 * ROUND_SECONDS)
        found = sides(load, begin, time.time())
        if stood_in(cluster) == before:
            return found
    raise AssertionError(f"at {weight} % others stood in for the canary all the time: {before}, {stood_in(cluster)}")


def stood_in(cluster: Cluster) -> dict[str, float]:
    """For how many requests, by gateway and reason, others have answered in the canary's place; but for those whose
    answer the canary did not give in time, which :func:`sides` leaves out."""
    found = {}
    for pod in cluster.ready_pods("gateway"):
        with forwarded(cluster.namespace, pod.metadata.name, METRICS) as port:
            text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
        for family in text_string_to_metric_families(text):
            for name, labels, value, *_ in family.samples:
                if name == FALLBACK and labels["backend"] == "canary" and labels["reason"] != "timeout" and value:
                    found[f"{pod.metadata.name} {labels['reason']}"] = value
    return found


def wait_for_weight(cluster: Cluster, pod: str, weight: int) -> None:
    with forwarded(cluster.namespace, pod, METRICS) as port:

        def arrived() -> bool:
            text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
            return f"churn_canary_share {weight / 100}\n" in text

        wait_until(arrived, SYNC_SECONDS, f"weight of {weight} percent at {pod}")


def gateways(cluster: Cluster) -> set[tuple[str, int]]:
    """Template and restarts of every gateway; the autoscaler may add pods of the same template and take them away."""
    return {(pod.metadata.labels["pod-template-hash"], restarts(pod)) for pod in cluster.pods("gateway")}


def assert_share(found: Sides, weight: int) -> None:
    """Within four standard deviations of what so many coins would show."""
    count, expected = len(found.by_customer), weight / 100
    assert count >= CUSTOMERS / 2
    slack = 4 * math.sqrt(expected * (1 - expected) / count)
    assert abs(found.share - expected) <= slack, f"{found.share:.3f} at a weight of {weight} %"


def test_the_fallback_stack_as_canary(
    start_load: LoadStarter, release: Release, cluster: Cluster, figures: Figures
) -> None:
    """BentoML behind the weight instead of a second InferenceService."""
    former = release.revision()
    with start_load() as load:
        release.upgrade("canary.enabled=true", "canary.target=fallback", "gateway.canaryPercent=50")
        cluster.wait_settled("gateway")
        found = watch(load, cluster, 50)
        release.rollback(former)
        cluster.wait_rolled_out("gateway")
        tally = load.stop()
    tally.assert_none_failed(1000)
    assert_share(found, 50)
    figures.record("BentoML as canary at 50", **tally.figures(), share=round(found.share, 3))

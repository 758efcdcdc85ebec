"""A canary's weight goes up and down under load: shares hold, customers stay on their side, nobody's request fails."""

import math
import time
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import httpx
import pytest

from tests.e2e.cluster import Cluster, restarts
from tests.e2e.conftest import LoadStarter
from tests.e2e.figures import Figures
from tests.e2e.inside import forwarded
from tests.e2e.models import Model
from tests.e2e.release import Release
from tests.e2e.steady_load import CUSTOMERS, HTTP_RATE, SteadyLoad
from tests.e2e.waiting import wait_until

pytestmark = pytest.mark.timeout(600)
WEIGHTS = (10, 50, 100)
METRICS = 9090
# A kubelet looks at mounted ConfigMaps once a minute or so.
SYNC_SECONDS = 150
# Every customer is asked about once in this time.
ROUND_SECONDS = CUSTOMERS / HTTP_RATE + 1


@pytest.fixture(autouse=True)
def no_canary_left(release: Release, cluster: Cluster) -> Iterator[None]:
    """Whatever a test came to, the next one finds the release as this one did."""
    former = release.revision()
    yield
    release.rollback(former)
    cluster.wait_rolled_out("gateway")


class Sides(NamedTuple):
    """Who answered which customer over HTTP; a stand-in for a side that was late, on a busy machine, too."""

    by_customer: dict[int, set[str]]

    @property
    def share(self) -> float:
        """Share of customers that the canary answered."""
        return len(self.on("canary")) / len(self.by_customer)

    def on(self, side: str) -> set[int]:
        """Customers that were ever answered there."""
        return {customer for customer, sides in self.by_customer.items() if side in sides}


def sides(load: SteadyLoad, begin: float, end: float) -> Sides:
    found: dict[int, set[str]] = {}
    for record in load.between(begin, end).records:
        if record.protocol == "http" and not record.failure:
            found.setdefault(record.customer, set()).add(record.served_by)
    return Sides(found)


def test_canary_up_and_down(
    start_load: LoadStarter, release: Release, cluster: Cluster, trained: Model, figures: Figures
) -> None:
    former = release.revision()
    seen: dict[int, Sides] = {}
    with start_load() as load:
        # One pod, and no autoscaler that starts more of them in between: who is late is stood in for by the primary.
        on_trial = (f"canary.model.uri={trained.uri}", f"canary.model.digest={trained.digest}")
        release.upgrade("canary.enabled=true", "canary.replicas=1", *on_trial)
        wait_until(lambda: cluster.inference_service_is_ready("churn-canary"), 120, "ready canary")
        cluster.wait_rolled_out("gateway")
        assert not sides(load, 0, time.time()).on("canary"), "weight 0 is no traffic at all"
        cluster.wait_settled("gateway")
        before = gateways(cluster)
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
    figures.record(
        "canary 0, 10, 50, 100, 0",
        **tally.figures(),
        shares={str(weight): round(found.share, 3) for weight, found in seen.items()},
        customers=Counter(len(found.by_customer) for found in seen.values()).most_common(1)[0][0],
    )


def at_weight(load: SteadyLoad, release: Release, cluster: Cluster, weight: int) -> Sides:
    """Set the weight; once every gateway has it, watch each customer be asked twice."""
    release.upgrade(f"gateway.canaryPercent={weight}")
    for pod in cluster.pods("gateway"):
        wait_for_weight(cluster, pod.metadata.name, weight)
    begin = time.time() + 1
    time.sleep(1 + 2 * ROUND_SECONDS)
    return sides(load, begin, time.time())


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
    assert count >= 0.95 * CUSTOMERS
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
        begin = time.time() + 1
        time.sleep(1 + ROUND_SECONDS)
        found = sides(load, begin, time.time())
        release.rollback(former)
        cluster.wait_rolled_out("gateway")
        tally = load.stop()
    tally.assert_none_failed(1000)
    assert_share(found, 50)
    figures.record("BentoML as canary at 50", **tally.figures(), share=round(found.share, 3))

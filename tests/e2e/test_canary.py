"""A canary is asked about copies first, by commits; then its weight goes up and down under load: shares hold, customers
stay on their side, nobody's request fails."""

import contextlib
import math
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from churn_serving.telemetry.names import CANARY_SHARE, FALLBACK
from tests.e2e.cluster import Cluster
from tests.e2e.conftest import LoadStarter, Training
from tests.e2e.figures import Figures
from tests.e2e.forwarding import NoWay
from tests.e2e.inside import forwarded
from tests.e2e.models import Model
from tests.e2e.release import Release
from tests.e2e.steady_load import CUSTOMERS, HTTP_RATE, Record, SteadyLoad
from tests.e2e.trial import METRICS, Trial, trial, watched
from tests.e2e.waiting import wait_until

pytestmark = pytest.mark.timeout(1800)
WEIGHTS = (10, 50, 100)
# A kubelet looks at mounted ConfigMaps once a minute or so.
SYNC_SECONDS = 300
# Every customer is asked about once in this time.
ROUND_SECONDS = CUSTOMERS / HTTP_RATE + 1
MOST_WINDOWS = 15


@pytest.fixture(autouse=True)
def no_canary_left(release: Release, cluster: Cluster) -> Iterator[None]:
    """Whatever a test came to, the next one finds the release as this one did."""
    former = release.revision()
    yield
    release.rollback(former)
    cluster.wait_rolled_out("gateway")


class Sides:
    """How often who answered which customer over HTTP; `stood_in`: for how many requests gateways say that others have
    answered in the canary's place, since it was late or they left it alone for a while."""

    def __init__(self) -> None:
        self.by_customer: dict[int, Counter[str]] = {}
        self.stood_in = 0.0

    def add(self, records: Iterable[Record], stood_in: float) -> None:
        """What a window showed."""
        for record in records:
            if record.protocol == "http" and not record.failure:
                self.by_customer.setdefault(record.customer, Counter())[record.served_by] += 1
        self.stood_in += stood_in

    @property
    def share(self) -> float:
        """Share of customers that the canary answered."""
        return len(self.on("canary")) / len(self.by_customer)

    def on(self, side: str) -> set[int]:
        """Customers that were ever answered there."""
        return {customer for customer, answers in self.by_customer.items() if answers[side]}

    @property
    def torn(self) -> int:
        """Answers by others to customers whom the canary answers, too."""
        return sum(answers.total() - answers["canary"] for answers in self.by_customer.values() if answers["canary"])


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
        wait_until(lambda: cluster.inference_service_is_ready("churn-canary"), 240, "ready canary")
        cluster.wait_settled("gateway")
        before = cluster.templates("gateway")
        told = step_of_copies(rollout, cluster)
        by_copies = load.since(0)
        assert not by_copies.served_by["canary"]
        assert trained.digest not in by_copies.models, "a copy answers nobody"
        wait_until(lambda: utilization(cluster, "churn-canary") is not None, 180, "metrics at the canary's autoscaler")
        there: set[int] = set()
        for weight in WEIGHTS:
            expected = there if weight < WEIGHTS[-1] else set(range(CUSTOMERS))
            seen[weight] = at_weight(load, release, cluster, weight, expected)
            there = seen[weight].on("canary")
        back = at_weight(load, release, cluster, 0)
        assert cluster.templates("gateway") <= before, "a step rolls out no gateway and restarts none"
        release.rollback(former)
        cluster.wait_rolled_out("gateway")
        tally = load.stop()
    tally.assert_none_failed(3000)
    assert tally.models[trained.digest] > 0
    for weight, found in seen.items():
        assert_share(found, weight)
        assert_on_their_side(found, weight)
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
        told: dict[str, Any] = {}

        def committed() -> bool:
            nonlocal told
            told = rollout.step(prometheus)
            return bool(told.get("commit"))

        wait_until(committed, 300, "commit of the next step", every=1, so_far=lambda: told)
    compared = told["compared"]
    # What a busy machine has kept from the canary, or its answer from the gateway, are calls without a comparison.
    assert told["calls"] >= 100, told
    assert compared["customers"] > 0, told
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


def at_weight(
    load: SteadyLoad, release: Release, cluster: Cluster, weight: int, expected: Collection[int] = ()
) -> Sides:
    """Set the weight; once every gateway has it, watch."""
    # One pod, and no autoscaler that starts more of them in between: who is late is stood in for by the primary.
    release.upgrade("canary.replicas=1", "gateway.canaryShadowPercent=0", f"gateway.canaryPercent={weight}")
    wait_until(
        lambda: set(metric(cluster, CANARY_SHARE).values()) == {weight / 100},
        SYNC_SECONDS,
        f"weight of {weight} percent at every gateway",
        every=2,
        so_far=lambda: metric(cluster, CANARY_SHARE),
    )
    wait_until(
        lambda: len(cluster.pods("canary")) == len(cluster.ready_pods("canary")) == 1,
        240,
        "single pod of the canary",
        so_far=lambda: cluster.summary("canary"),
    )
    return watch(load, cluster, expected)


def watch(load: SteadyLoad, cluster: Cluster, expected: Collection[int] = ()) -> Sides:
    """Each customer is asked twice, and again until the canary has answered all who are `expected` there: on a busy
    machine others stand in for it, perhaps for the same customer more than once."""
    found = Sides()
    for _ in range(MOST_WINDOWS):
        cluster.wait_settled("gateway")  # who leaves may have another weight
        before = metric(cluster, FALLBACK, backend="canary")
        begin = time.time()
        time.sleep(2 * ROUND_SECONDS)
        records = load.between(begin, time.time()).records
        after = metric(cluster, FALLBACK, backend="canary")
        # Where the autoscaler has taken a gateway away, what that one counted went with it.
        if before.keys() == after.keys():
            found.add(records, sum(after.values()) - sum(before.values()))
            if found.on("canary").issuperset(expected):
                return found
    late = sorted(set(expected) - found.on("canary"))
    raise AssertionError(f"the canary never answered {late}, {len(found.by_customer)} were asked: {found.stood_in}")


def metric(cluster: Cluster, name: str, **labels: str) -> dict[str, float]:
    """What every gateway shows of a metric, with all other labels together, by its pod; one that comes or goes at this
    moment is waited for."""

    def shown() -> dict[str, float]:
        ready = [pod.metadata.name for pod in cluster.ready_pods("gateway")]
        if len(ready) != len(cluster.pods("gateway")):
            return {}
        with contextlib.suppress(NoWay, httpx.HTTPError):
            return {pod: _shown(cluster, pod, name, labels) for pod in ready}
        return {}

    return wait_until(shown, 180, f"{name} of every gateway", every=1, so_far=lambda: cluster.summary("gateway"))


def _shown(cluster: Cluster, pod: str, name: str, labels: dict[str, str]) -> float:
    with forwarded(cluster.namespace, pod, METRICS) as port:
        shown = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=30).raise_for_status()
    samples = (sample for family in text_string_to_metric_families(shown.text) for sample in family.samples)
    return sum(one.value for one in samples if one.name == name and labels.items() <= one.labels.items())


def assert_on_their_side(found: Sides, weight: int) -> None:
    """Who belongs to the canary is answered by others only where gateways say that these stood in for it."""
    torn = f"at {weight} % others gave {found.torn} answers to customers of the canary"
    assert found.torn <= found.stood_in, f"{torn}, and stood in for it {found.stood_in:g} times"


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
        found = watch(load, cluster)
        release.rollback(former)
        cluster.wait_rolled_out("gateway")
        tally = load.stop()
    tally.assert_none_failed(1000)
    assert_share(found, 50)
    figures.record("BentoML as canary at 50", **tally.figures(), share=round(found.share, 3))

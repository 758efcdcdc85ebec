"""Load raises replicas of primary and gateway and they come in again by the chart's `behavior`; nobody notices."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Self

import pytest
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from tests.e2e.cluster import Cluster
from tests.e2e.conftest import LoadStarter
from tests.e2e.figures import Figures
from tests.e2e.steady_load import Tally
from tests.e2e.waiting import wait_until

pytestmark = pytest.mark.timeout(1800)
SCALED = ("gateway", "primary")
HIGH_RATES = (300.0, 400.0, 500.0)
"""Requests a second, the next where the one before was not enough: what is much for a processor differs by machine."""


class Timeline:
    """Replicas of Deployments, noted whenever they change: seconds, wanted, ready."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._started = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.changes: dict[str, list[tuple[float, int, int]]] = {component: [] for component in SCALED}
        self.marks: dict[str, float] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(10)

    def mark(self, what: str) -> None:
        """Note when something was done."""
        self.marks[what] = round(time.monotonic() - self._started, 1)

    def _watch(self) -> None:
        while not self._stop.wait(1):
            for component, changes in self.changes.items():
                with contextlib.suppress(ApiException, HTTPError):  # a busy API server; there is a next look
                    deployment = self._cluster.deployment(component)
                    now = (deployment.spec.replicas, deployment.status.ready_replicas or 0)
                    if not changes or changes[-1][1:] != now:
                        changes.append((round(time.monotonic() - self._started, 1), *now))

    def now(self) -> dict[str, int]:
        """Replicas that are wanted, as noted last."""
        return {component: changes[-1][1] for component, changes in self.changes.items()}

    def most(self, component: str) -> int:
        """The most ready replicas since the first mark: a test before this one may have left more."""
        since = min(self.marks.values(), default=0.0)
        return max((ready for seconds, _, ready in self.changes[component] if seconds >= since), default=0)

    def out(self, least: dict[str, int]) -> bool:
        """Whether every component has had more ready replicas than its least."""
        return all(self.most(component) > least[component] for component in SCALED)


@pytest.fixture
def timeline(at_rest: None, cluster: Cluster) -> Iterator[Timeline]:
    del at_rest
    with Timeline(cluster) as started:
        yield started


def autoscaler(cluster: Cluster, component: str) -> Any:
    return cluster.scaling.read_namespaced_horizontal_pod_autoscaler(f"churn-{component}", cluster.namespace)


def _load_until(reached: Callable[[], bool], start_load: LoadStarter, rate: float, timeline: Timeline) -> Tally | None:
    """What a load of this rate came to, which lasts until it has reached something or for 75 s; None where it was not
    needed any more."""
    if reached():
        return None
    with start_load(rate) as load:
        timeline.mark(f"load of {rate:g} a second begins")
        deadline = time.monotonic() + 75
        while not reached() and time.monotonic() < deadline:
            time.sleep(0.5)
        time.sleep(10)
        return load.stop()


def test_out_and_in_again(start_load: LoadStarter, cluster: Cluster, timeline: Timeline, figures: Figures) -> None:
    least = {component: autoscaler(cluster, component).spec.min_replicas for component in SCALED}
    wait_until(
        lambda: all(timeline.changes.values()) and timeline.now() == least,
        400,
        "least replicas",
        so_far=lambda: timeline.changes,
    )
    timeline.mark("at the least")
    high = [_load_until(lambda: timeline.out(least), start_load, rate, timeline) for rate in HIGH_RATES]
    assert timeline.out(least), f"no more ready replicas of gateway and primary; {timeline.changes}"
    timeline.mark("load ends")
    with start_load(20, 2) as load:
        wait_until(
            lambda: timeline.now() == least, 600, "return to the least replicas", so_far=lambda: timeline.changes
        )
        low = load.stop()
    timeline.mark("in again")
    for tally in high:
        if tally is not None:
            tally.assert_none_failed(1000)
    low.assert_none_failed(100)
    behavior = {component: autoscaler(cluster, component).spec.behavior.to_dict() for component in SCALED}
    figures.record(
        "autoscaling",
        load={rate: tally.figures() for rate, tally in zip(HIGH_RATES, high, strict=True) if tally is not None},
        afterwards=low.figures(),
        seconds_wanted_ready=timeline.changes,
        marks=timeline.marks,
        behavior=behavior,
    )

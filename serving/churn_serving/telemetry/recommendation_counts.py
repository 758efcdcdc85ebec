"""Which actions customers were recommended, by segment and by the model that answered.

A counter of the client library takes a lock a customer, and a request may have ten thousand; this one adds to plain
numbers and becomes a metric when a scraper asks. One thread counts; any may collect.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from churn_serving.telemetry.bounded_children import BoundedChildren


class Segment(Protocol):
    """A segment as customers' answers name it."""

    @property
    def id(self) -> int:
        """From 1."""

    @property
    def name(self) -> str:
        """For people."""


class Action(Protocol):
    """An action as customers' answers name it."""

    @property
    def id(self) -> str:
        """What the use case calls it."""


class Recommendation(Protocol):
    """What one customer was answered, as far as it is counted."""

    @property
    def segment(self) -> Segment:
        """Where the customer belongs."""

    @property
    def action(self) -> Action:
        """What is to be done."""


class Recommended:
    """What customers were recommended by one model; ``counts`` by an action's id, then by a segment's. Names of
    segments are a model's own, so that they are looked at once."""

    __slots__ = ("counts", "names")

    def __init__(self) -> None:
        self.counts: dict[str, dict[int, int]] = {}
        self.names: dict[int, str] = {}

    def add(self, recommendations: Iterable[Recommendation]) -> None:
        """Count customers; some 0.1 µs each."""
        counts = self.counts
        for one in recommendations:
            try:
                counts[one.action.id][one.segment.id] += 1
            except KeyError:
                self._add_first(one)

    def _add_first(self, one: Recommendation) -> None:
        segment = one.segment
        self.names[segment.id] = segment.name
        self.counts.setdefault(one.action.id, {})[segment.id] = 1


class RecommendationCounts(Collector):
    """One counter for each segment and action of a model; the label at ``position`` tells models apart, ``maximum`` are
    kept."""

    def __init__(self, name: str, documentation: str, labels: Sequence[str], position: int, maximum: int) -> None:
        self._name, self._documentation, self._labels = name, documentation, labels
        self.children: BoundedChildren[Recommended] = BoundedChildren(
            lambda _: Recommended(), lambda _: None, position, maximum
        )
        """Counts by the values of a model's labels."""

    def collect(self) -> Iterable[Metric]:
        """The interface that registries ask."""
        family = CounterMetricFamily(self._name, self._documentation, labels=self._labels)
        for model, recommended in self.children.copy().items():
            for action, counts in recommended.counts.copy().items():
                for segment, count in counts.copy().items():
                    family.add_metric((*model, str(segment), recommended.names[segment], action), count)
        yield family

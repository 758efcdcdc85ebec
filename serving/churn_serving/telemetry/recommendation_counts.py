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

Recommended = tuple[int, str, str]  # a segment's id and name, and an action's id
_Counts = dict[Recommended, int]


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


class RecommendationCounts(Collector):
    """One counter for each segment and action of a model; the label at ``position`` tells models apart, ``maximum`` are
    kept."""

    def __init__(self, name: str, documentation: str, labels: Sequence[str], position: int, maximum: int) -> None:
        self._name, self._documentation, self._labels = name, documentation, labels
        self.children: BoundedChildren[_Counts] = BoundedChildren(lambda _: {}, lambda _: None, position, maximum)
        """Counts by the values of a model's labels."""

    def add(self, model: tuple[str, ...], recommendations: Iterable[Recommendation]) -> None:
        """Count what customers were recommended by a model; some 0.1 µs each."""
        counts = self.children[model]
        for one in recommendations:
            segment = one.segment
            key = (segment.id, segment.name, one.action.id)
            counts[key] = counts.get(key, 0) + 1

    def collect(self) -> Iterable[Metric]:
        """The interface that registries ask."""
        family = CounterMetricFamily(self._name, self._documentation, labels=self._labels)
        for model, counts in self.children.copy().items():
            for recommendation, count in counts.copy().items():
                segment, *others = recommendation
                family.add_metric((*model, str(segment), *others), count)
        yield family

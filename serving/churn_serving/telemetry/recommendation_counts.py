"""Which actions customers were recommended, by segment and by the model that answered.

A counter of the client library takes a lock a customer, and a request may have ten thousand; this one adds to plain
numbers and becomes a metric when a scraper asks. One thread counts; any may collect.
"""

from collections.abc import Iterable, Sequence

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from churn_serving.telemetry.bounded_children import BoundedChildren

Recommendation = tuple[str, str, str]  # a segment's id and name, an action's id
_Counts = dict[Recommendation, int]


class RecommendationCounts(Collector):
    """One counter for each segment and action of a model; the label at ``position`` tells models apart, ``maximum`` are
    kept."""

    def __init__(self, name: str, documentation: str, labels: Sequence[str], position: int, maximum: int) -> None:
        self._name, self._documentation, self._labels = name, documentation, labels
        self._children: BoundedChildren[_Counts] = BoundedChildren(lambda _: {}, lambda _: None, position, maximum)

    def add(self, model: tuple[str, ...], recommendations: Iterable[Recommendation]) -> None:
        """Count what customers were recommended by a model; some 0.1 µs each."""
        counts = self._children[model]
        for recommendation in recommendations:
            counts[recommendation] = counts.get(recommendation, 0) + 1

    def collect(self) -> Iterable[Metric]:
        """The interface that registries ask."""
        family = CounterMetricFamily(self._name, self._documentation, labels=self._labels)
        for model, counts in list(self._children.items()):
            for recommendation, count in list(counts.items()):
                family.add_metric((*model, *recommendation), count)
        yield family

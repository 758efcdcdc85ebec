"""How churn probabilities are distributed, by the model that gave them.

A histogram of the client library takes microseconds an observation, and a request may have ten thousand customers; this
one adds to plain numbers and becomes a metric when a scraper asks. One thread observes; any may collect.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate

from prometheus_client import Metric
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from churn_serving.telemetry.bounded_children import BoundedChildren


class _Counts:
    """Observations within each bound alone, the last beyond all, and the sum of all."""

    __slots__ = ("buckets", "total")

    def __init__(self, bounds: int) -> None:
        self.buckets = [0] * (bounds + 1)
        self.total = 0.0


class ScoreHistogram(Collector):
    """One histogram for each model; the label at ``position`` tells models apart, ``maximum`` are kept."""

    def __init__(
        self, name: str, documentation: str, labels: Sequence[str], bounds: Sequence[float], position: int, maximum: int
    ) -> None:
        self._name, self._documentation, self._labels = name, documentation, labels
        self._bounds = tuple(bounds)
        self._texts = [*map(floatToGoString, bounds), "+Inf"]
        self._children = BoundedChildren(lambda _: _Counts(len(bounds)), lambda _: None, position, maximum)

    def observe(self, labels: tuple[str, ...], values: Sequence[float]) -> None:
        """Take in values from 0 to 1; some 0.1 µs each."""
        counts = self._children[labels]
        buckets, bounds = counts.buckets, self._bounds
        for value in values:
            buckets[bisect_left(bounds, value)] += 1
        counts.total += sum(values)

    def collect(self) -> Iterable[Metric]:
        """The interface that registries ask."""
        family = HistogramMetricFamily(self._name, self._documentation, labels=self._labels)
        for labels, counts in list(self._children.items()):
            within = zip(self._texts, accumulate(list(counts.buckets)), strict=True)
            family.add_metric(labels, [(text, float(count)) for text, count in within], counts.total)
        yield family

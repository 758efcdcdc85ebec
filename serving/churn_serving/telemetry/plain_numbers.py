"""Counters and histograms that are plain numbers until a scraper asks.

Those of the client library take a lock for every number that they add to, and one request adds to a dozen. Here one
thread counts, and any may collect: what it reads may be a request behind, and nothing is ever lost. It must not know
what is counted.
"""

import time
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, Exemplar, HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from churn_serving.telemetry.tracing import Trace

Values = tuple[str, ...]


class Count:
    """A number that only grows; whoever counts adds to ``value``."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0


class Distribution:
    """Observations within each bound alone, the last beyond all, and the sum of all; of each bucket the newest example,
    if any: a trace's id, the observation and when it was made, in Unix time."""

    __slots__ = ("_bounds", "buckets", "examples", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self.buckets = [0] * (len(bounds) + 1)
        self.examples: dict[int, tuple[str, float, float]] = {}
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Take in one value; some 0.15 µs."""
        self.buckets[bisect_left(self._bounds, value)] += 1
        self.total += value

    def observe_traced(self, value: float, trace: Trace) -> None:
        """The same, and the trace becomes the example of such values."""
        place = bisect_left(self._bounds, value)
        self.buckets[place] += 1
        self.total += value
        self.examples[place] = (trace.id, value, time.time())

    def observe_all(self, values: Sequence[float]) -> None:
        """Take in many; some 0.1 µs each."""
        if len(values) == 1:
            return self.observe(values[0])
        buckets, bounds = self.buckets, self._bounds
        for value in values:
            buckets[bisect_left(bounds, value)] += 1
        self.total += sum(values)
        return None


class PlainCounter(Collector):
    """A metric of counts by the values of its labels. A count that was dropped begins at zero if it comes back, which
    rates understand."""

    def __init__(self, name: str, documentation: str, labels: Sequence[str]) -> None:
        self._family = (name, documentation, None, labels)
        self._children: dict[Values, Count] = {}

    def child(self, values: Values) -> Count:
        """The count of these labels; it is shown from now on."""
        return self._children.setdefault(values, Count())

    def drop(self, values: Values) -> None:
        """Show the count of these labels no more."""
        self._children.pop(values, None)

    def collect(self) -> Iterable[Metric]:
        """The interface that registries ask."""
        family = CounterMetricFamily(*self._family)
        # Of a copy, made in one step: another thread may add labels while a list is made.
        for values, count in self._children.copy().items():
            family.add_metric(values, count.value)
        yield family


class PlainHistogram(Collector):
    """A metric of distributions by the values of its labels."""

    def __init__(self, name: str, documentation: str, labels: Sequence[str], bounds: Sequence[float]) -> None:
        self._family = (name, documentation, None, None, labels)
        self._bounds = tuple(bounds)
        self._texts = [*map(floatToGoString, self._bounds), "+Inf"]
        self._children: dict[Values, Distribution] = {}

    def child(self, values: Values) -> Distribution:
        """The distribution of these labels; it is shown from now on."""
        found = self._children.get(values)
        if found is None:
            found = self._children[values] = Distribution(self._bounds)
        return found

    def drop(self, values: Values) -> None:
        """Show the distribution of these labels no more."""
        self._children.pop(values, None)

    def collect(self) -> Iterable[Metric]:
        """The interface that registries ask."""
        family = HistogramMetricFamily(*self._family)
        for values, found in self._children.copy().items():
            within = accumulate(list(found.buckets))
            examples = dict(found.examples)
            buckets = [
                (text, float(count), _example(examples[place])) if place in examples else (text, float(count))
                for place, (text, count) in enumerate(zip(self._texts, within, strict=True))
            ]
            family.add_metric(values, buckets, found.total)
        yield family


def _example(told: tuple[str, float, float]) -> Exemplar:
    trace_id, value, seen = told
    return Exemplar({"trace_id": trace_id}, value, seen)

"""What is counted of copies that a canary is asked about while the primary answers: how they ended, and by how much the
two models differ.

Differences are added to plain numbers, as scores are, and become metrics when a scraper asks. One thread observes; any
may collect. It must not know who sends copies.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry, Counter, Gauge, Metric
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from churn_serving.telemetry import names
from churn_serving.telemetry.bounded_children import BoundedChildren

HIGHER, LOWER = "higher", "lower"
_BOUNDS = names.DIFFERENCE_BUCKETS
_TEXTS = [*map(floatToGoString, _BOUNDS), "+Inf"]
_PAIR = (names.DIGEST, names.BESIDE)
_APART = " "  # stands in no digest


class _Counts:
    """Differences within each bound alone, the last beyond all; sums of those upwards and of those downwards."""

    __slots__ = ("buckets", "higher", "lower")

    def __init__(self) -> None:
        self.buckets = [0] * (len(_BOUNDS) + 1)
        self.higher = 0.0
        self.lower = 0.0


class _Differences(Collector):
    """One histogram and two sums for each pair of models; as many pairs are kept as models elsewhere."""

    def __init__(self) -> None:
        self._children: BoundedChildren[_Counts] = BoundedChildren(
            lambda _: _Counts(), lambda _: None, 0, names.MAXIMUM_MODELS
        )

    def observe(self, digest: str, beside: str, probabilities: Sequence[float], others: Sequence[float]) -> None:
        """Take in what two models said of the same customers, in the same order; the longer one's rest is left out."""
        counts = self._children[(f"{digest}{_APART}{beside}",)]
        buckets = counts.buckets
        for probability, other in zip(probabilities, others, strict=False):
            shift = probability - other
            if shift >= 0.0:
                counts.higher += shift
                buckets[bisect_left(_BOUNDS, shift)] += 1
            else:
                counts.lower -= shift
                buckets[bisect_left(_BOUNDS, -shift)] += 1

    def collect(self) -> Iterable[Metric]:
        """The interface that registries ask."""
        words = "By how much the probability of the canary's model differs from that of the model that answered."
        differences = HistogramMetricFamily(names.SHADOW_DIFFERENCE, words, labels=_PAIR)
        words = "Sums of those differences, of probabilities that are higher at the canary and of those that are lower."
        shifts = CounterMetricFamily(names.SHADOW_SHIFT, words, labels=(*_PAIR, names.DIRECTION))
        for (pair,), counts in self._children.copy().items():
            models = pair.split(_APART)
            within = zip(_TEXTS, accumulate(list(counts.buckets)), strict=True)
            buckets = [(text, float(count)) for text, count in within]
            differences.add_metric(models, buckets, counts.higher + counts.lower)
            shifts.add_metric([*models, HIGHER], counts.higher)
            shifts.add_metric([*models, LOWER], counts.lower)
        yield differences
        yield shifts


class ShadowMetrics:
    """Implements the core's observer of copies on a registry; all of it is there, at zero, before the first copy."""

    def __init__(self, registry: CollectorRegistry) -> None:
        calls = Counter(
            names.SHADOW_CALLS, "Copies for the canary by how they ended, and the model it had.",
            (names.OUTCOME, names.DIGEST), registry=registry,
        )  # fmt: skip
        self._calls = BoundedChildren(
            lambda values: calls.labels(*values),
            lambda values: calls.remove(*values),
            1,
            names.MAXIMUM_MODELS,
        )
        words = "Copies that were not sent, since too many were under way."
        self._dropped = Counter(names.SHADOW_DROPPED, words, registry=registry)
        words = "Share of requests that the canary is asked about when the primary has answered them."
        self._share = Gauge(names.SHADOW_SHARE, words, registry=registry)
        self._differences = _Differences()
        registry.register(self._differences)

    def shadow_share(self, share: float) -> None:
        """From now on copies of this share of requests are sent, 0 to 1."""
        self._share.set(share)

    def shadow_ended(self, outcome: str, digest: str) -> None:
        """A copy came to this, whether it was sent or not; the model is the one that answered, or else the one that the
        canary was last seen with."""
        self._calls[outcome, digest].inc()

    def shadow_dropped(self) -> None:
        """A copy was not sent, since too many were under way."""
        self._dropped.inc()

    def shadow_compared(
        self, digest: str, beside: str, probabilities: Sequence[float], others: Sequence[float]
    ) -> None:
        """The canary's model said this of customers to whom the model ``beside`` it had given ``others``."""
        self._differences.observe(digest, beside, probabilities, others)

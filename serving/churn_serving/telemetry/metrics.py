"""The gateway's metrics. Label children are resolved once and kept, since looking one up costs more than counting; what
every request counts are plain numbers, added to by the thread of its event loop alone.

Values of labels are bounded: routes, backends and codes by the code, reasons and outcomes by its errors, features by
the signed schema, models by :data:`churn_serving.telemetry.names.MAXIMUM_MODELS`.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import NamedTuple

from prometheus_client import Counter, Gauge

from churn_serving.telemetry import names
from churn_serving.telemetry.answer_tallies import AnswerTallies
from churn_serving.telemetry.bounded_children import BoundedChildren
from churn_serving.telemetry.gateway_families import (
    COUNTERS,
    GAUGES,
    HISTOGRAMS,
    PLAIN_COUNTERS,
    RECOMMENDATIONS,
)
from churn_serving.telemetry.plain_numbers import Count, Distribution, PlainCounter, PlainHistogram
from churn_serving.telemetry.process_metrics import FILE_OUTCOMES, ProcessMetrics, expect
from churn_serving.telemetry.recommendation_counts import Recommendation, RecommendationCounts
from churn_serving.telemetry.tracing import Trace

_OPEN = 2
_UNANSWERED_CODES = ("500", "503")


class ServedModel(NamedTuple):
    """The model a backend serves; ``created`` in Unix time, None where its package does not say."""

    name: str
    version: str
    digest: str
    created: float | None = None


class GatewayMetrics(ProcessMetrics):
    """Counters and histograms on a registry of their own, so that tests and processes never share state."""

    def __init__(self) -> None:
        super().__init__("gateway")
        own = self.registry
        self._counters = counters = {name: Counter(name, *family, registry=own) for name, family in COUNTERS.items()}
        self._gauges = {name: Gauge(name, *family, registry=own) for name, family in GAUGES.items()}
        for files in (names.API_KEY_LOADS, names.CANARY_WEIGHT_LOADS):
            expect(counters[files], FILE_OUTCOMES)
        self._plain = plain = {name: PlainCounter(name, *family) for name, family in PLAIN_COUNTERS.items()}
        histograms = {
            name: PlainHistogram(name, words, labels, bounds) for name, (words, labels, bounds) in HISTOGRAMS.items()
        }
        for collector in (*plain.values(), *histograms.values()):
            own.register(collector)
        self._answered = _answered(plain[names.REQUESTS], histograms[names.REQUEST_SECONDS])
        self._called = _called(
            plain[names.BACKEND_CALLS], histograms[names.BACKEND_SECONDS], histograms[names.BATCH_ROWS]
        )
        self._scores = _by_model(histograms[names.SCORES])
        self._unseen = cache(counters[names.UNSEEN_LEVELS].labels)
        self._missing = cache(counters[names.MISSING_VALUES].labels)
        words, labels = RECOMMENDATIONS
        self._recommendations = RecommendationCounts(
            names.RECOMMENDATIONS, words, labels, labels.index(names.DIGEST), names.MAXIMUM_MODELS
        )
        own.register(self._recommendations)
        self.tallies = AnswerTallies(self._answered, self._scores, self._recommendations, _CODES)
        """What an answer adds to; see :mod:`churn_serving.telemetry.witness`."""
        self.lines_left_out = plain[names.LOG_LEFT_OUT].child(())
        """Of the request log, by :mod:`churn_serving.telemetry.line_budget`."""
        self._models: dict[str, ServedModel] = {}

    def expect_routes(self, routes: Iterable[str]) -> None:
        """Show that nothing went wrong there yet: a series that begins with its first failure hides it from rates."""
        for route in routes:
            for code in _UNANSWERED_CODES:
                self._plain[names.REQUESTS].child((route, "none", "", code))

    def expect_shedding(self, reasons: Iterable[str]) -> None:
        """The same of requests that were refused early."""
        expect(self._counters[names.SHED], reasons)

    def watch(self, gauge: str, read: Callable[[], float], *labels: str) -> None:
        """From now on a gauge is what ``read`` says when a scraper asks, on its thread."""
        family = self._gauges[gauge]
        (family.labels(*labels) if labels else family).set_function(read)

    def answered(
        self, route: str, served_by: str, model_version: str, code: int, seconds: float, trace: Trace | None = None
    ) -> None:
        """One request was answered with HTTP status (or its gRPC equivalent) ``code``; a trace that its caller keeps
        becomes the example of its latency."""
        count, distribution = self._answered[route, served_by, model_version, _CODES[code]]
        count.value += 1
        if trace is not None and trace.sampled:
            distribution.observe_traced(seconds, trace)
        else:
            distribution.observe(seconds)

    def scored(self, name: str, digest: str, served_by: str, probabilities: Sequence[float]) -> None:
        """Customers were given these churn probabilities by a model."""
        self._scores[name, digest, served_by].observe_all(probabilities)

    def recommended(self, name: str, digest: str, recommendations: Iterable[Recommendation]) -> None:
        """Customers of these segments were recommended these actions by a model."""
        self._recommendations.children[name, digest].add(recommendations)

    def backend_called(self, backend: str, rows: int, seconds: float, outcome: str, digest: str) -> None:
        """One call with ``rows`` customers to a backend ended in ``outcome``."""
        count, duration, size = self._called[backend, outcome, digest]
        count.value += 1
        duration.buckets[bisect_left(names.LATENCY_BUCKETS, seconds)] += 1
        duration.total += seconds
        size.buckets[bisect_left(names.ROWS_BUCKETS, rows)] += 1
        size.total += rows

    def backend_state(self, backend: str, state: int) -> None:
        """The breaker of a backend changed: 0 closed, 1 half open, 2 open."""
        self._gauges[names.BACKEND_STATE].labels(backend).set(state)
        self._counters[names.BREAKER_OPENINGS].labels(backend).inc(int(state == _OPEN))

    def fell_back(self, backend: str, reason: str) -> None:
        """A request went on from a backend without its answer."""
        self._counters[names.FALLBACK].labels(backend, reason).inc()

    def diverted(self, reason: str, served_by: str) -> None:
        """A request was answered by another than its first choice."""
        self._counters[names.FALLBACK_REQUESTS].labels(reason, served_by).inc()

    def shed(self, reason: str) -> None:
        """A request was refused early."""
        self._counters[names.SHED].labels(reason).inc()

    def explained(self, outcome: str) -> None:
        """A request asked for reasons: given, late, failed, busy or unavailable."""
        self._counters[names.EXPLANATIONS].labels(outcome).inc()

    def unauthenticated(self, reason: str) -> None:
        """A caller was turned away: its key was missing, unknown or expired."""
        self._counters[names.AUTHENTICATION_REFUSED].labels(reason).inc()

    def api_keys_loaded(self, outcome: str) -> None:
        """A changed file of API keys was read, or was refused; may be called from any thread."""
        self._counters[names.API_KEY_LOADS].labels(outcome).inc()

    def canary_share(self, share: float) -> None:
        """From now on the canary is asked about this share of customers, 0 to 1."""
        self._gauges[names.CANARY_SHARE].set(share)

    def canary_weight_loaded(self, outcome: str) -> None:
        """A changed file of the canary's weight was read, or was refused; may be called from any thread."""
        self._counters[names.CANARY_WEIGHT_LOADS].labels(outcome).inc()

    def values_noted(self, feature: str, customers: int, *, unseen: bool) -> None:
        """Customers who were scored have a level that training never saw, or no value."""
        (self._unseen if unseen else self._missing)(feature).inc(customers)

    def log_dropped(self, lines: int) -> None:
        """Lines of the request log were lost; may be called from any thread."""
        self._counters[names.LOG_DROPPED].inc(lines)

    def model_served(self, backend: str, model: ServedModel) -> None:
        """A backend serves this model from now on."""
        if self._models.get(backend) == model:
            return
        self.model_forgotten(backend)
        self._models[backend] = model
        self._gauges[names.MODEL_INFO].labels(backend, *model[:3]).set(1)
        if model.created is not None:
            self._gauges[names.MODEL_CREATED].labels(backend, model.digest).set(model.created)

    def model_forgotten(self, backend: str) -> None:
        """What a backend serves is not believed any more."""
        former = self._models.pop(backend, None)
        if former is not None:
            self._gauges[names.MODEL_INFO].remove(backend, *former[:3])
            self._gauges[names.MODEL_CREATED].remove(backend, former.digest)


class _Texts(dict[int, str]):
    """Codes as labels have them; there are as many as statuses."""

    def __missing__(self, code: int) -> str:
        text = self[code] = str(code)
        return text


_CODES = _Texts()


def _answered(requests: PlainCounter, seconds: PlainHistogram) -> BoundedChildren[tuple[Count, Distribution]]:
    """What an answer counts, by route, who served, the model's version and the code; of the latter not by version."""
    return BoundedChildren(
        lambda values: (requests.child(values), seconds.child((values[0], values[1], values[3]))),
        requests.drop,
        2,
        names.MAXIMUM_MODELS,
    )


def _called(
    calls: PlainCounter, seconds: PlainHistogram, rows: PlainHistogram
) -> BoundedChildren[tuple[Count, Distribution, Distribution]]:
    """What a backend's call counts, by backend, outcome and digest."""
    return BoundedChildren(
        lambda values: (calls.child(values), seconds.child(values[:2]), rows.child(values[:1])),
        calls.drop,
        2,
        names.MAXIMUM_MODELS,
    )


def _by_model(scores: PlainHistogram) -> BoundedChildren[Distribution]:
    """Distributions of scores by a model's name, its digest and who served."""
    return BoundedChildren(scores.child, scores.drop, 1, names.MAXIMUM_MODELS)

"""The gateway's metrics. Label children are resolved once and kept, since looking one up costs more than counting."""

from collections.abc import Mapping, Sequence
from functools import cache

from prometheus_client import Counter, Gauge, Histogram

from churn_serving.telemetry import names
from churn_serving.telemetry.names import (
    BACKEND,
    CODE,
    DIGEST,
    FEATURE,
    LATENCY_BUCKETS,
    MODEL_VERSION,
    OUTCOME,
    REASON,
    ROUTE,
    ROWS_BUCKETS,
    SERVED_BY,
)
from churn_serving.telemetry.process_metrics import ProcessMetrics

_Family = tuple[str, tuple[str, ...]]  # what it says to people, its labels

_COUNTERS: Mapping[str, _Family] = {
    names.REQUESTS: ("Requests answered.", (ROUTE, SERVED_BY, MODEL_VERSION, CODE)),
    names.BACKEND_CALLS: ("Calls to a backend by how they ended, and the model it had.", (BACKEND, OUTCOME, DIGEST)),
    names.FALLBACK: ("Requests that left their first choice, by reason.", (REASON,)),
    names.SHED: ("Requests refused early under load, by reason.", (REASON,)),
    names.EXPLANATIONS: ("Requests that asked for reasons: given, or why there were none.", (OUTCOME,)),
    names.UNSEEN_LEVELS: ("Customers with a level that training never saw, by feature.", (FEATURE,)),
    names.MISSING_VALUES: ("Customers without a value, by feature.", (FEATURE,)),
    names.LOG_DROPPED: ("Lines of the request log that were lost.", ()),
    names.AUTHENTICATION_REFUSED: ("Requests without a key that may call, by reason.", (REASON,)),
    names.API_KEY_LOADS: ("Changed files of API keys, read or refused.", (OUTCOME,)),
    names.CANARY_WEIGHT_LOADS: ("Changed files of the canary's weight, read or refused.", (OUTCOME,)),
}
_GAUGES: Mapping[str, _Family] = {
    names.BACKEND_STATE: ("Breaker of a backend: 0 closed, 1 half open, 2 open.", (BACKEND,)),
    names.MODEL_INFO: ("1 for the model a backend serves.", (BACKEND, "name", MODEL_VERSION, DIGEST)),
    names.CANARY_SHARE: ("Share of customers that the canary is asked about.", ()),
}
_HISTOGRAMS: Mapping[str, tuple[str, tuple[str, ...], Sequence[float]]] = {
    names.REQUEST_SECONDS: (
        "Seconds from request to answer, inside the gateway.", (ROUTE, SERVED_BY), LATENCY_BUCKETS,
    ),
    names.BACKEND_SECONDS: ("Seconds a backend took for one call.", (BACKEND, OUTCOME), LATENCY_BUCKETS),
    names.BATCH_ROWS: ("Customers in one call to a backend.", (BACKEND,), ROWS_BUCKETS),
}  # fmt: skip


class GatewayMetrics(ProcessMetrics):
    """Counters and histograms on a registry of their own, so that tests and processes never share state."""

    def __init__(self) -> None:
        super().__init__()
        own = self.registry
        counters = {name: Counter(name, *family, registry=own) for name, family in _COUNTERS.items()}
        gauges = {name: Gauge(name, *family, registry=own) for name, family in _GAUGES.items()}
        histograms = {
            name: Histogram(name, words, labels, buckets=buckets, registry=own)
            for name, (words, labels, buckets) in _HISTOGRAMS.items()
        }
        self._counters, self._gauges = counters, gauges
        self._requests = cache(counters[names.REQUESTS].labels)
        self._seconds = cache(histograms[names.REQUEST_SECONDS].labels)
        self._backend_calls = cache(counters[names.BACKEND_CALLS].labels)
        self._backend_seconds = cache(histograms[names.BACKEND_SECONDS].labels)
        self._backend_rows = cache(histograms[names.BATCH_ROWS].labels)
        self._unseen = cache(counters[names.UNSEEN_LEVELS].labels)
        self._missing = cache(counters[names.MISSING_VALUES].labels)
        self._models: dict[str, tuple[str, str, str]] = {}

    def answered(self, route: str, served_by: str, model_version: str, code: int, seconds: float) -> None:
        """One request was answered with HTTP status (or its gRPC equivalent) ``code``."""
        self._requests(route, served_by, model_version, code).inc()
        self._seconds(route, served_by).observe(seconds)

    def backend_called(self, backend: str, rows: int, seconds: float, outcome: str, digest: str) -> None:
        """One call with ``rows`` customers to a backend ended in ``outcome``."""
        self._backend_calls(backend, outcome, digest).inc()
        self._backend_seconds(backend, outcome).observe(seconds)
        self._backend_rows(backend).observe(rows)

    def backend_state(self, backend: str, state: int) -> None:
        """The breaker of a backend changed: 0 closed, 1 half open, 2 open."""
        self._gauges[names.BACKEND_STATE].labels(backend).set(state)

    def fell_back(self, reason: str) -> None:
        """A request left its first choice."""
        self._counters[names.FALLBACK].labels(reason).inc()

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

    def model_served(self, backend: str, name: str, version: str, digest: str) -> None:
        """A backend serves this model from now on."""
        former = self._models.get(backend)
        if former is not None and former != (name, version, digest):
            self._gauges[names.MODEL_INFO].remove(backend, *former)
        self._models[backend] = (name, version, digest)
        self._gauges[names.MODEL_INFO].labels(backend, name, version, digest).set(1)

    def model_forgotten(self, backend: str) -> None:
        """What a backend serves is not believed any more."""
        former = self._models.pop(backend, None)
        if former is not None:
            self._gauges[names.MODEL_INFO].remove(backend, *former)

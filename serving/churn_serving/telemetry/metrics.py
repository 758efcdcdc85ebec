"""The gateway's metrics. Label children are resolved once and kept, since looking one up costs more than counting."""

from functools import cache

from prometheus_client import Counter, Gauge, Histogram

from churn_serving.telemetry import names
from churn_serving.telemetry.process_metrics import ProcessMetrics


class GatewayMetrics(ProcessMetrics):
    """Counters and histograms on a registry of their own, so that tests and processes never share state."""

    def __init__(self) -> None:
        super().__init__()
        self._requests = Counter(
            names.REQUESTS, "Requests answered.",
            (names.ROUTE, names.SERVED_BY, names.MODEL_VERSION, names.CODE), registry=self.registry,
        )  # fmt: skip
        self._seconds = Histogram(
            names.REQUEST_SECONDS, "Seconds from request to answer, inside the gateway.",
            (names.ROUTE, names.SERVED_BY), buckets=names.LATENCY_BUCKETS, registry=self.registry,
        )  # fmt: skip
        self._backend_seconds = Histogram(
            names.BACKEND_SECONDS, "Seconds a backend took for one call.",
            (names.BACKEND, names.OUTCOME), buckets=names.LATENCY_BUCKETS, registry=self.registry,
        )  # fmt: skip
        self._backend_calls = Counter(
            names.BACKEND_CALLS, "Calls to a backend by how they ended, and the model it had.",
            (names.BACKEND, names.OUTCOME, names.DIGEST), registry=self.registry,
        )  # fmt: skip
        self._backend_rows = Histogram(
            names.BATCH_ROWS, "Customers in one call to a backend.",
            (names.BACKEND,), buckets=names.ROWS_BUCKETS, registry=self.registry,
        )  # fmt: skip
        self._state = Gauge(
            names.BACKEND_STATE, "Breaker of a backend: 0 closed, 1 half open, 2 open.",
            (names.BACKEND,), registry=self.registry,
        )  # fmt: skip
        self._fallback = Counter(
            names.FALLBACK, "Requests that left their first choice, by reason.", (names.REASON,), registry=self.registry
        )
        self._shed = Counter(
            names.SHED, "Requests refused early under load, by reason.", (names.REASON,), registry=self.registry
        )
        self._explanations = Counter(
            names.EXPLANATIONS, "Requests that asked for reasons: given, or why there were none.",
            (names.OUTCOME,), registry=self.registry,
        )  # fmt: skip
        self._model_info = Gauge(
            names.MODEL_INFO, "1 for the model a backend serves.",
            (names.BACKEND, "name", names.MODEL_VERSION, names.DIGEST), registry=self.registry,
        )  # fmt: skip
        self._unseen = Counter(
            names.UNSEEN_LEVELS, "Customers with a level that training never saw, by feature.",
            (names.FEATURE,), registry=self.registry,
        )  # fmt: skip
        self._missing = Counter(
            names.MISSING_VALUES, "Customers without a value, by feature.", (names.FEATURE,), registry=self.registry
        )
        self._log_dropped = Counter(
            names.LOG_DROPPED, "Lines of the request log that were lost.", registry=self.registry
        )
        self._unauthenticated = Counter(
            names.AUTHENTICATION_REFUSED, "Requests without a key that may call, by reason.",
            (names.REASON,), registry=self.registry,
        )  # fmt: skip
        self._key_loads = Counter(
            names.API_KEY_LOADS, "Changed files of API keys, read or refused.", (names.OUTCOME,), registry=self.registry
        )
        self._canary_share = Gauge(
            names.CANARY_SHARE, "Share of customers that the canary is asked about.", registry=self.registry
        )
        self._weight_loads = Counter(
            names.CANARY_WEIGHT_LOADS, "Changed files of the canary's weight, read or refused.",
            (names.OUTCOME,), registry=self.registry,
        )  # fmt: skip
        self.request_child = cache(self._requests.labels)
        self.seconds_child = cache(self._seconds.labels)
        self._backend_seconds_child = cache(self._backend_seconds.labels)
        self._backend_calls_child = cache(self._backend_calls.labels)
        self._backend_rows_child = cache(self._backend_rows.labels)
        self._unseen_child = cache(self._unseen.labels)
        self._missing_child = cache(self._missing.labels)
        self._models: dict[str, tuple[str, str, str]] = {}

    def answered(self, route: str, served_by: str, model_version: str, code: int, seconds: float) -> None:
        """One request was answered with HTTP status (or its gRPC equivalent) ``code``."""
        self.request_child(route, served_by, model_version, code).inc()
        self.seconds_child(route, served_by).observe(seconds)

    def backend_called(self, backend: str, rows: int, seconds: float, outcome: str, digest: str) -> None:
        """One call with ``rows`` customers to a backend ended in ``outcome``."""
        self._backend_calls_child(backend, outcome, digest).inc()
        self._backend_seconds_child(backend, outcome).observe(seconds)
        self._backend_rows_child(backend).observe(rows)

    def backend_state(self, backend: str, state: int) -> None:
        """The breaker of a backend changed: 0 closed, 1 half open, 2 open."""
        self._state.labels(backend).set(state)

    def fell_back(self, reason: str) -> None:
        """A request left its first choice."""
        self._fallback.labels(reason).inc()

    def shed(self, reason: str) -> None:
        """A request was refused early."""
        self._shed.labels(reason).inc()

    def explained(self, outcome: str) -> None:
        """A request asked for reasons: given, late, failed, busy or unavailable."""
        self._explanations.labels(outcome).inc()

    def unauthenticated(self, reason: str) -> None:
        """A caller was turned away: its key was missing, unknown or expired."""
        self._unauthenticated.labels(reason).inc()

    def api_keys_loaded(self, outcome: str) -> None:
        """A changed file of API keys was read, or was refused; may be called from any thread."""
        self._key_loads.labels(outcome).inc()

    def canary_share(self, share: float) -> None:
        """From now on the canary is asked about this share of customers, 0 to 1."""
        self._canary_share.set(share)

    def canary_weight_loaded(self, outcome: str) -> None:
        """A changed file of the canary's weight was read, or was refused; may be called from any thread."""
        self._weight_loads.labels(outcome).inc()

    def values_noted(self, feature: str, customers: int, *, unseen: bool) -> None:
        """Customers who were scored have a level that training never saw, or no value."""
        (self._unseen_child if unseen else self._missing_child)(feature).inc(customers)

    def log_dropped(self, lines: int) -> None:
        """Lines of the request log were lost; may be called from any thread."""
        self._log_dropped.inc(lines)

    def model_served(self, backend: str, name: str, version: str, digest: str) -> None:
        """A backend serves this model from now on."""
        former = self._models.get(backend)
        if former is not None and former != (name, version, digest):
            self._model_info.remove(backend, *former)
        self._models[backend] = (name, version, digest)
        self._model_info.labels(backend, name, version, digest).set(1)

    def model_forgotten(self, backend: str) -> None:
        """What a backend serves is not believed any more."""
        former = self._models.pop(backend, None)
        if former is not None:
            self._model_info.remove(backend, *former)

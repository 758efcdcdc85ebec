"""What a model server counts, in a registry of its own.

KServe and BentoML register metrics in the library's global registry; keeping ours apart lets a test count in its own
process and keeps foreign names off our port. No label ever holds anything of a customer.
"""

from prometheus_client import Counter, Gauge, Histogram

from churn_serving.backend.coalescing import MAX_BATCH
from churn_serving.telemetry import names
from churn_serving.telemetry.process_metrics import ProcessMetrics, expect

_BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, MAX_BATCH)


class BackendMetrics(ProcessMetrics):
    """The counters of one server process; safe to use from any thread."""

    def __init__(self, component: str = "model server") -> None:
        super().__init__(component)
        self._requests = Counter(
            names.MODEL_SERVER_REQUESTS,
            "Inference requests answered.",
            [names.PROTOCOL, names.CODE],
            registry=self.registry,
        )
        self._seconds = Histogram(
            names.MODEL_SERVER_SECONDS,
            "Time from the request's arrival in this process to its answer.",
            [names.PROTOCOL],
            buckets=names.LATENCY_BUCKETS,
            registry=self.registry,
        )
        batch_rows = Histogram(
            names.MODEL_SERVER_BATCH_ROWS,
            "Rows scored by one model call.",
            buckets=_BATCH_BUCKETS,
            registry=self.registry,
        )
        loads = Counter(names.MODEL_SERVER_LOADS, "Packages tried.", [names.OUTCOME], registry=self.registry)
        self._loads = expect(loads, ("served", "refused", "withdrawn"))
        self._info = Gauge(
            names.MODEL_INFO,
            "1 for the model being served.",
            [names.NAME, names.VERSION, names.DIGEST],
            registry=self.registry,
        )
        self._counted: dict[tuple[str, str], Counter] = {}
        self._timed: dict[str, Histogram] = {}
        self.observe_batch = batch_rows.observe

    def answered(self, protocol: str, code: str, seconds: float) -> None:
        """Count one inference request; ``protocol`` is http or grpc, ``code`` the protocol's status."""
        counter = self._counted.get((protocol, code))
        if counter is None:
            counter = self._counted[protocol, code] = self._requests.labels(protocol, code)
        counter.inc()
        timer = self._timed.get(protocol)
        if timer is None:
            timer = self._timed[protocol] = self._seconds.labels(protocol)
        timer.observe(seconds)

    def served(self, name: str, version: str, digest: str) -> None:
        """Note that this model, and no other, is served from now on."""
        self._loads.labels("served").inc()
        self._info.clear()
        self._info.labels(name, version, digest).set(1)

    def withdrawn(self) -> None:
        """Note that nothing is served any more: no trusted key signed what was."""
        self._loads.labels("withdrawn").inc()
        self._info.clear()

    def refused(self) -> None:
        """Count a package that did not pass verification."""
        self._loads.labels("refused").inc()

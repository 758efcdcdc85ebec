"""What the prediction log says about itself: names written once, and counters on the process's registry."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from churn_serving.telemetry.process_metrics import FILE_OUTCOMES, expect

RECORDS = "churn_prediction_log_records_total"
SHED = "churn_prediction_log_shed_total"
BYTES = "churn_prediction_log_bytes"
KEY_LOADS = "churn_prediction_log_key_loads_total"
REASON = "reason"
OUTCOME = "outcome"


class _Records(Collector):
    """A number that one thread counts up with every answer, and that is made a metric only when a scraper asks."""

    def __init__(self) -> None:
        self.count = 0

    def collect(self) -> Iterable[Metric]:
        yield CounterMetricFamily(RECORDS, "Answered customers in the prediction log.", value=self.count)


class PredictionLogMetrics:
    """Counted where answers are given; children are looked up once. ``reasons``: all there are for not keeping one."""

    def __init__(self, registry: CollectorRegistry, reasons: Iterable[str]) -> None:
        self._records = _Records()
        registry.register(self._records)
        shed = Counter(SHED, "Answered customers who are not in the log, by reason.", (REASON,), registry=registry)
        self._shed = expect(shed, reasons).labels
        self.measured = Gauge(BYTES, "Bytes of records that wait to be taken away.", registry=registry).set
        """So many bytes lie on this machine."""
        keys = Counter(KEY_LOADS, "Changed files of the log's keys, read or refused.", (OUTCOME,), registry=registry)
        self._keys = expect(keys, FILE_OUTCOMES)

    def kept(self, customers: int) -> None:
        """So many more customers' answers are in the log; from one thread alone."""
        self._records.count += customers

    def shed(self, reason: str, customers: int) -> None:
        """So many customers were answered and are not in the log."""
        self._shed(reason).inc(customers)

    def keys_loaded(self, outcome: str) -> None:
        """A changed file of keys was read, or refused; may be called from any thread."""
        self._keys.labels(outcome).inc()

"""What the shipper says about itself, on a port of its own: how much it took away, and how far behind it is.

Names begin as the gateway's do, whose constants are out of reach here.
"""

import time

from prometheus_client import CollectorRegistry, Counter, Gauge

SHIPPED = "churn_prediction_log_shipped_total"
BROKEN_BYTES = "churn_prediction_log_broken_bytes_total"
BROKEN_SEGMENTS = "churn_prediction_log_broken_segments_total"
FAILURES = "churn_prediction_log_ship_failures_total"
WAITING = "churn_prediction_log_waiting_segments"
OLDEST_SECONDS = "churn_prediction_log_oldest_waiting_seconds"
LAST_SUCCESS = "churn_prediction_log_last_success_timestamp_seconds"


class ShipperMetrics:
    """An observer of shipping, on a registry of its own."""

    def __init__(self) -> None:
        own = self.registry = CollectorRegistry()
        self._shipped = Counter(SHIPPED, "Answered customers whose records are in the store.", registry=own)
        self._broken_bytes = Counter(BROKEN_BYTES, "Bytes at the ends of segments that were no records.", registry=own)
        self._broken = Counter(BROKEN_SEGMENTS, "Segments that had such an end.", registry=own)
        self._failures = Counter(FAILURES, "Segments that could not be taken away, by attempts.", registry=own)
        self._waiting = Gauge(WAITING, "Segments that are done and wait.", registry=own)
        self._oldest = Gauge(OLDEST_SECONDS, "Seconds that the oldest of them has waited.", registry=own)
        self._success = Gauge(LAST_SUCCESS, "When nothing was left, or something was last taken away.", registry=own)

    def shipped(self, rows: int) -> None:
        """See :class:`~churn_monitoring.prediction_log.shipping.Observer`, as for all of these."""
        self._shipped.inc(rows)
        self._success.set(time.time())

    def broken(self, count: int) -> None:
        """Records are missing."""
        self._broken.inc()
        self._broken_bytes.inc(count)

    def failed(self) -> None:
        """It will be tried again."""
        self._failures.inc()

    def waiting(self, segments: int, seconds: float) -> None:
        """How far behind it is."""
        self._waiting.set(segments)
        self._oldest.set(seconds)
        if not segments:
            self._success.set(time.time())

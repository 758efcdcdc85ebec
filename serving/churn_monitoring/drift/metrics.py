"""What a drift watch says about itself, on a port of its own. Labels are names of features, never a value of one.

Names begin as the gateway's do, whose constants are out of reach here.
"""

import time
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge

DRIFTED = "churn_drift_detected"
EVIDENCE = "churn_drift_evidence_log10"
STABILITY = "churn_drift_stability_index"
MOVED = "churn_drift_score_moved_log_odds"
MOVED_BY = "churn_drift_score_moved_by_feature_log_odds"
CUSTOMERS = "churn_drift_customers"
UNREADABLE = "churn_drift_unreadable_tables"
UNKNOWN = "churn_drift_profile_missing"
LAST_LOOK = "churn_drift_last_look_timestamp_seconds"
FAILURES = "churn_drift_failed_looks_total"
_COLUMN = ("column",)


class DriftMetrics:
    """Gauges of the last report, on a registry of its own."""

    def __init__(self) -> None:
        own = self.registry = CollectorRegistry()
        self._digest = ""
        self._drifted = Gauge(DRIFTED, "1 where customers are not those of the training.", _COLUMN, registry=own)
        self._evidence = Gauge(
            EVIDENCE, "Evidence of a drift over what makes an alarm, as a logarithm.", _COLUMN, registry=own
        )
        self._stability = Gauge(STABILITY, "Population stability index of late customers.", _COLUMN, registry=own)
        self._moved = Gauge(MOVED, "By how much the mean log-odds of answers have moved.", registry=own)
        self._moved_by = Gauge(MOVED_BY, "The part of a feature in that.", ("feature",), registry=own)
        self._customers = Gauge(CUSTOMERS, "Customers looked at for the present model.", registry=own)
        self._unreadable = Gauge(UNREADABLE, "Tables of the log that could not be read at the last look.", registry=own)
        self._unknown = Gauge(UNKNOWN, "1 where the package does not say who its customers were.", registry=own)
        self._looked = Gauge(LAST_LOOK, "When the log was last looked at.", registry=own)
        self._failures = Counter(FAILURES, "Looks that failed.", registry=own)

    def show(self, document: dict[str, Any]) -> None:
        """Show a report; columns of a model that is watched no more go."""
        if document["digest"] != self._digest:
            self._digest = document["digest"]
            for gauge in (self._drifted, self._evidence, self._stability, self._moved_by):
                gauge.clear()
        self._looked.set(time.time())
        self._unreadable.set(len(document["unreadable"]))
        self._unknown.set(document["drift"] is None)
        if document["drift"] is None:
            return
        drifted = {drift["column"] for drift in document["drifted"]}
        for name, column in document["columns"].items():
            self._drifted.labels(name).set(name in drifted)
            self._evidence.labels(name).set(column["evidence"])
            if column["psi"] is not None:
                self._stability.labels(name).set(column["psi"])
        self._customers.set(document["customers"])
        if document["score"]["moved_log_odds"] is not None:
            self._moved.set(document["score"]["moved_log_odds"])
        for name, moved in document["score"]["features"].items():
            self._moved_by.labels(name).set(moved)

    def failed(self) -> None:
        """A look failed and will be tried again."""
        self._failures.inc()

"""The last report's metrics at a port of their own, for a scraper: a report is made in minutes and its process is gone
when somebody asks. What is shown is what was kept; it must not compute anything, nor know how a report is made.
"""

import time
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from churn_data.errors import DataError
from churn_monitoring.outcomes.archive import last_metrics
from churn_monitoring.prediction_log.store import Store

MISSING = "churn_outcomes_report_missing"
LAST_LOOK = "churn_outcomes_last_look_timestamp_seconds"
FAILURES = "churn_outcomes_failed_looks_total"


class ShownReport(Collector):
    """The last report of a use case in an archive (see :func:`~churn_monitoring.outcomes.archive.keep`); ``there`` is
    whether there is one."""

    def __init__(self, store: Store, usecase: str) -> None:
        self._store, self._name = store, last_metrics(usecase)
        self._families: tuple[Metric, ...] = ()
        own = self.registry = CollectorRegistry()
        self._missing = Gauge(MISSING, "1 where no report has been kept yet.", registry=own)
        self._looked = Gauge(LAST_LOOK, "When the last report was last looked for.", registry=own)
        self._failures = Counter(FAILURES, "Looks that failed; what was shown before stays.", registry=own)
        own.register(self)

    @property
    def there(self) -> bool:
        """Whether a report is shown."""
        return bool(self._families)

    def describe(self) -> Iterable[Metric]:
        """Nothing in advance: what is shown is known when it has been read."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """What a scraper gets of the report."""
        return self._families

    def look(self) -> None:
        """Read what is kept now.

        Raises:
            DataError, Unavailable: it cannot be read; what was shown before stays.
        """
        content = self._store.get(self._name)
        if content is not None:
            try:
                self._families = tuple(text_string_to_metric_families(content.decode()))
            except ValueError:
                raise DataError(f"{self._store.root}/{self._name}", "is no text of Prometheus") from None
        self._missing.set(content is None)
        self._looked.set(time.time())

    def failed(self) -> None:
        """A look failed and will be tried again."""
        self._failures.inc()

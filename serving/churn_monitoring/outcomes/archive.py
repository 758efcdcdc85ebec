"""Where reports are kept: a folder or a prefix in object storage, a use case a folder in it, a period a folder in that.

``<use case>/<first>_<last>/report.html``, ``.json`` and ``.prom``, and ``<use case>/metrics.prom`` of the last one that
was made. A period that is reported again takes its former report's place. It must not know what a report says.
"""

import json
import tempfile
from pathlib import Path

from churn_monitoring.outcomes.documents import report_json
from churn_monitoring.outcomes.metrics import write_report
from churn_monitoring.outcomes.page import write_page
from churn_monitoring.outcomes.report import Report
from churn_monitoring.prediction_log.store import Store


def last_metrics(usecase: str) -> str:
    """The name of the last report's Prometheus text."""
    return f"{usecase}/metrics.prom"


def keep(report: Report, store: Store) -> None:
    """Keep a report; its metrics come last, so that who sees them finds the rest.

    Raises:
        DataError, Unavailable: one line that names the file.
    """
    period = f"{report.usecase}/{report.question.first}_{report.question.last}"
    with tempfile.TemporaryDirectory(prefix="churn-") as folder:
        page, metrics = Path(folder) / "report.html", Path(folder) / "report.prom"
        write_page(report, page)
        write_report(report, metrics)
        store.put(f"{period}/{page.name}", page.read_bytes())
        store.put(f"{period}/report.json", json.dumps(report_json(report)).encode())
        store.put(f"{period}/{metrics.name}", metrics.read_bytes())
        store.put(last_metrics(report.usecase), metrics.read_bytes())

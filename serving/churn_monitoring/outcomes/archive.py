"""Where reports are kept: a folder or a prefix in object storage, a use case a folder in it, a period a folder in that.

``<use case>/<first>_<last>/report.html``, ``.json`` and ``.prom``, and ``<use case>/metrics.prom`` of the last one that
was made. A period that is reported again takes its former report's place. It must not know what a report says.
"""

import json
import re
import tempfile
from pathlib import Path
from typing import Any

from churn_data.errors import DataError
from churn_monitoring.outcomes.documents import report_json
from churn_monitoring.outcomes.metrics import write_report
from churn_monitoring.outcomes.page import write_page
from churn_monitoring.outcomes.report import Report
from churn_monitoring.prediction_log.store import Store

_PERIOD = re.compile(r"(\d{4}-\d{2}-\d{2})_(\d{4}-\d{2}-\d{2})/report\.json\Z")


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


def last_report(usecase: str, store: Store) -> tuple[str, dict[str, Any]] | None:
    """The name and the JSON of the report on the latest period; None where none is kept.

    Raises:
        DataError, Unavailable: the store cannot be asked, or the file is no report.
    """
    found = {name: period for name in store.names(f"{usecase}/") if (period := _PERIOD.search(name))}
    if not found:
        return None
    name = max(found, key=lambda each: (found[each][2], found[each][1]))
    try:
        document = json.loads(store.get(name) or b"")
    except ValueError:
        document = None
    if not isinstance(document, dict) or not isinstance(document.get("models"), list):
        raise DataError(f"{store.root}/{name}", "is no report of churn outcomes report --into")
    return name, document

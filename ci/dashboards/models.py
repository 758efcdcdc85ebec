"""The table of what each backend serves, which more than one dashboard shows."""

from churn_serving.telemetry import names
from ci.dashboards.panels import Panel, Series, listing
from ci.dashboards.queries import differs, select

_COLUMNS = {names.BACKEND: "Backend", names.NAME: "Model", names.MODEL_VERSION: "Version", names.DIGEST: "Digest"}


def served_models(title: str, description: str, *, width: int) -> Panel:
    """Models by the backend that serves them, with how many gateways say so."""
    served = f"count by ({', '.join(_COLUMNS)}) ({select(names.MODEL_INFO, differs(names.BACKEND, ''))})"
    return listing(title, description, _COLUMNS, Series(served, "Gateways"), width=width)

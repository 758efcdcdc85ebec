"""Whether every answer is kept, and how far what takes it away is behind."""

from churn_monitoring.prediction_log import metrics as shipper
from churn_serving.telemetry import prediction_log as gateway
from ci.dashboards.panels import Panel, Series, graph
from ci.dashboards.queries import increase, rate, select


def panels() -> list[Panel]:
    """From the gateway's disk to the store. The shipper is a process of its own; its job is not among those chosen."""
    return [_kept(), _lost(), _broken(), _bytes(), _segments(), _behind()]


def _kept() -> Panel:
    words = "Answered customers written down by gateways, and those whose records have reached the store."
    shipped = Series(f"sum(rate({shipper.SHIPPED}[$__rate_interval]))", "in the store")
    return graph("Kept and taken away", words, "short", Series(rate(gateway.RECORDS), "kept"), shipped)


def _lost() -> Panel:
    words = "Customers who were answered and are not in the log, by reason."
    shed = Series(increase(gateway.SHED, by=gateway.REASON), "{{reason}}")
    return graph("Not kept", words, "short", shed)


def _broken() -> Panel:
    words = (
        "Segments with an end that holds no records, which a power failure leaves, what that held, and attempts at "
        "taking a segment away that failed."
    )
    counted = (
        (shipper.FAILURES, "attempts that failed"),
        (shipper.BROKEN_SEGMENTS, "broken ends"),
        (shipper.BROKEN_BYTES, "bytes in broken ends"),
    )
    series = [Series(f"sum(increase({metric}[$__rate_interval]))", legend) for metric, legend in counted]
    return graph("Broken, failed", words, "short", *series)


def _bytes() -> Panel:
    words = "Bytes of records that wait on the gateways' disks. At the bound of bytes answers are no longer kept."
    waiting = Series(f"sum by (instance) ({select(gateway.BYTES)})", "{{instance}}")
    return graph("Waiting on disk", words, "bytes", waiting)


def _segments() -> Panel:
    words = "Segments that are done and wait to be taken away, by shipper."
    waiting = Series(f"sum by (instance) ({shipper.WAITING})", "{{instance}}")
    return graph("Segments waiting", words, "short", waiting)


def _behind() -> Panel:
    words = (
        "How long the oldest finished segment has waited, and how long ago nothing was left; minutes mean an outage."
    )
    oldest = Series(f"max({shipper.OLDEST_SECONDS})", "oldest segment")
    success = Series(f"time() - min({shipper.LAST_SUCCESS} > 0)", "since all was taken away")
    return graph("Behind", words, "s", oldest, success)

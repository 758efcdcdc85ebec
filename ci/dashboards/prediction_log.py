"""Whether every answer is kept, and how far what takes it away is behind."""

from churn_monitoring.prediction_log import metrics as shipper
from churn_serving.telemetry import prediction_log as gateway
from ci.dashboards.panels import Panel, Series, graph
from ci.dashboards.queries import increase, rate, select


def panels() -> list[Panel]:
    """From the gateway's disk to the store. The shipper is a process of its own; its job is not among those chosen."""
    return [_kept(), _lost(), _waiting(), _behind()]


def _kept() -> Panel:
    words = "Answered customers written down by gateways, and those whose records have reached the store."
    shipped = f"sum(rate({shipper.SHIPPED}[$__rate_interval]))"
    return graph(
        "Kept and taken away",
        words,
        "short",
        Series(rate(gateway.RECORDS), "kept"),
        Series(shipped, "in the store"),
        width=6,
    )


def _lost() -> Panel:
    words = "Customers who were answered and are not in the log, by reason, and what broken ends of segments held."
    shed = Series(increase(gateway.SHED, by=gateway.REASON), "not kept: {{reason}}")
    broken = Series(f"sum(increase({shipper.BROKEN_BYTES}[$__rate_interval]))", "bytes in broken ends")
    failed = Series(f"sum(increase({shipper.FAILURES}[$__rate_interval]))", "attempts that failed")
    return graph("Not kept, broken, failed", words, "short", broken, failed, shed, width=6)


def _waiting() -> Panel:
    words = "Bytes of records that wait on the gateways' disks. At the bound of bytes answers are no longer kept."
    return graph(
        "Waiting on disk",
        words,
        "bytes",
        Series(f"sum by (instance) ({select(gateway.BYTES)})", "{{instance}}"),
        width=6,
    )


def _behind() -> Panel:
    words = (
        "How long the oldest finished segment has waited, and how long ago nothing was left; minutes mean an outage."
    )
    oldest = Series(f"max({shipper.OLDEST_SECONDS})", "oldest segment")
    success = Series(f"time() - min({shipper.LAST_SUCCESS} > 0)", "since all was taken away")
    return graph("Behind", words, "s", oldest, success, width=6)

"""Which alerts are in order on a machine that has other work: those of a share that the gateway's own counters show.

A rule that fires beside counters that show nothing is at fault, and so is one that nobody expected.
"""

from churn_serving.telemetry import names
from tests.slo.watchers import Prometheus


def _sum(metric: str, matchers: str = "") -> str:
    """Also where a scrape has just been missed."""
    return f"sum(last_over_time({metric}{{{matchers}}}[5m]))"


def _slow(seconds: str) -> str:
    within = _sum(f"{names.REQUEST_SECONDS}_bucket", f'code=~"2..",le="{seconds}"')
    every = _sum(f"{names.REQUEST_SECONDS}_count", 'code=~"2.."')
    return f"1 - {within} / {every}"


def _served(by: str) -> str:
    part = _sum(names.REQUESTS, f'served_by=~"{by}"')
    return f"{part} / {_sum(names.REQUESTS)}"


_SHARES = {
    "ChurnGatewayAvailability": (f"{_sum(names.SHED)} / {_sum(names.REQUESTS)}", 0.001),
    "ChurnGatewayLatency25ms": (_slow("0.025"), 0.01),
    "ChurnGatewayLatency100ms": (_slow("0.1"), 0.001),
    "ChurnServedByPrimary": (_served("fallback|degraded"), 0.01),
    "ChurnDegradedAnswers": (_served("degraded"), 0.01),
}
"""By alert, the share of requests since the gateway began, and the budget of its objective."""
_BURNT = 5.0
"""Times the budget; objectives wake somebody at six times, or more."""


def in_order(watcher: Prometheus) -> set[str]:
    """Alerts that what was counted explains."""
    shares = {alert: watcher.query(query) for alert, (query, _) in _SHARES.items()}
    return {
        alert for alert, found in shares.items() if found and float(found[0]["value"][1]) > _BURNT * _SHARES[alert][1]
    }

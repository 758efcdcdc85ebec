"""What is promised, how much of it has been spent, and what fires. It reads what Sloth's rules record, since windows of
days cost too much to be counted for every reader."""

from grafana_foundation_sdk.models import dashboard as models

from churn_serving.telemetry import names
from ci.dashboards import queries
from ci.dashboards.layout import Choice, Row, dashboard
from ci.dashboards.panels import NOTHING, SHARES, Panel, Scale, Series, figure, graph, listing

_CHOSEN = 'sloth_id=~"$slo"'
_SLO = Choice("slo", "Objective", "slo:objective:ratio", "sloth_id")
_BUDGET_STEPS = ((None, "red"), (0.0, "orange"), (0.25, "green"))
_BURN_STEPS = ((None, "green"), (1.0, "yellow"), (6.0, "orange"), (14.4, "red"))
_TIMES = "suffix: ×"


def build() -> models.Dashboard:
    """The dashboard that alerts of objectives lead to."""
    rows = [
        Row("Now", [_left(), _burning(), _objectives()]),
        Row("Budgets", [_budget(), _windows("1h", "1 hour", "5 minutes"), _windows("6h", "6 hours", "30 minutes")]),
        Row("What they are made of", [_errors(), _failed(), _promised(), _served()]),
        Row("Alerts", [_firing()]),
    ]
    description = "Objectives over 30 days, their budgets and what spends them. Runbooks: manifests/runbooks."
    return dashboard("churn-slo", "objectives and budgets", description, rows, (_SLO,), "24h")


def _recorded(record: str, *matchers: str) -> str:
    return f"max by (sloth_service, sloth_slo) ({record}{{{', '.join((_CHOSEN, *matchers))}}})"


def _left() -> Panel:
    return figure(
        "Budget left",
        "Share of the errors that 30 days may hold that is left. Below zero the objective is missed.",
        "percentunit",
        Series(_recorded("slo:period_error_budget_remaining:ratio"), "{{sloth_slo}}"),
        width=8,
        height=8,
        steps=_BUDGET_STEPS,
    )


def _burning() -> Panel:
    return figure(
        "Burn rate, 5 minutes",
        "How many times faster than allowed the budget is spent at the moment: at 1 it lasts exactly 30 days.",
        _TIMES,
        Series(_recorded("slo:current_burn_rate:ratio"), "{{sloth_slo}}"),
        width=8,
        height=8,
        steps=_BURN_STEPS,
    )


def _objectives() -> Panel:
    return listing(
        "Objectives",
        "What is promised, and which share was bad over 30 days and over the last hour.",
        {"sloth_service": "Service", "sloth_slo": "Objective"},
        Series(_recorded("slo:objective:ratio"), "Promised"),
        Series(_recorded("slo:sli_error:ratio_rate30d"), "Bad, 30 days"),
        Series(_recorded("slo:sli_error:ratio_rate1h"), "Bad, 1 hour"),
        width=8,
        unit="percentunit",
    )


def _budget() -> Panel:
    return graph(
        "Budget left",
        "The same over time. A step down is an incident, a slope is a habit.",
        "percentunit",
        Series(_recorded("slo:period_error_budget_remaining:ratio"), "{{sloth_slo}}"),
        scale=Scale(least=None, most=1),
    )


def _windows(window: str, long: str, short: str) -> Panel:
    burn = f"{_recorded(f'slo:sli_error:ratio_rate{window}')} / {_recorded('slo:error_budget:ratio')}"
    threshold = {"1h": 14.4, "6h": 6.0}[window]
    return graph(
        f"Burn rate over {long}",
        f"A page is sent at {threshold:g} times, when {short} agree. Tickets look at a day and at three days.",
        _TIMES,
        Series(burn, "{{sloth_slo}}"),
        scale=Scale(((None, "transparent"), (threshold, "red"))),
    )


def _errors() -> Panel:
    return graph(
        "Bad share, 5 minutes",
        "What each objective counts as bad: failed, too slow, answered by others than the primary, or by an old model.",
        "percentunit",
        Series(_recorded("slo:sli_error:ratio_rate5m"), "{{sloth_slo}}"),
        width=6,
    )


def _failed() -> Panel:
    return graph(
        "Requests that failed",
        "Answers of 500 and above: these alone spend the budget of availability.",
        "reqps",
        Series(
            f"sum by ({names.CODE}) (rate({names.REQUESTS}{{{queries.matches(names.CODE, '5..')}}}[$__rate_interval]))",
            "{{code}}",
        ),
        width=6,
    )


def _promised() -> Panel:
    usual = f"{queries.USUAL}, {queries.matches(names.CODE, '2..|499')}"
    whole = f"sum(rate({names.REQUEST_SECONDS}_count{{{usual}}}[$__rate_interval]))"

    def within(bound: str) -> str:
        part = f"{names.REQUEST_SECONDS}_bucket{{{usual}, {queries.equals('le', bound)}}}"
        return f"sum(rate({part}[$__rate_interval])) / {whole}"

    return graph(
        "Answered in time",
        "Share of predictions for up to 128 customers, without reasons, that took at most so long.",
        "percentunit",
        Series(within("0.025"), "25 ms (99 % promised)"),
        Series(within("0.1"), "100 ms (99.9 % promised)"),
        width=6,
        scale=SHARES,
    )


def _served() -> Panel:
    return graph(
        "Who served",
        "The fallback and the scorecard (degraded) keep answers coming; they spend the budget of served-by-primary.",
        "reqps",
        Series(
            f'sum by ({names.SERVED_BY}) (rate({names.REQUESTS}{{{names.SERVED_BY}!="none"}}[$__rate_interval]))',
            "{{served_by}}",
        ),
        width=6,
        stacked=True,
    )


def _firing() -> Panel:
    return graph(
        "Firing alerts",
        "Alerts of this project by name and severity; each has a page in manifests/runbooks.",
        "short",
        Series('count by (alertname, severity) (ALERTS{alertstate="firing", alertname=~"Churn.+"})',
               "{{alertname}} ({{severity}})"),
        width=24,
        empty=NOTHING,
    )  # fmt: skip

"""What callers get, from whom, and how the processes behind are: the first look when something is wrong."""

from grafana_foundation_sdk.models import dashboard as models

from churn_serving.telemetry import names
from ci.dashboards import prediction_log
from ci.dashboards.layout import Row, dashboard
from ci.dashboards.panels import NOTHING, SHARES, Panel, Scale, Series, distribution, figure, graph, listing
from ci.dashboards.queries import (
    OURS,
    USUAL,
    differs,
    equals,
    increase,
    largest,
    matches,
    quantile,
    rate,
    select,
    share,
    total,
)

_FAULTS = differs(names.OUTCOME, "answered|busy|refused|schema|changing")
"""Calls that ended by a fault of the backend, as alerts count them."""
_STATES = {"0": "closed", "1": "half open", "2": "open"}
_YES = {"0": "no", "1": "yes"}
_GOOD = matches(names.CODE, "2..|499")


def build() -> models.Dashboard:
    """The dashboard that most alerts lead to."""
    rows = [
        Row("Now", [*_figures()]),
        Row("What callers see", [_routes(), _codes(), _served(), _latency(), _seconds(), _slow(), _shed(), _reasons()]),
        Row(
            "Backends",
            [_calls(), _failing(), _backend_latency(), _state(), _openings(), _reachable(), _diverted(), _left()],
        ),
        Row("Prediction log", prediction_log.panels()),
        Row("Processes", [_builds(), _tasks(), _crashes(), _files(), _connections(), _log_lines()]),
    ]
    description = "Requests, latency, who answered, backends, the prediction log and background tasks."
    return dashboard("churn-serving", "serving", description, rows)


def _figures() -> list[Panel]:
    everything = rate(names.REQUESTS)
    failed = share(rate(names.REQUESTS, matches(names.CODE, "5..")), rate(names.REQUESTS, OURS))
    served = differs(names.SERVED_BY, "none")
    primary = share(rate(names.REQUESTS, matches(names.SERVED_BY, "primary|canary")), rate(names.REQUESTS, served))
    slow = quantile(0.99, names.REQUEST_SECONDS, USUAL, _GOOD)
    return [
        figure(
            "Requests", "Requests answered in a second, whatever the answer.", "reqps", Series(everything, "requests")
        ),
        figure(
            "Customers", "Customers scored in a second.", "short", Series(rate(f"{names.SCORES}_count"), "customers")
        ),
        figure(
            "Failed",
            "Share of answers of 500 and above, without what callers did wrong (4xx).",
            "percentunit",
            Series(failed, "failed"),
            steps=((None, "green"), (0.001, "orange"), (0.01, "red")),
        ),
        figure(
            "Latency, 99 %",
            "99 % of predictions took at most so long, inside the gateway.",
            "s",
            Series(slow, "99 %"),
            steps=((None, "green"), (0.025, "orange"), (0.1, "red")),
        ),
        figure(
            "Served by the primary",
            "Share of answers by the primary or the canary.",
            "percentunit",
            Series(primary, "primary"),
            steps=((None, "red"), (0.9, "orange"), (0.99, "green")),
        ),
        figure(
            "Gateways",
            "Gateways that Prometheus reads.",
            "short",
            Series(f"count({select(names.BUILD_INFO, equals(names.COMPONENT, 'gateway'))})", "gateways"),
        ),
    ]


def _routes() -> Panel:
    words = "What is asked. Requests of many customers end in “large”, those that want reasons in “explain”."
    return graph("Requests by route", words, "reqps", Series(rate(names.REQUESTS, by=names.ROUTE), "{{route}}"))


def _codes() -> Panel:
    words = "Answers by HTTP status, or its gRPC equivalent: 4xx is the caller's, 5xx is ours."
    return graph("Answers by code", words, "reqps", Series(rate(names.REQUESTS, by=names.CODE), "{{code}}"))


def _served() -> Panel:
    served = rate(names.REQUESTS, differs(names.SERVED_BY, "none"), by=names.SERVED_BY)
    words = "The scorecard answers (degraded) where no backend did."
    return graph("Answers by who served", words, "reqps", Series(served, "{{served_by}}"), stacked=True)


def _latency() -> Panel:
    series = [
        Series(quantile(share_, names.REQUEST_SECONDS, USUAL, _GOOD), words)
        for share_, words in ((0.5, "50 %"), (0.95, "95 %"), (0.99, "99 %"), (0.999, "99.9 %"))
    ]
    words = "Such a share of predictions took at most so long, inside the gateway. Dots are traces that callers keep."
    steps = ((None, "transparent"), (0.025, "orange"), (0.1, "red"))
    return graph("Latency", words, "s", *series, scale=Scale(steps), exemplars=True)


def _seconds() -> Panel:
    words = "Every answer by how long it took: two bands mean two kinds of requests."
    expression = rate(f"{names.REQUEST_SECONDS}_bucket", by="le")
    return distribution("Latency, all requests", words, "s", expression, width=8)


def _slow() -> Panel:
    by_server = quantile(0.99, names.REQUEST_SECONDS, differs(names.SERVED_BY, "none"), by=names.SERVED_BY)
    words = "99 % took at most so long. The fallback is slower by design, the scorecard is not."
    return graph("Latency by who served, 99 %", words, "s", Series(by_server, "{{served_by}}"))


def _shed() -> Panel:
    words = "Requests refused early, so that those inside are answered in time, by reason."
    return graph("Refused early", words, "reqps", Series(rate(names.SHED, by=names.REASON), "{{reason}}"), width=12)


def _reasons() -> Panel:
    words = "Requests that asked for reasons: given, or why there were none."
    asked = rate(names.EXPLANATIONS, by=names.OUTCOME)
    return graph("Reasons asked for", words, "reqps", Series(asked, "{{outcome}}"), width=12)


def _calls() -> Panel:
    words = "Calls to backends by how they ended. One call may answer several requests."
    calls = rate(names.BACKEND_CALLS, by=f"{names.BACKEND}, {names.OUTCOME}")
    return graph("Calls by outcome", words, "ops", Series(calls, "{{backend}}: {{outcome}}"))


def _failing() -> Panel:
    failed, calls = rate(names.BACKEND_CALLS, _FAULTS, by=names.BACKEND), rate(names.BACKEND_CALLS, by=names.BACKEND)
    words = "Share of calls that ended by a fault of the backend. Another answers instead, so callers see none of it."
    series = Series(share(f"({failed} or 0 * {calls})", calls), "{{backend}}")
    return graph("Failing calls", words, "percentunit", series, scale=Scale(((None, "transparent"), (0.02, "red"))))


def _backend_latency() -> Panel:
    words = "99 % of a backend's calls took at most so long, seen from the gateway."
    slow = quantile(0.99, names.BACKEND_SECONDS, by=names.BACKEND)
    return graph("Latency of calls, 99 %", words, "s", Series(slow, "{{backend}}"))


def _state() -> Panel:
    words = "The worst gateway's breaker of each backend. Open: the backend is left alone and probed with golden rows."
    state = Series(largest(names.BACKEND_STATE, by=names.BACKEND), "{{backend}}")
    return graph("Breakers", words, "short", state, scale=Scale(most=2, words=_STATES))


def _openings() -> Panel:
    words = "Times that a gateway left a backend alone from then on."
    openings = Series(increase(names.BREAKER_OPENINGS, by=names.BACKEND), "{{backend}}")
    return graph("Breakers that opened", words, "short", openings)


def _reachable() -> Panel:
    words = "Gateways that reached a backend when they last asked for its model, of all that have it."
    there = share(
        total(names.BACKEND_REACHABLE, by=names.BACKEND),
        f"count by ({names.BACKEND}) ({select(names.BACKEND_REACHABLE)})",
    )
    return graph("Reachable", words, "percentunit", Series(there, "{{backend}}"), scale=SHARES)


def _diverted() -> Panel:
    words = "Requests that their first choice did not answer, once each: why, and who did."
    diverted = rate(names.FALLBACK_REQUESTS, by=f"{names.REASON}, {names.SERVED_BY}")
    series = Series(diverted, "{{reason}}: by {{served_by}}")
    return graph("Answered by another", words, "reqps", series, empty=NOTHING, width=12)


def _left() -> Panel:
    words = "Requests that went on from a backend without its answer, by reason."
    left = rate(names.FALLBACK, by=f"{names.BACKEND}, {names.REASON}")
    return graph("Went on from", words, "reqps", Series(left, "{{backend}}: {{reason}}"), empty=NOTHING, width=12)


def _builds() -> Panel:
    words = "Processes that Prometheus reads, by kind and build."
    columns = {names.COMPONENT: "Component", names.VERSION: "Version", "python": "Python"}
    builds = f"count by ({', '.join(columns)}) ({select(names.BUILD_INFO)})"
    return listing("Builds", words, columns, Series(builds, "Processes"), width=8)


def _tasks() -> Panel:
    words = "Background tasks (probes, keys, packages): 0 means that one waits to be started again in some process."
    running = f"min by ({names.TASK}) ({select(names.TASK_RUNNING)})"
    return graph("Background tasks", words, "short", Series(running, "{{task}}"), scale=Scale(most=1, words=_YES))


def _crashes() -> Panel:
    words = "Endings of background tasks, each of which was started again."
    return graph(
        "Background tasks that ended", words, "short", Series(increase(names.TASK_CRASHES, by=names.TASK), "{{task}}")
    )


def _files() -> Panel:
    words = "Changed files of keys and weights that were read or refused. What was refused changes nothing."
    kinds = {
        "API keys": names.API_KEY_LOADS,
        "package keys": names.PACKAGE_KEY_LOADS,
        "canary's weight": names.CANARY_WEIGHT_LOADS,
    }
    series = [Series(increase(metric, by=names.OUTCOME), f"{kind}: {{{{outcome}}}}") for kind, metric in kinds.items()]
    return graph("Files that changed", words, "short", *series)


def _connections() -> Panel:
    words = "Connections that we ended before they could ask, and callers without a valid key, by reason."
    ended = Series(rate(names.CONNECTIONS_REFUSED, by=names.REASON), "connection: {{reason}}")
    refused = Series(rate(names.AUTHENTICATION_REFUSED, by=names.REASON), "key: {{reason}}")
    return graph("Turned away", words, "ops", ended, refused, empty=NOTHING)


def _log_lines() -> Panel:
    words = (
        "Lines of the request log and steps of traces that were lost, because whoever takes them does not; and lines "
        "that answers which went well do not have, since there were enough: that is no loss."
    )
    series = [
        Series(increase(names.LOG_DROPPED), "lines lost"),
        Series(increase(names.SPANS_DROPPED), "steps of traces lost"),
        Series(increase(names.LOG_LEFT_OUT), "lines left out"),
    ]
    return graph("Log lines and spans lost or left out", words, "short", *series)

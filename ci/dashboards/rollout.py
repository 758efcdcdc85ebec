"""A model or a version on trial beside the one that serves: is it as quick, as reliable, and does it say the same?"""

from grafana_foundation_sdk.models import dashboard as models

from churn_serving.telemetry import names
from ci.dashboards.layout import JOBS, Choice, Row, dashboard
from ci.dashboards.models import served_models
from ci.dashboards.panels import NOTHING, SHARES, Panel, Scale, Series, figure, graph, listing
from ci.dashboards.queries import differs, equals, increase, largest, matches, mean, quantile, rate, select, share

_CANDIDATE = Choice("candidate", "On trial", names.BACKEND_CALLS, names.BACKEND, "canary")
_BASELINE = Choice("baseline", "Compared with", names.BACKEND_CALLS, names.BACKEND, "primary")
_FAULTS = differs(names.OUTCOME, "answered|busy|refused|schema|changing")
_SIDES = (("candidate", equals(names.BACKEND, "$candidate")), ("baseline", equals(names.BACKEND, "$baseline")))
_NO_COPIES = "no copies are sent"
_LEGENDS = {"candidate": "$candidate", "baseline": "$baseline"}


def build() -> models.Dashboard:
    """The dashboard that a canary is watched by."""
    rows = [
        Row("Who gets it", [_share(), _served(), _models()]),
        Row("Before it answers anybody", [_copies(), _agreeing(), _shift()]),
        Row("As reliable", [_failing(), _outcomes(), _left()]),
        Row("As quick", [_latency(0.5), _latency(0.99), _rows()]),
        Row("Saying the same", [_score(), _score_quantile(), _difference()]),
        Row("What was installed", [_loads(), _versions(), _weights()]),
    ]
    description = "A backend on trial beside another: shares, failures, latency and what each says of customers."
    return dashboard("churn-rollout", "rollout", description, rows, (JOBS, _CANDIDATE, _BASELINE))


def _share() -> Panel:
    words = "Share of customers that the canary is meant to answer; gateways may differ while a change spreads."
    return graph(
        "Canary's share, as set",
        words,
        "percentunit",
        Series(largest(names.CANARY_SHARE), "largest"),
        Series(f"min({select(names.CANARY_SHARE)})", "smallest"),
        scale=SHARES,
    )


def _served() -> Panel:
    whole = rate(names.REQUESTS, matches(names.SERVED_BY, "primary|canary|fallback|degraded"))
    parts = rate(names.REQUESTS, matches(names.SERVED_BY, "primary|canary|fallback|degraded"), by=names.SERVED_BY)
    words = "Share of requests that each really answered. A canary that fails is answered for by the primary."
    series = Series(share(parts, f"scalar({whole})"), "{{served_by}}")
    return graph("Share, as served", words, "percentunit", series, scale=SHARES)


def _models() -> Panel:
    words = "Which model each backend serves, and how many gateways say so. Two of one backend: versions take turns."
    return served_models("Models by backend", words, width=8)


def _copies() -> Panel:
    words = "Copies of what the primary has answered, by how they ended at the canary, and those left out as too many."
    return graph(
        "Copies for the canary",
        words,
        "reqps",
        Series(rate(names.SHADOW_CALLS, by=names.OUTCOME), "{{outcome}}"),
        Series(rate(names.SHADOW_DROPPED), "left out"),
        Series(f"{largest(names.SHADOW_SHARE)} * {rate(names.REQUESTS, equals(names.SERVED_BY, 'primary'))}", "meant"),
        empty=_NO_COPIES,
    )


def _agreeing() -> Panel:
    compared = rate(f"{names.SHADOW_DIFFERENCE}_count")
    series = [
        Series(share(rate(f"{names.SHADOW_DIFFERENCE}_bucket", equals("le", bound)), compared), f"at most {bound}")
        for bound in ("0.01", "0.05", "0.1")
    ]
    words = "Share of copied customers whose two probabilities differ by at most so much."
    return graph("Agreeing", words, "percentunit", *series, scale=SHARES, empty=_NO_COPIES)


def _shift() -> Panel:
    higher, lower = (rate(names.SHADOW_SHIFT, equals(names.DIRECTION, way)) for way in ("higher", "lower"))
    words = "How much more the canary gives to copied customers on average, and by how much it differs either way."
    shift = Series(f"({higher} - {lower}) / {rate(f'{names.SHADOW_DIFFERENCE}_count')}", "more, on average")
    either = Series(mean(names.SHADOW_DIFFERENCE), "differs, on average")
    return graph("Difference", words, "percentunit", shift, either, scale=Scale(least=None), empty=_NO_COPIES)


def _failing() -> Panel:
    series = []
    for side, matcher in _SIDES:
        failed, calls = rate(names.BACKEND_CALLS, matcher, _FAULTS), rate(names.BACKEND_CALLS, matcher)
        series.append(Series(share(f"({failed} or 0 * {calls})", calls), _LEGENDS[side]))
    words = "Share of calls that ended by the backend's own fault; callers see none of it."
    return graph("Failing calls", words, "percentunit", *series, scale=Scale(((None, "transparent"), (0.02, "red"))))


def _outcomes() -> Panel:
    calls = rate(
        names.BACKEND_CALLS, matches(names.BACKEND, "$candidate|$baseline"), by=f"{names.BACKEND}, {names.OUTCOME}"
    )
    return graph("Calls by outcome", "How calls to both ended.", "ops", Series(calls, "{{backend}}: {{outcome}}"))


def _left() -> Panel:
    left = rate(names.FALLBACK, matches(names.BACKEND, "$candidate|$baseline"), by=f"{names.BACKEND}, {names.REASON}")
    words = "Requests that went on to another backend, by reason."
    return graph("Went on from", words, "reqps", Series(left, "{{backend}}: {{reason}}"), empty=NOTHING)


def _latency(part: float) -> Panel:
    series = [Series(quantile(part, names.BACKEND_SECONDS, matcher), _LEGENDS[side]) for side, matcher in _SIDES]
    words = f"{part:.0%} of calls took at most so long, seen from the gateway."
    return graph(f"Latency of calls, {100 * part:g} %", words, "s", *series)


def _rows() -> Panel:
    words = "Customers in one call, on average: latencies compare only where these do."
    series = [Series(mean(names.BATCH_ROWS, matcher), _LEGENDS[side]) for side, matcher in _SIDES]
    return graph("Customers a call", words, "short", *series)


def _score() -> Panel:
    words = "Mean churn probability given. Customers are split by a hash of their id, so that both see the same kinds."
    series = [Series(mean(names.SCORES, equals(names.SERVED_BY, f"${side}")), _LEGENDS[side]) for side, _ in _SIDES]
    return graph("Mean probability", words, "percentunit", *series)


def _score_quantile() -> Panel:
    series = [
        Series(quantile(part, names.SCORES, equals(names.SERVED_BY, f"${side}")), f"{_LEGENDS[side]}, {part:.0%}")
        for side, _ in _SIDES
        for part in (0.5, 0.9)
    ]
    words = "Half and nine tenths of customers were given at most such a probability."
    return graph("Probabilities", words, "percentunit", *series)


def _difference() -> Panel:
    candidate, baseline = (mean(names.SCORES, equals(names.SERVED_BY, f"${side}")) for side, _ in _SIDES)
    words = "How much more the one on trial gives, on average. Away from zero for long, the models disagree."
    return figure(
        "Difference of the means",
        words,
        "percentunit",
        Series(f"({candidate}) - ({baseline})", "difference"),
        width=8,
        height=8,
    )


def _loads() -> Panel:
    words = "Packages that model servers were given: served, refused (signature, digest or golden rows), or withdrawn."
    loads = increase(names.MODEL_SERVER_LOADS, by=f"instance, {names.OUTCOME}")
    return graph("Packages", words, "short", Series(loads, "{{instance}}: {{outcome}}"))


def _versions() -> Panel:
    columns = {names.COMPONENT: "Component", names.VERSION: "Version"}
    words = "Builds that run: two of a component while a version rolls out."
    return listing(
        "Builds",
        words,
        columns,
        Series(f"count by ({', '.join(columns)}) ({select(names.BUILD_INFO)})", "Processes"),
        width=8,
    )


def _weights() -> Panel:
    words = "Changed files of the canary's weight, read or refused."
    return graph(
        "Changes of the weight",
        words,
        "short",
        Series(increase(names.CANARY_WEIGHT_LOADS, by=names.OUTCOME), "{{outcome}}"),
    )

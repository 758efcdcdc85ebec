"""How a gateway is, as a page at the port of its metrics, for whoever has no Prometheus at hand.

It loads nothing, runs nothing and shows nothing that metrics do not.
"""

from collections.abc import Callable, Iterable
from html import escape
from typing import NamedTuple

from churn_serving.gateway.status_history import INTERVALS, PAUSE_SECONDS, StatusHistory
from churn_serving.gateway.status_plots import plot
from churn_serving.gateway.status_totals import Interval, Labels, Totals
from churn_serving.telemetry import names, prediction_log
from churn_serving.web.body import Receive, Scope, Send

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_STYLE = """
:root { color-scheme: light dark; --ink: #1c2733; --page: #fff; --line: #d5dce3; --shade: #f3f6f8; --mark: #1f5f8b;
--bad: #a3211b }
@media (prefers-color-scheme: dark) {
:root { --ink: #dfe6ec; --page: #14191e; --line: #36414b; --shade: #1e262d; --mark: #82bfe8;
--bad: #ff9d94 } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem;
color: var(--ink); background: var(--page) }
h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin-top: 2rem } a { color: var(--mark) }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 1rem; margin: 0 }
dl div { background: var(--shade); padding: .6rem .8rem } dt { font-size: .9rem }
dd { margin: 0; font-size: 1.4rem; font-variant-numeric: tabular-nums } dd + dd { font-size: .8rem }
strong { color: var(--bad) } .wide { overflow-x: auto }
svg { display: block; width: 100%; height: 60px; border-bottom: 1px solid var(--line) }
polyline { fill: none; stroke: var(--mark); stroke-width: 1.5; vector-effect: non-scaling-stroke }
circle { fill: var(--mark) }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: .3rem .6rem; vertical-align: top }
tbody tr:nth-child(odd) { background: var(--shade) }
td.long { overflow-wrap: anywhere; min-width: 12rem }
"""
_NOTHING = "–"


class _Figure(NamedTuple):
    """``least_top``: what a plot reaches at least, so that noise around nothing looks like nothing."""

    title: str
    value: Callable[[Interval], float | None]
    shown: Callable[[float], str]
    least_top: float


class _Bad(str):
    """A cell that somebody should look at."""

    __slots__ = ()


class _Long(str):
    """A cell that may be broken anywhere."""

    __slots__ = ()


def _percent(value: float) -> str:
    return f"{100 * value:.2f} %"


def _milliseconds(value: float) -> str:
    return f"{1000 * value:.1f} ms"


def _bytes(value: float) -> str:
    return f"{value / 2**20:.1f} MiB"


_STATES = {0.0: "closed", 1.0: "half open", 2.0: _Bad("open")}
_FIGURES = (
    _Figure("Requests a second", lambda one: one.requests, "{:.1f}".format, 1.0),
    _Figure("Customers a second", lambda one: one.customers, "{:.1f}".format, 1.0),
    _Figure("Failed (5xx)", lambda one: one.failed, _percent, 0.01),
    _Figure("Not served by primary or canary", lambda one: one.by_others, _percent, 0.01),
    _Figure("Latency, 50 %", lambda one: one.median, _milliseconds, 0.005),
    _Figure("Latency, 99 %", lambda one: one.slowest_percent, _milliseconds, 0.025),
    _Figure("Mean churn probability", lambda one: one.probability, _percent, 1.0),
    _Figure("Processor, cores", lambda one: one.processor, "{:.2f}".format, 1.0),
    _Figure("Memory", lambda one: one.memory, _bytes, 1.0),
)


class StatusPage:
    """An ASGI application that answers every path with the page."""

    def __init__(self, history: StatusHistory) -> None:
        self._history = history

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's interface
        """Answer one request."""
        body = page(*self._history.now()).encode()
        headers = [
            (b"content-type", b"text/html; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            (b"content-security-policy", _POLICY.encode()),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def page(totals: Totals, intervals: list[Interval]) -> str:
    """The whole page."""
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,">',
        f'<meta http-equiv="refresh" content="{PAUSE_SECONDS:g}"><meta name="viewport" content="width=device-width">',
        f"<title>Churn gateway</title><style>{_STYLE}</style></head><body><h1>Churn gateway</h1>",
        f"<p>The last {PAUSE_SECONDS:g} seconds, plots of the last hour; ",
        '<a href="/metrics">metrics</a> for Prometheus.</p>',
        "<dl>",
        *(_figure(figure, intervals) for figure in _FIGURES),
        "</dl>",
        _backends(totals),
        _inside(totals),
    ]
    return "".join((*parts, "</body></html>"))


def _figure(figure: _Figure, intervals: list[Interval]) -> str:
    values = [figure.value(one) for one in intervals]
    now = _NOTHING if not values or values[-1] is None else figure.shown(values[-1])
    known = [value for value in values if value is not None]
    largest = f"at most {figure.shown(max(known))} in the last hour" if known else "nothing in the last hour"
    picture = plot(values, INTERVALS, f"{figure.title}: {now}, {largest}", figure.least_top)
    return f"<div><dt>{escape(figure.title)}</dt><dd>{escape(now)}</dd><dd>{picture}{escape(largest)}</dd></div>"


def _of(totals: Totals, gauge: str, **labels: str) -> Iterable[tuple[dict[str, str], float]]:
    samples: dict[Labels, float] = totals.gauges.get(gauge, {})
    for values, value in samples.items():
        found = dict(values)
        if labels.items() <= found.items():
            yield found, value


def _one(totals: Totals, gauge: str, shown: Callable[[float], str], **labels: str) -> str:
    return next((shown(value) for _, value in _of(totals, gauge, **labels)), _NOTHING)


def _backends(totals: Totals) -> str:
    rows = []
    for labels, _ in _of(totals, names.BACKEND_REACHABLE):
        backend = labels[names.BACKEND]
        chosen = {names.BACKEND: backend}
        served = next((model for model, _ in _of(totals, names.MODEL_INFO, **chosen)), {})
        rows.append(
            [
                backend,
                _one(totals, names.BACKEND_REACHABLE, lambda value: "yes" if value else _Bad("no"), **chosen),
                _one(totals, names.BACKEND_STATE, lambda value: _STATES.get(value, _NOTHING), **chosen),
                f"{served.get(names.NAME, _NOTHING)} {served.get(names.MODEL_VERSION, '')}",
                _Long(served.get(names.DIGEST, _NOTHING)),
                _one(
                    totals, names.MODEL_CREATED, lambda made: f"{(totals.time - made) / 86400:.1f}\u00a0days", **chosen
                ),
            ]
        )
    return _table("Backends", ("Backend", "Reachable", "Breaker", "Model", "Digest", "Age"), rows)


def _inside(totals: Totals) -> str:
    stopped = [labels[names.TASK] for labels, running in _of(totals, names.TASK_RUNNING) if not running]
    rows = [
        ["Requests inside", _one(totals, names.REQUESTS_WAITING, "{:.0f}".format)],
        ["Event loop late", _one(totals, names.LOOP_LAG, _milliseconds)],
        ["Share of the canary", _one(totals, names.CANARY_SHARE, _percent)],
        ["Requests that the canary gets a copy of", _one(totals, names.SHADOW_SHARE, _percent)],
        ["Answers waiting on disk to be taken away", _one(totals, prediction_log.BYTES, _bytes)],
        ["Background tasks that wait to be started again", _Bad(", ".join(stopped)) or "none"],
    ]
    return _table("Inside", ("What", "Now"), rows)


def _table(title: str, headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in headings)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    scrolls = f'class="wide" tabindex="0" role="region" aria-label="{escape(title)}"'
    return f"<h2>{escape(title)}</h2><div {scrolls}>{table}</div>"


def _cell(text: str) -> str:
    if isinstance(text, _Long):
        return f'<td class="long">{escape(text)}</td>'
    return f"<td><strong>{escape(text)}</strong></td>" if isinstance(text, _Bad) else f"<td>{escape(text)}</td>"

"""The page at the metrics port: it says what metrics say, in bounded memory, without a program or a stranger."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_serving.gateway.status_history import INTERVALS, StatusHistory
from churn_serving.gateway.status_page import StatusPage, page
from churn_serving.gateway.status_plots import HEIGHT, WIDTH, plot
from churn_serving.gateway.status_totals import Totals, between, quantile
from churn_serving.telemetry import names
from churn_serving.telemetry.metrics import GatewayMetrics, ServedModel

ROUTE = "/v1/predictions"


class Clock:
    """Time as a test says it is."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Shown(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.attributes: set[str] = set()
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src", "action", "data")]

    def handle_data(self, data: str) -> None:
        self.words += f"{data}\n"


@pytest.fixture
def metrics() -> GatewayMetrics:
    return GatewayMetrics()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def history(metrics: GatewayMetrics, clock: Clock) -> StatusHistory:
    made = StatusHistory(metrics.registry, clock)
    made.read()
    return made


def later(history: StatusHistory, clock: Clock, seconds: float = 10.0) -> Any:
    clock.now += seconds
    history.read()
    return history.now()[1][-1]


def test_an_interval_says_what_was_counted_in_it(metrics: GatewayMetrics, history: StatusHistory, clock: Clock) -> None:
    for number in range(100):
        seconds = 0.0015 if number < 98 else 0.2
        metrics.answered(ROUTE, "primary" if number < 80 else "fallback", "1", 200, seconds)
    metrics.answered(ROUTE + names.EXPLAIN, "primary", "1", 200, 0.9)  # latency is not promised for these
    metrics.answered(ROUTE, "none", "", 503, 0.9)
    metrics.answered(ROUTE, "none", "", 422, 0.001)  # the caller's mistake: neither ours to answer nor served
    metrics.scored("churn", "sha256:1", "primary", [0.25, 0.75, 0.5])
    interval = later(history, clock)
    assert interval.requests == pytest.approx(10.3)
    assert interval.customers == pytest.approx(0.3)
    assert interval.failed == pytest.approx(1 / 102)
    assert interval.by_others == pytest.approx(20 / 101)
    assert 0.001 < interval.median < 0.002
    assert 0.15 < interval.slowest_percent <= 0.25
    assert interval.probability == pytest.approx(0.5)
    assert interval.memory > 1e6
    assert interval.processor >= 0


def test_where_nothing_happened_nothing_is_claimed(history: StatusHistory, clock: Clock) -> None:
    interval = later(history, clock)
    assert (interval.requests, interval.customers) == (0, 0)
    assert (interval.failed, interval.by_others, interval.median, interval.slowest_percent, interval.probability) == (
        None,
    ) * 5


def test_the_first_reading_is_no_interval(metrics: GatewayMetrics, clock: Clock) -> None:
    metrics.answered(ROUTE, "primary", "1", 200, 0.001)
    history = StatusHistory(metrics.registry, clock)
    history.read()
    assert history.now()[1] == []


def test_former_models_that_go_and_clocks_that_jump_make_no_nonsense(
    metrics: GatewayMetrics, history: StatusHistory, clock: Clock
) -> None:
    for number in range(names.MAXIMUM_MODELS):
        metrics.answered(ROUTE, "primary", str(number), 200, 0.001)
    later(history, clock)
    for number in range(names.MAXIMUM_MODELS):  # each new model takes the series of a former one away
        metrics.answered(ROUTE, "primary", f"new {number}", 200, 0.001)
    assert later(history, clock).requests >= 0
    known = len(history.now()[1])
    clock.now -= 3600
    history.read()
    assert len(history.now()[1]) == known
    assert later(history, clock).requests == 0


def test_memory_stays_bounded(history: StatusHistory, clock: Clock) -> None:
    for _ in range(INTERVALS + 5):
        later(history, clock)
    intervals = history.now()[1]
    assert len(intervals) == INTERVALS
    assert intervals[-1].time == clock.now
    assert len(page(*history.now())) < 200_000


def test_a_page_runs_nothing_loads_nothing_and_fits_both_colour_schemes(
    metrics: GatewayMetrics, history: StatusHistory, clock: Clock
) -> None:
    metrics.answered(ROUTE, "primary", "1", 200, 0.001)
    later(history, clock)
    text = page(*history.now())
    shown = Shown(text)
    assert shown.tags & {"script", "img", "iframe", "object", "embed", "form", "video", "audio"} == set()
    assert not [name for name in shown.attributes if name.startswith("on")]
    assert set(shown.addresses) == {"data:,", "/metrics"}
    assert re.findall(r"https?://|url\(|@import", text) == []
    assert "prefers-color-scheme: dark" in text
    assert "color-scheme: light dark" in text
    assert text.count("<svg ") == len(re.findall(r'<svg [^>]*role="img"[^>]*><title>[^<]+</title>', text)) == 9


def test_a_page_says_how_backends_are(metrics: GatewayMetrics, history: StatusHistory, clock: Clock) -> None:
    metrics.watch(names.BACKEND_REACHABLE, lambda: 1.0, "primary")
    metrics.watch(names.BACKEND_REACHABLE, lambda: 0.0, "fallback")
    metrics.backend_state("fallback", 2)
    metrics.model_served("primary", ServedModel("<b>churn</b>", "7", "sha256:abc", clock.now - 86400.0))
    metrics.watch_tasks(lambda: {"loop lag": True, "package keys": False})
    clock.now += 10
    history.read()
    text = page(*history.now())
    words = Shown(text).words
    for said in (
        "primary",
        "fallback",
        "<b>churn</b> 7",
        "sha256:abc",
        "1.0\u00a0days",  # which stays on one line
        "open",
        "yes",
        "no",
        "package keys",
    ):
        assert said in words
    assert "loop lag" not in words
    assert re.findall("<strong>([^<]*)</strong>", text) == ["no", "open", "package keys"]


def test_a_page_before_anything_happened_says_so(metrics: GatewayMetrics, clock: Clock) -> None:
    words = Shown(page(*StatusHistory(metrics.registry, clock).now())).words
    assert "–" in words


@pytest.mark.parametrize(("method", "length"), [("GET", True), ("HEAD", False)])
async def test_it_answers_as_http_has_it(history: StatusHistory, method: str, *, length: bool) -> None:
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    await StatusPage(history)({"type": "http", "method": method, "path": "/"}, receive, send)
    headers = dict(sent[0]["headers"])
    assert sent[0]["status"] == 200
    assert headers[b"content-security-policy"].startswith(b"default-src 'none'")
    assert int(headers[b"content-length"]) > 1000
    assert (len(sent[1]["body"]) == int(headers[b"content-length"])) == length


@given(st.lists(st.none() | st.floats(0, 1e9), max_size=40))
def test_plots_stay_in_their_picture_and_break_where_nothing_is(values: list[float | None]) -> None:
    drawn = plot(values, 40, "words <&>", 1.0)
    places = [
        tuple(map(float, place.split(","))) for line in re.findall(r'points="([^"]*)"', drawn) for place in line.split()
    ]
    places += [(float(x), float(y)) for x, y in re.findall(r'cx="([^"]*)" cy="([^"]*)"', drawn)]
    assert len(places) == len([value for value in values if value is not None])
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in places)
    assert "<title>words &lt;&amp;&gt;</title>" in drawn


@given(st.lists(st.integers(0, 50), min_size=3, max_size=10), st.sampled_from([0.01, 0.5, 0.99, 1.0]))
def test_quantiles_lie_in_the_bucket_that_holds_them(counts: list[int], share: float) -> None:
    bounds = [0.001 * 2**number for number in range(len(counts) - 1)] + [float("inf")]
    within = {bound: float(sum(counts[: place + 1])) for place, bound in enumerate(bounds)}
    found = quantile(within, share)
    if not sum(counts):
        assert found is None
        return
    place = next(place for place, bound in enumerate(bounds) if within[bound] >= share * sum(counts))
    assert found is not None
    low = bounds[place - 1] if place else 0.0
    assert low <= found <= (bounds[place] if place < len(bounds) - 1 else low) * (1 + 1e-9)


def test_an_interval_is_by_its_own_length() -> None:
    assert between(Totals(10.0, requests=5), Totals(30.0, requests=45)).requests == 2

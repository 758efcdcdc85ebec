"""What answers instead of Prometheus, or counts a gateway twice: nothing is decided by it, and one line says why."""

import json
import math
import time
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from churn_delivery.rollout import prometheus
from churn_delivery.rollout.counts import Window
from churn_delivery.rollout.errors import MetricsAway, NothingCounted, RolloutRefused
from churn_delivery.rollout.prometheus import Prometheus

BLOCKS, SECONDS = 4, 60.0
DIGEST = "sha256:1"


class Answers:
    """In place of HTTP: `queried` is the answer to each question about a moment, `ranged` to each about a time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, queried: Any = (), ranged: Any = ()) -> None:
        self.now, self.queried, self.ranged = time.time(), queried, ranged
        monkeypatch.setattr(httpx, "post", self.post)

    def post(self, url: str, data: dict[str, Any], timeout: float) -> httpx.Response:
        assert timeout == prometheus.SECONDS
        ranged = self.ranged if data["query"].startswith(prometheus.SHARE) else []
        found = ranged if url.endswith("query_range") else self.queried
        if data["query"] == "time()" and url.endswith("query") and not isinstance(found, str):
            found = [self.now, str(self.now)]
        text = found if isinstance(found, str) else json.dumps({"status": "success", "data": {"result": found}})
        return httpx.Response(200, text=text, request=httpx.Request("POST", url))


def success(result: str) -> str:
    return f'{{"status": "success", "data": {{"result": {result}}}}}'


@pytest.mark.parametrize(
    "text",
    [
        "null",
        success("null"),
        success("[]"),
        success('["x", "y"]'),
        success('[1, "NaN"]'),
        success('["NaN", "1"]'),
        success("[NaN, 1]"),
        success('{"0": 1}'),
        success('"1"'),
        success('[{"value": [1, "1"]}]'),
        '{"status": "success", "data": []}',
        '{"status": "success"}',
    ],
)
def test_a_clock_that_is_none(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Answers(monkeypatch, text)
    with pytest.raises(MetricsAway, match="not in Prometheus's words"):
        Prometheus("http://prometheus:9090", {}).require_clock(datetime.now(UTC))


@pytest.mark.parametrize(
    "result",
    [
        [1, "1"],
        {"a": 1},
        "abc",
        [None],
        [{}],
        [{"value": [1, "1"]}],
        [{"metric": {}, "value": [1]}],
        [{"metric": {}, "value": [1, "many"]}],
        [{"metric": {}, "value": [1, "NaN"]}],
        [{"metric": {"digest": 5}, "value": [1, "1"]}],
        [{"metric": [], "value": [1, "1"]}],
        [{"metric": {}, "value": 7}],
    ],
    ids=repr,
)
def test_counts_of_a_moment_that_are_none(result: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    Answers(monkeypatch, result if not isinstance(result, str) else success('"abc"'))
    found, now = Prometheus("http://prometheus:9090", {}), time.time()
    for look in (lambda: found._newest(now), found.shares, lambda: found.serves("canary")):
        with pytest.raises(MetricsAway, match="not in Prometheus's words"):
            look()


@pytest.mark.parametrize(
    "values",
    [
        7,
        [7],
        [[0]],
        [[0, "many"]],
        [[0, None]],
        [["soon", "1"]],
        [[-SECONDS, "1"]],
        [[SECONDS * (BLOCKS + 1), "1"]],
        [[math.inf, "1"]],
        [[0, "Inf"]],
    ],
    ids=repr,
)
def test_counts_of_a_time_that_are_none(values: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    Answers(monkeypatch, (), [{"metric": {"instance": "a"}, "values": values}])
    with pytest.raises(MetricsAway, match="not in Prometheus's words"):
        Prometheus("http://prometheus:9090", {}).observe(Window(0.0, SECONDS, BLOCKS, 1.0), DIGEST, 0.025)


def share(**labels: str) -> dict[str, Any]:
    return {"metric": labels, "values": [[place * SECONDS, "0.01"] for place in range(BLOCKS + 1)]}


@pytest.mark.parametrize("label", ["job", "prometheus_replica"])
def test_a_gateway_that_is_counted_twice_is_told(label: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By two scrape jobs, or two Prometheuses behind one address: evidence would count twice what was seen once."""
    twice = [share(instance="10.0.0.1:9100", **{label: each}) for each in ("a", "b")]
    Answers(monkeypatch, (), twice)
    window, found = Window(0.0, SECONDS, BLOCKS, 1.0), Prometheus("http://prometheus:9090", {})
    with pytest.raises(RolloutRefused, match=rf"counts 10\.0\.0\.1:9100 more than once \({label}\); --label {label}=a"):
        found.observe(window, DIGEST, 0.025)


def test_an_address_that_another_pod_has_later_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first, then = (share(instance="10.0.0.1:9100", pod=each) for each in ("a", "b"))
    first["values"], then["values"] = first["values"][:2], then["values"][2:]
    Answers(monkeypatch, (), [first, then, share(instance="10.0.0.2:9100", pod="c")])
    found = Prometheus("http://prometheus:9090", {}).observe(Window(0.0, SECONDS, BLOCKS, 1.0), DIGEST, 0.025)
    assert not found.met


def test_nothing_at_all_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    Answers(monkeypatch)
    found = Prometheus("http://prometheus:9090", {"namespace": "churn"})
    with pytest.raises(NothingCounted, match='with namespace="churn"; does it scrape the gateways'):
        found.require_clock(datetime.now(UTC))
    with pytest.raises(NothingCounted):
        found.shares()

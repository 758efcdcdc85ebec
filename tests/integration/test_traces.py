"""With a collector, a kept trace shows gateway, backend and model as steps of one another, and nothing of a customer;
of ten thousand requests (``CHURN_PRIVACY_REQUESTS``) nothing that may not be kept is left anywhere."""

import asyncio
import itertools
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import httpx
import pytest

from churn_model.prediction_log.pseudonyms import add_pseudonym_key
from churn_monitoring.prediction_log.metrics import ShipperMetrics
from churn_monitoring.prediction_log.shipping import ship
from churn_monitoring.prediction_log.store import Store
from churn_serving.telemetry.names import SPANS_DROPPED
from churn_serving.telemetry.span_export import SECONDS
from patience import PATIENCE_SECONDS, by_a_model, post, until
from ports import free_port
from real_processes import System, describe_system, running
from tests.integration.collector import Collector, Told, collecting
from tests.prediction_log.conftest import logged_package
from tests.prediction_log.shipped import tables
from tests.protocol.requests import customers

__all__ = ["logged_package"]  # a fixture of the prediction log
CALLER = "b7ad6b7169203331"
INTERNAL, SERVER, CLIENT = 1, 2, 3
REQUESTS = int(os.environ.get("CHURN_PRIVACY_REQUESTS", "400"))
COUNT = itertools.count(1)


class Traced(NamedTuple):
    """A system with all that it writes down, and the collector that it tells of traces."""

    system: System
    collector: Collector
    home: Path

    def ask(self, parent: str = "") -> dict[str, Any]:
        headers = {"traceparent": parent} if parent else {}
        answer = post(f"{self.system.gateway_url}/v1/predictions", json=customers(), headers=headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def ask_the_primary(self) -> tuple[str, dict[str, Any]]:
        """A trace of a request that the primary served, and the answer."""

        def ask() -> tuple[str, dict[str, Any]]:
            trace_id, said = parent()
            return trace_id, self.ask(said)

        return by_a_model(ask, lambda answered: str(answered[1]["served_by"]), "primary")

    def metrics(self, process: str) -> str:
        return httpx.get(f"http://127.0.0.1:{self.system.ports[process]}/metrics", timeout=30).text

    def spans_dropped(self) -> float:
        lines = self.metrics("metrics").splitlines()
        return sum(float(line.split()[1]) for line in lines if line.startswith(f"{SPANS_DROPPED} "))


@pytest.fixture(scope="module")
def traced(logged_package: Path, keys: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traced]:
    home = tmp_path_factory.mktemp("home")
    add_pseudonym_key(home / "keys" / "prediction-log.json", "first")
    with collecting() as collector:
        log = {"CHURN_GATEWAY_PREDICTION_LOG": str(home / "segments"), "CHURN_GATEWAY_TRACES_SHARE": "1"}
        described = describe_system(logged_package, keys.verify_path, home, **log)
        for service, prefix in zip(described.services, ("PREDICTOR", "BENTO", "GATEWAY"), strict=True):
            service.environment[f"CHURN_{prefix}_TRACES_URL"] = collector.url
        with running(described) as system:
            yield Traced(system, collector, home)


def parent(flags: str = "01") -> tuple[str, str]:
    """A trace's id, and what a caller says of it."""
    trace_id = f"{next(COUNT):032x}"
    return trace_id, f"00-{trace_id}-{CALLER}-{flags}"


REQUEST, CALL, SERVED, MODEL = USUAL = (
    "churn-gateway /v1/predictions", "churn-gateway score primary", "churn-predictor infer", "churn-predictor model",
)  # fmt: skip


def steps(traced: Traced, trace_id: str, names: Sequence[str] = USUAL) -> dict[str, Told]:
    """A trace's steps by service and name, when these have come; there may be no others."""

    def found() -> dict[str, Told]:
        return {f"{one.service} {one.span['name']}": one for one in traced.collector.told(trace_id)}

    until(lambda: found().keys() >= {*names})
    assert found().keys() == {*names}
    return found()


def test_gateway_backend_and_model_are_steps_of_one_another(traced: Traced) -> None:
    trace_id, answer = traced.ask_the_primary()
    found = steps(traced, trace_id)
    assert len(traced.collector.told(trace_id)) == len(USUAL)
    spans = [found[name].span for name in USUAL]
    assert [span["parentSpanId"] for span in spans] == [CALLER, *(span["spanId"] for span in spans[:3])]
    assert [span["kind"] for span in spans] == [SERVER, CLIENT, SERVER, INTERNAL]
    assert all(0 < int(span["endTimeUnixNano"]) - int(span["startTimeUnixNano"]) < 10**11 for span in spans)
    assert not any(one.failed for one in found.values())
    of_request, of_call, of_server, of_model = (found[name].attributes for name in USUAL)
    assert of_request["churn.request_id"] == answer["request_id"]
    assert (of_request["churn.served_by"], of_request["http.response.status_code"]) == ("primary", "200")
    assert (of_call["churn.outcome"], of_server["http.response.status_code"]) == ("answered", "200")
    assert of_model["churn.model.digest"] == answer["model"]["digest"]


def test_a_trace_that_its_caller_does_not_keep_is_not_kept(traced: Traced) -> None:
    unkept, said = parent("00")
    traced.ask(said)
    kept, _ = traced.ask_the_primary()
    steps(traced, kept)
    assert traced.collector.told(unkept) == []


def test_a_request_without_a_trace_begins_one(traced: Traced) -> None:
    answer = by_a_model(traced.ask, lambda answered: str(answered["served_by"]), "primary")
    request_id = answer["request_id"]

    def begun() -> list[Told]:
        return [one for one in traced.collector.told() if one.attributes.get("churn.request_id") == request_id]

    until(lambda: bool(begun()))
    (told,) = begun()
    assert "parentSpanId" not in told.span
    steps(traced, told.span["traceId"])


def test_requests_that_share_a_call_each_have_it_in_their_trace(traced: Traced) -> None:
    deadline, found = time.monotonic() + PATIENCE_SECONDS, list[tuple[Told, dict[str, str]]]()
    while not found:
        assert time.monotonic() < deadline, "no two of 32 requests ever shared a call"
        asked = dict(parent() for _ in range(32))
        with ThreadPoolExecutor(32) as callers:
            list(callers.map(traced.ask, asked.values()))
        time.sleep(2 * SECONDS)
        told = [one for one in traced.collector.told() if one.span["traceId"] in asked]
        found = [(one, link) for one in told for link in one.span.get("links", [])]
    for one, link in found:
        assert (one.service, one.span["kind"]) == ("churn-gateway", CLIENT)
        (other,) = [each for each in traced.collector.told(link["traceId"]) if each.span["spanId"] == link["spanId"]]
        assert all(other.span[same] == one.span[same] for same in ("name", "startTimeUnixNano", "endTimeUnixNano"))


def private(number: int) -> dict[str, Any]:
    """A customer whose every value that may not be kept can be found again."""
    told = {"charges": 987654.5 + number, "Payment": f"pay-{number}x"}
    features = {"tenure": number % 70, "Contract": "One year", "Senior Citizen": 1, **told}
    return {"customer_id": f"kim.lee+{number}@example.com", "features": features}


PRIVATE = ("kim.lee", "987654", "pay-", "example.com")


async def asked_about(url: str, number: int, client: aiohttp.ClientSession) -> tuple[int, bytes]:
    """Every twentieth request is one that is refused, for what it says of a customer."""
    customer = private(number)
    if number % 20 == 0:
        customer["features"]["tenure"] = customer["customer_id"]
    trace = f"00-{number + 10**9:032x}-{CALLER}-01"
    headers = {"traceparent": trace} if number % 10 == 0 else {}
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        async with client.post(url, json={"customers": [customer]}, headers=headers) as answer:
            status, body = answer.status, await answer.read()
        if status != 503 or time.monotonic() > deadline:  # which a gateway says on a busy machine: come again
            return status, body
        await asyncio.sleep(0.2)


async def many(url: str) -> list[tuple[int, bytes]]:
    numbers = iter(range(REQUESTS))
    answers = list[tuple[int, bytes]]()
    async with aiohttp.ClientSession() as client:

        async def caller() -> None:
            answers.extend([await asked_about(url, number, client) for number in numbers])

        await asyncio.gather(*(caller() for _ in range(16)))
    return answers


def holds(content: str) -> list[str]:
    return [word for word in PRIVATE if word in content]


async def test_nothing_is_left_of_customers_that_may_not_be_kept(traced: Traced) -> None:
    before = len(traced.collector.bodies)
    answers = await many(f"{traced.system.gateway_url}/v1/predictions")
    codes = Counter(status for status, _ in answers)
    assert codes == {200: REQUESTS - (REQUESTS + 19) // 20, 422: (REQUESTS + 19) // 20}
    for status, body in answers:
        assert status == 200 or not holds(body.decode()), body
    until(lambda: f"{10**9:032x}" in {one.span["traceId"] for one in traced.collector.told()})
    texts = {process: traced.metrics(process) for process in ("metrics", "primary_metrics", "fallback_metrics")}
    assert traced.system.gateway.stop(30) == 0
    texts["traces"] = b"".join(traced.collector.bodies[before:]).decode()
    texts |= {path.name: path.read_text() for path in traced.home.glob("*.log")}
    assert texts["gateway.log"].count('"code":200') >= codes[200]
    ship(traced.home / "segments", Store(traced.home / "store"), ShipperMetrics(), lambda _: None)
    rows = [row for table in tables(traced.home / "store").values() for row in table.to_pylist()]
    assert len(rows) >= codes[200]
    assert {name for row in rows for name in row if "feature." in name} == {"feature.tenure", "feature.Contract"}
    texts["rows"] = repr(rows)
    assert {name: found for name, text in texts.items() if (found := holds(text))} == {}


def served_by_the_fallback(traced: Traced) -> str:
    """A trace of a request that a killed primary was asked first, and that the fallback was in time for."""
    deadline = time.monotonic() + 3 * PATIENCE_SECONDS
    while time.monotonic() < deadline:
        traced.system.mend()
        traced.ask_the_primary()
        traced.system.primary.signal(signal.SIGKILL)
        assert traced.system.primary.process is not None
        traced.system.primary.process.wait(60)
        for _ in range(4):  # with the fifth failure in a row it would be left alone
            trace_id, said = parent()
            if traced.ask(said)["served_by"] == "fallback":
                return trace_id
    raise AssertionError("the fallback was never in time")


def test_a_failed_call_and_the_one_that_answered_stand_side_by_side(traced: Traced) -> None:
    trace_id = served_by_the_fallback(traced)
    second, served, model = "churn-gateway score fallback", "churn-bento infer", "churn-bento model"
    found = steps(traced, trace_id, (REQUEST, CALL, second, served, model))
    assert found[CALL].failed
    assert found[CALL].attributes["churn.outcome"] in ("unreachable", "timeout")  # the latter on a busy machine
    assert not found[second].failed
    assert found[served].span["parentSpanId"] == found[second].span["spanId"]
    assert found[model].span["parentSpanId"] == found[served].span["spanId"]


@pytest.mark.parametrize("status", [503, 0], ids=["refuses", "is away"])
def test_a_collector_that_takes_nothing_costs_spans_and_no_answer(traced: Traced, status: int) -> None:
    before = traced.spans_dropped()
    traced.collector.status = status or 200
    if not status:
        traced.collector.shutdown()
        traced.collector.server_close()
    traced.ask(parent()[1])
    until(lambda: traced.spans_dropped() > before)
    traced.collector.status = 200
    assert "spans are lost: the collector at 127.0.0.1" in (traced.home / "gateway.log").read_text()


def test_an_address_that_is_none_ends_the_start(logged_package: Path, keys: Any, tmp_path: Path) -> None:
    described = describe_system(
        logged_package, keys.verify_path, tmp_path, CHURN_GATEWAY_TRACES_URL=f"collector:{free_port()}"
    )
    described.gateway.start()
    assert described.gateway.process is not None
    assert described.gateway.process.wait(60) == 2
    assert "CHURN_GATEWAY_TRACES_URL" in described.gateway.tail()

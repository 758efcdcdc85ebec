"""A request's id and trace reach the backends that answer it, whichever door it came by; what is not plain does not."""

import dataclasses
import itertools
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest

from churn_serving.oip.open_inference_grpc_pb2 import ModelInferResponse
from patience import PATIENT_CHANNEL, by_a_model, post, until, who_served, who_served_over_grpc
from real_processes import System, describe_system, end
from sample_package import MODEL_NAME
from tests.integration.recorder import Recorder, recording
from tests.protocol.requests import customers, document, message

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
STATE = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"
DOORS = ["predictions", "infer", "grpc"]
Headers = list[tuple[str, str]]


@dataclasses.dataclass
class Traced:
    """A gateway whose two backends are written down."""

    system: System
    primary: Recorder
    fallback: Recorder

    def ask(self, door: str, headers: Headers, wanted: str = "primary") -> str:
        """Send requests until this backend serves one, and return the id that it was answered under.

        Each has an id of its own, for another backend may have been told of those that this one was late for: to what
        ``headers`` say a number is added.
        """
        numbers = itertools.count(1)

        def numbered() -> Headers:
            number = next(numbers)
            return [(name, f"{said}-{number}" if name == "x-request-id" else said) for name, said in headers]

        return by_a_model(lambda: self.once(door, numbered()), lambda answered: answered[1], wanted)[0]

    def once(self, door: str, headers: Headers) -> tuple[str, str]:
        """Send one request; the id that it was answered under, and by whom."""
        if door == "grpc":
            with grpc.insecure_channel(f"127.0.0.1:{self.system.ports['gateway_grpc']}", PATIENT_CHANNEL) as channel:
                method = channel.unary_unary(
                    "/inference.GRPCInferenceService/ModelInfer", None, ModelInferResponse.FromString
                )
                call = method.future(message().SerializeToString(), timeout=30, metadata=tuple(headers))
                served_by = who_served_over_grpc(call.result())
                return str(dict(call.trailing_metadata())["x-request-id"]), served_by
        path, body = "/v1/predictions", customers()
        if door == "infer":
            path, body = f"/v2/models/{MODEL_NAME}/infer", document()
        if door == "explain":
            body["explain"] = True
        answer = post(self.system.gateway_url + path, json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.headers["x-request-id"], who_served(answer)


@pytest.fixture(scope="module")
def recorded(package_folder: Path, keys: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traced]:
    home = tmp_path_factory.mktemp("home")
    system = describe_system(package_folder, keys.verify_path, home)
    with recording(system.primary_url) as primary, recording(system.fallback_url) as fallback:
        system.gateway.environment["CHURN_GATEWAY_PRIMARY_URL"] = primary.url
        system.gateway.environment["CHURN_GATEWAY_FALLBACK_URL"] = fallback.url
        try:
            for service in system.services:
                service.start()
            for service in system.services:
                service.wait_ready()
            yield Traced(system, primary, fallback)
        finally:
            end(*system.services)


@pytest.fixture
def traced(recorded: Traced) -> Traced:
    """With the primary at work: a busy machine may have let it be late, and then it is left alone for a while."""
    recorded.ask("predictions", [])
    return recorded


def seen(recorder: Recorder, request_id: str) -> list[dict[str, list[str]]]:
    return [call for call in recorder.calls if request_id in ",".join(call.get("x-request-id", [])).split(",")]


@pytest.mark.parametrize("door", [*DOORS, "explain"])
def test_id_and_trace_go_on(traced: Traced, door: str) -> None:
    headers = [("x-request-id", f"mine.{door}"), ("traceparent", PARENT), ("tracestate", STATE)]
    own = traced.ask(door, headers)
    assert own.startswith(f"mine.{door}-")
    wanted = 2 if door == "explain" else 1
    until(lambda: len(seen(traced.primary, own)) >= wanted)  # reasons may have been given up before they are asked for
    calls = seen(traced.primary, own)
    assert len(calls) == wanted
    for call in calls:
        assert (call["x-request-id"], call["traceparent"], call["tracestate"]) == ([own], [PARENT], [STATE])


@pytest.mark.parametrize("door", DOORS)
def test_a_request_without_them_gets_an_id_and_no_trace(traced: Traced, door: str) -> None:
    call = seen(traced.primary, traced.ask(door, []))[0]
    assert "traceparent" not in call
    assert "tracestate" not in call


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    "headers",
    [
        [("x-request-id", "a b"), ("traceparent", PARENT.upper()), ("tracestate", STATE)],
        [("x-request-id", "a" * 63), ("traceparent", f"ff{PARENT[2:]}")],
        [("x-request-id", "a,b"), ("traceparent", PARENT[:-1])],
        [("tracestate", STATE)],
    ],
)
def test_what_is_not_plain_stays_outside(traced: Traced, door: str, headers: Headers) -> None:
    given = traced.ask(door, headers)
    assert not given.startswith(("a b", "a" * 63, "a,b"))
    (call,) = seen(traced.primary, given)
    assert "traceparent" not in call
    assert "tracestate" not in call


def test_two_traces_are_none(traced: Traced) -> None:
    given = traced.ask("predictions", [("traceparent", PARENT), ("traceparent", PARENT)])
    assert "traceparent" not in seen(traced.primary, given)[0]  # gRPC's library shows a server the last one alone


@pytest.mark.parametrize("door", DOORS)
def test_a_bad_state_does_not_cost_the_trace(traced: Traced, door: str) -> None:
    (call,) = seen(traced.primary, traced.ask(door, [("traceparent", PARENT), ("tracestate", "NO=1")]))
    assert call["traceparent"] == [PARENT]
    assert "tracestate" not in call


def test_the_fallback_is_told_too(traced: Traced) -> None:
    numbers = itertools.count(1)

    def once() -> tuple[str, str]:
        traced.ask("predictions", [])  # the primary is asked, that is: it is not left alone for a former failure
        traced.primary.status = 500
        try:
            return traced.once("predictions", [("x-request-id", f"second-{next(numbers)}"), ("traceparent", PARENT)])
        finally:
            traced.primary.status = 0

    own, _ = by_a_model(once, lambda answered: answered[1], "fallback")
    assert seen(traced.primary, own)[0]["traceparent"] == seen(traced.fallback, own)[0]["traceparent"] == [PARENT]


def test_many_at_once_are_named_or_counted(traced: Traced) -> None:
    deadline = time.monotonic() + 60
    while True:  # on a busy machine the primary may be given up before any two share a call
        calls, answered_by = _burst(traced)
        named = {one for call in calls for one in call if one.startswith("burst-")}
        counted = sum(int(call[-1]) for call in calls if call[-1].startswith("+"))
        assert len(named) + counted >= answered_by.count("primary")
        if max(map(len, calls), default=0) > 1:
            return
        assert time.monotonic() < deadline, "no two of 64 customers ever shared a call"
        time.sleep(1)


def _burst(traced: Traced) -> tuple[list[list[str]], list[str]]:
    """The ids in each call to the primary while 64 customers ask, and who served them."""
    before = len(traced.primary.calls)

    def ask(number: int) -> str:
        url, headers = f"{traced.system.gateway_url}/v1/predictions", {"x-request-id": f"burst-{number}"}
        return who_served(post(url, json=customers(), headers=headers))

    with ThreadPoolExecutor(32) as callers:
        answered_by = list(callers.map(ask, range(64)))
    calls = traced.primary.calls[before:]
    return [call["x-request-id"][0].split(",") for call in calls if "x-request-id" in call], answered_by

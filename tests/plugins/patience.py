"""Callers that come back: when they are told to, as every caller should, and when a busy machine kept their answer from
a model. A gateway on such a machine may be too late for a large body and say so, a backend may be later than a gateway
waits for it; neither is what a test is about that is not about time."""

import json
import time
from collections.abc import Callable
from typing import Any, TypeVar

import httpx

PATIENCE_SECONDS = 60.0  # only what hangs gets there, however busy the machine
Answer = TypeVar("Answer")
_RETRY = {
    "maxAttempts": 5,
    "initialBackoff": "0.5s",
    "maxBackoff": "5s",
    "backoffMultiplier": 2,
    "retryableStatusCodes": ["RESOURCE_EXHAUSTED"],
}
PATIENT_CHANNEL = (
    ("grpc.service_config", json.dumps({"methodConfig": [{"name": [{}], "retryPolicy": _RETRY}]})),
    ("grpc.per_rpc_retry_buffer_size", 1 << 24),
)


class PatientTransport(httpx.HTTPTransport):
    """Sends a request again where the answer is 503 with ``Retry-After``."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = super().handle_request(request)
            refused = answer.status_code == httpx.codes.SERVICE_UNAVAILABLE and "retry-after" in answer.headers
            if not refused or time.monotonic() > deadline:
                return answer
            answer.close()
            time.sleep(0.5)


def post(url: str, **options: Any) -> httpx.Response:
    """One request on a connection of its own."""
    with httpx.Client(transport=PatientTransport(), timeout=30) as client:
        return client.post(url, **options)


def until(true: Callable[[], bool], why_not: Callable[[], str] = str) -> None:
    """Return as soon as it is true; an :class:`AssertionError` with what is said of it if it never is."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, why_not()
        time.sleep(0.05)


def by_a_model(ask: Callable[[], Answer], served_by: Callable[[Answer], str], wanted: str = "") -> Answer:
    """The first answer by this backend, or by any model where none is named.

    On a busy machine the gateway's time may be over before one could give it, and who was late for a few in a row is
    left alone for a while.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer = ask()
        served = served_by(answer)
        if served == wanted or (not wanted and served != "degraded"):
            return answer
        assert time.monotonic() < deadline, f"answered by {served}, not by {wanted or 'a model'}"
        time.sleep(0.1)


def who_served(answer: httpx.Response) -> str:
    """Who served an answer of a gateway, at any of its doors over HTTP; nothing of one that names nobody."""
    if "x-served-by" in answer.headers:
        return answer.headers["x-served-by"]
    if answer.headers.get("content-type") != "application/json":
        return ""
    return str(answer.json().get("served_by", ""))


def who_served_over_grpc(answer: Any) -> str:
    """The same of an answer to the protocol's ``ModelInfer``."""
    return str(answer.parameters["served_by"].string_param)

"""A gateway of this folder's own kind: it follows the API's rules, so plans can be carried out without a socket.

The real gateway is asked in ``tests/integration/test_client.py``; here are thousands of lists and failures.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from churn_client.exchange import Caller, Lost, Plan, Reply, Send, Wait
from churn_client.settings import Settings

WRONG = "wrong"
"""The value that makes a customer's feature wrong."""
MODEL = {"name": "m", "version": "1", "digest": "sha256:0", "simulated": True}


class Clock:
    """Time that passes only where a plan waits or a request takes it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Rules:
    """Answers predictions as the API says. ``most_bytes`` and ``most_faults`` bound it; ``before`` may refuse first."""

    def __init__(self, most_bytes: int = 10**6, most_faults: int = 100) -> None:
        self.most_bytes = most_bytes
        self.most_faults = most_faults
        self.before: Callable[[], Reply | Lost | None] = lambda: None
        self.sent: list[Send] = []

    def __call__(self, send: Send) -> Reply | Lost:
        self.sent.append(send)
        refused = self.before()
        if refused is not None:
            return refused
        if len(send.body) > self.most_bytes:
            return problem(413)
        document = json.loads(send.body)
        faults = [
            {"field": f"customers[{index}].features.a", "message": "expected a number or null"}
            for index, customer in enumerate(document["customers"])
            if customer["features"]["a"] == WRONG
        ]
        if faults:
            left = len(faults) - self.most_faults
            more = [{"field": "request", "message": f"and {left} more problems"}] if left > 0 else []
            return problem(422, faults[: self.most_faults] + more)
        predictions = [prediction(customer["customer_id"]) for customer in document["customers"]]
        answer = {"request_id": send.request_id, "model": MODEL, "served_by": "primary", "predictions": predictions}
        return Reply(200, {"content-type": "application/json"}, json.dumps(answer).encode())


def prediction(customer_id: str) -> dict[str, Any]:
    segment, action = {"id": 1, "name": "s"}, {"id": "none", "name": "No action"}
    return {
        "customer_id": customer_id, "churn_probability": 0.5, "risk": "medium", "segment": segment, "action": action,
    }  # fmt: skip


def problem(status: int, errors: Sequence[dict[str, str]] = (), **headers: str) -> Reply:
    document = {"type": "urn:x", "title": "Refused", "status": status, "detail": "d", "errors": list(errors)}
    named = {"content-type": "application/problem+json", **{k.replace("_", "-"): v for k, v in headers.items()}}
    return Reply(status, named, json.dumps(document).encode())


class Carrier:
    """Carries plans out against rules, on a clock of its own; ``waits`` are the pauses that plans made."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.clock = Clock()
        self.rules = Rules()
        self.waits: list[float] = []
        self.caller = Caller(settings or Settings("http://gateway"), clock=self.clock, chance=lambda: 1.0)

    def __call__(self, plan: Plan[Any]) -> Any:
        outcome: Reply | Lost | None = None
        try:
            while True:
                step = plan.send(outcome)
                outcome = None
                if isinstance(step, Wait):
                    self.waits.append(step.seconds)
                    self.clock.now += step.seconds
                else:
                    outcome = self.rules(step)
        except StopIteration as end:
            return end.value


@pytest.fixture
def carrier() -> Carrier:
    return Carrier()

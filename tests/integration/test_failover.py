"""Backends that die, hang or lie under steady traffic: every request is answered, and the primary comes back."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any, Self

import httpx
import pytest

from patience import until

CUSTOMER = {"tenure": 3, "Contract": "Month-to-month", "charges": 70.5, "Payment": "Check", "Senior Citizen": 0}
OVERLOADED = "urn:churn-serving:problem:overloaded"


class Traffic:
    """One caller that never stops asking; keeps who answered and when."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stop = threading.Event()
        self.answers: list[tuple[float, str]] = []
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        body = {"customers": [{"customer_id": "a", "features": CUSTOMER}]}
        with httpx.Client(base_url=self._url, timeout=30) as client:
            while not self._stop.is_set():
                answer = client.post("/v1/predictions", json=body)
                document = answer.json()
                served_by = document.get("served_by", "none") if answer.status_code == 200 else "failed"
                if document.get("type") == OVERLOADED:
                    served_by = OVERLOADED
                self.answers.append((time.monotonic(), served_by))
                time.sleep(0.005)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(60)

    def since(self, moment: float) -> Counter[str]:
        return Counter(served_by for at, served_by in self.answers if at >= moment)

    def wait_for(self, served_by: str) -> None:
        """Return when the last answer is by this one."""
        until(
            lambda: bool(self.answers) and self.answers[-1][1] == served_by,
            lambda: f"{served_by} does not answer: {self.since(0)}",
        )


def mostly(answers: Counter[str], *models: str) -> bool:
    """Whether no request failed and two of three were answered by these: a busy machine makes some of a model's answers
    late, and the scorecard steps in, or the gateway itself, and it says so."""
    answered = sum(answers[model] for model in models)
    return set(answers) <= {*models, "degraded", OVERLOADED} and answered >= 2 / 3 * answers.total()


@pytest.fixture
def traffic(system: Any) -> Iterator[Traffic]:
    with Traffic(system.gateway_url) as started:
        started.wait_for("primary")
        yield started


def test_a_killed_primary_costs_no_request_and_comes_back(system: Any, traffic: Traffic) -> None:
    system.primary.signal(signal.SIGKILL)
    traffic.wait_for("fallback")
    moment = time.monotonic()
    time.sleep(1)
    assert mostly(traffic.since(moment), "fallback")
    system.primary.start()
    system.primary.wait_ready()
    traffic.wait_for("primary")
    assert mostly(traffic.since(0), "primary", "fallback")


def test_a_frozen_primary_costs_no_request_and_comes_back(system: Any, traffic: Traffic) -> None:
    system.primary.signal(signal.SIGSTOP)
    traffic.wait_for("fallback")
    system.primary.signal(signal.SIGCONT)
    traffic.wait_for("primary")
    assert mostly(traffic.since(0), "primary", "fallback")


def test_without_any_backend_the_answer_is_degraded_and_says_so(system: Any, traffic: Traffic) -> None:
    system.primary.signal(signal.SIGSTOP)
    system.fallback.signal(signal.SIGSTOP)
    traffic.wait_for("degraded")
    system.primary.signal(signal.SIGCONT)
    system.fallback.signal(signal.SIGCONT)
    traffic.wait_for("primary")
    assert "failed" not in traffic.since(0)

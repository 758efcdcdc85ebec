"""Fakes of the core's ports: a backend that does what a test says, and an observer that remembers."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from churn_model import Description, Row, Scores, TrustedKeys, open_package
from churn_serving.core.errors import BackendError
from churn_serving.core.ports import Answer


class FakeBackend:
    """Answers every row with ``probability`` unless told to fail or to wait."""

    def __init__(self, name: str, description: Description | None, probability: float = 0.5) -> None:
        self.name = name
        self.description = description
        self.probability = probability
        self.failure: BackendError | None = None
        self.failures_left: int | None = None
        self.gate: asyncio.Event | None = None
        self.calls: list[int] = []
        self.probe_answer = True

    async def score(self, rows: Sequence[Row], timeout: float) -> Answer:  # noqa: ARG002, ASYNC109
        self.calls.append(len(rows))
        if self.gate is not None:
            await self.gate.wait()
        if self.failure is not None and self.failures_left != 0:
            if self.failures_left is not None:
                self.failures_left -= 1
            raise self.failure
        assert self.description is not None
        probabilities = [float(row[0]) / 1000 for row in rows]  # type: ignore[arg-type]
        return Answer(Scores(probabilities, [1] * len(rows)), self.description)

    async def probe(self, timeout: float) -> bool:  # noqa: ARG002, ASYNC109
        return self.probe_answer


class Memory:
    """An observer that keeps what it is told."""

    def __init__(self) -> None:
        self.states: list[tuple[str, int]] = []
        self.fallbacks: list[str] = []
        self.refusals: list[str] = []

    def backend_called(self, backend: str, rows: int, seconds: float) -> None:
        pass

    def backend_state(self, backend: str, state: int) -> None:
        self.states.append((backend, state))

    def fell_back(self, reason: str) -> None:
        self.fallbacks.append(reason)

    def shed(self, reason: str) -> None:
        self.refusals.append(reason)


@pytest.fixture(scope="session")
def description(package_folder: Path, keys: object) -> Description:
    trusted: TrustedKeys = keys.trusted  # type: ignore[attr-defined]
    return open_package(package_folder, trusted).description


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def fake(description: Description) -> Callable[[str], FakeBackend]:
    return lambda name: FakeBackend(name, description)

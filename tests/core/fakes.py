"""Fakes of the core's ports: a backend that does what a test says, and an observer that remembers."""

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

from churn_model import Description, Row, Schema, Scores
from churn_serving.core.errors import BackendError, BackendRefusedRequest
from churn_serving.core.ports import Answer, Explanation
from churn_serving.telemetry.tracing import Traced

# Of the sample package's five features and the base: the second raises the churn most, then the third.
CONTRIBUTIONS = [-0.5, 0.9, 0.3, 0.01, -0.1, -1.2]


class Asked(NamedTuple):
    """One call."""

    rows: list[Row]
    schema: Schema
    timeout: float
    origins: list[Traced]


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
        self.probes = 0
        self.asked: list[Asked] = []
        self.pause = 0.0
        self.refuses: Callable[[Sequence[Row]], bool] = lambda _: False
        self.explained: list[int] = []
        self.explained_for: list[Traced] = []
        self.explanation: Explanation | Exception | None = None
        self.explanation_gate: asyncio.Event | None = None

    async def score(
        self,
        rows: Sequence[Row],
        schema: Schema,
        timeout: float,  # noqa: ASYNC109
        origins: Sequence[Traced] = (),
    ) -> Answer:
        self.calls.append(len(rows))
        self.asked.append(Asked(list(rows), schema, timeout, list(origins)))
        if self.gate is not None:
            await self.gate.wait()
        if self.pause:
            await asyncio.sleep(self.pause)
        if self.refuses(rows):
            raise BackendRefusedRequest("answered 400")
        if self.failure is not None and self.failures_left != 0:
            if self.failures_left is not None:
                self.failures_left -= 1
            raise self.failure
        assert self.description is not None
        probabilities = [float(row[0]) / 1000 for row in rows]  # type: ignore[arg-type]
        return Answer(Scores(probabilities, [1] * len(rows)), self.description)

    async def called(self, times: int = 1) -> None:
        """Until so many calls have come."""
        while len(self.calls) < times:  # noqa: ASYNC110 - turn by turn, as the lanes do
            await asyncio.sleep(0)

    async def explain(
        self,
        rows: Sequence[Row],
        description: Description,
        timeout: float,  # noqa: ARG002, ASYNC109
        origins: Sequence[Traced] = (),
    ) -> Explanation:
        self.explained.append(len(rows))
        self.explained_for.extend(origins)
        if self.explanation_gate is not None:
            await self.explanation_gate.wait()
        if isinstance(self.explanation, Exception):
            raise self.explanation
        return self.explanation or Explanation([CONTRIBUTIONS] * len(rows), description.digest)

    async def probe(self, timeout: float) -> bool:  # noqa: ARG002, ASYNC109
        self.probes += 1
        return self.probe_answer


class Memory:
    """An observer that keeps what it is told."""

    def __init__(self) -> None:
        self.states: list[tuple[str, int]] = []
        self.fallbacks: list[str] = []
        self.left: list[tuple[str, str]] = []
        self.diversions: list[tuple[str, str]] = []
        self.refusals: list[str] = []
        self.explanations: list[str] = []
        self.calls: list[tuple[str, int, float]] = []
        self.outcomes: list[tuple[str, str, str]] = []

    def backend_called(self, backend: str, rows: int, seconds: float, outcome: str, digest: str) -> None:
        self.calls.append((backend, rows, seconds))
        self.outcomes.append((backend, outcome, digest))

    def backend_state(self, backend: str, state: int) -> None:
        self.states.append((backend, state))

    def fell_back(self, backend: str, reason: str) -> None:
        self.fallbacks.append(reason)
        self.left.append((backend, reason))

    def diverted(self, reason: str, served_by: str) -> None:
        self.diversions.append((reason, served_by))

    def shed(self, reason: str) -> None:
        self.refusals.append(reason)

    def explained(self, outcome: str) -> None:
        self.explanations.append(outcome)

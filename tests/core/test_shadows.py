"""Copies for a canary: asked once and in time or not at all, counted, and never met by anybody else."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from churn_model import Description, Row
from churn_serving.core.dispatch import Outcome
from churn_serving.core.errors import BackendFailed, BackendUnreachable
from churn_serving.core.policy import DecisionPolicy
from churn_serving.core.shadows import Shadows

ALL = ("primary", "canary", "fallback")


def row(number: int = 12) -> Row:
    return [float(number), "One year", 70.0, "Card", 0.0]


class Counted:
    """An observer of copies that keeps what it is told."""

    def __init__(self) -> None:
        self.ended: list[tuple[str, str]] = []
        self.dropped = 0
        self.compared: list[tuple[str, str, list[float], list[float]]] = []

    @property
    def outcomes(self) -> list[str]:
        return [outcome for outcome, _ in self.ended]

    def shadow_ended(self, outcome: str, digest: str) -> None:
        self.ended.append((outcome, digest))

    def shadow_dropped(self) -> None:
        self.dropped += 1

    def shadow_compared(
        self, digest: str, beside: str, probabilities: Sequence[float], others: Sequence[float]
    ) -> None:
        self.compared.append((digest, beside, list(probabilities), list(others)))


class Stage:
    """A dispatcher over fakes in virtual time, with copies of everything."""

    def __init__(self, loop: Any, built: Any, description: Description) -> None:
        self.loop = loop
        self.dispatcher, self.fakes, self.guarded = built
        self.description = description
        self.counted = Counted()
        self.shadows = Shadows("primary", self.guarded["canary"], DecisionPolicy(), self.counted, 3)
        self.shadows.share = 1.0
        self.canary = self.fakes["canary"]

    async def ask(self, rows: int = 1, origin: Any = None) -> Outcome:
        """Answer a request and send its copy, as a door does."""
        asked = [row(number % 1000) for number in range(12, 12 + rows)]
        outcome: Outcome = await self.dispatcher.predict(asked, self.description, "a")
        copy = self.shadows.copy_of(asked, self.description.schema, outcome)
        if copy is not None:
            self.shadows.send(copy, origin)
        return outcome

    def states(self) -> dict[str, bool]:
        """Whose breaker is closed."""
        return {name: backend.breaker.closed for name, backend in self.guarded.items()}


@pytest.fixture
def on_stage(build: Any, description: Description, in_virtual_time: Any) -> Callable[..., None]:
    def run(main: Callable[[Stage], Coroutine[Any, Any, None]]) -> None:
        async def whole(loop: Any) -> None:
            await main(Stage(loop, build(ALL, clock=loop.time), description))

        in_virtual_time(whole)

    return run


def test_the_canary_is_asked_what_the_primary_has_answered(on_stage: Any, retrained: Description) -> None:
    async def main(stage: Stage) -> None:
        mine = SimpleNamespace(request_id="mine", trace=None)
        stage.canary.description = retrained
        outcome = await stage.ask(2, mine)
        assert (outcome.served_by, stage.canary.asked, stage.counted.ended) == ("primary", [], [])
        await asyncio.sleep(0.01)
        asked = stage.canary.asked[0]
        assert (asked.rows, asked.schema, asked.timeout, asked.origins) == (
            [row(12), row(13)], stage.description.schema, 0.1, [mine],
        )  # fmt: skip
        assert stage.counted.ended == [("answered", retrained.digest)]
        assert stage.counted.compared == [
            (retrained.digest, stage.description.digest, [0.012, 0.013], outcome.scores.probabilities)
        ]

    on_stage(main)


@pytest.mark.parametrize(("share", "copies"), [(0.0, 0), (0.2, 20), (0.5, 50), (1.0, 100)])
def test_a_share_of_requests_is_copied_evenly(on_stage: Any, share: float, copies: int) -> None:
    async def main(stage: Stage) -> None:
        stage.shadows.share = share
        for _ in range(100):
            await stage.ask()
            await asyncio.sleep(0.01)
        assert len(stage.canary.calls) == pytest.approx(copies, abs=1)

    on_stage(main)


def test_what_others_have_answered_is_not_copied(on_stage: Any) -> None:
    async def main(stage: Stage) -> None:
        stage.fakes["primary"].failure = BackendFailed("down")
        assert (await stage.ask()).served_by == "fallback"
        stage.fakes["fallback"].failure = BackendFailed("down")
        assert (await stage.ask()).served_by == "degraded"
        await asyncio.sleep(1)
        assert stage.canary.calls == []

    on_stage(main)


def test_a_canary_that_hangs_holds_nobody_and_is_given_up(on_stage: Any) -> None:
    async def main(stage: Stage) -> None:
        stage.canary.gate = asyncio.Event()
        begun = stage.loop.time()
        for _ in range(5):
            assert (await stage.ask()).served_by == "primary"
        await stage.canary.called(3)
        assert stage.loop.time() == begun
        assert (stage.canary.calls, stage.counted.dropped, stage.counted.ended) == ([1, 1, 1], 2, [])
        await asyncio.sleep(0.24)
        assert stage.counted.ended == []
        await asyncio.sleep(0.02)
        assert stage.counted.outcomes == ["timeout"] * 3
        stage.canary.gate.set()
        await stage.ask()
        await asyncio.sleep(0.01)
        assert stage.counted.outcomes[3:] == ["answered"]

    on_stage(main)


def test_a_failing_canary_is_left_alone_and_nobody_else_is(on_stage: Any, memory: Any) -> None:
    async def main(stage: Stage) -> None:
        stage.canary.failure = BackendUnreachable("gone")
        for _ in range(7):
            await stage.ask()
            await asyncio.sleep(0.01)
        assert stage.counted.outcomes == ["unreachable"] * 5 + ["open"] * 2
        assert stage.canary.calls == [1] * 5  # none was asked for again
        assert stage.states() == {"primary": True, "canary": False, "fallback": True}
        assert (memory.left, memory.diversions, stage.counted.compared) == ([], [], [])

    on_stage(main)


@pytest.mark.parametrize(("well", "outcome"), [(True, "refused"), (False, "failed")])
def test_what_a_canary_refuses_is_not_asked_again(on_stage: Any, *, well: bool, outcome: str) -> None:
    async def main(stage: Stage) -> None:
        stage.canary.refuses = lambda _: True
        stage.canary.probe_answer = well
        for _ in range(3):
            await stage.ask(2)
        await asyncio.sleep(0.01)
        assert (stage.canary.calls, stage.canary.probes) == ([2, 2, 2], 3)
        assert stage.counted.outcomes == [outcome] * 3

    on_stage(main)


def test_a_canary_of_another_schema_is_not_asked(on_stage: Any, rearranged: Description) -> None:
    async def main(stage: Stage) -> None:
        stage.canary.description = rearranged
        await stage.ask()
        await asyncio.sleep(1)
        assert (stage.canary.calls, stage.counted.ended) == ([], [("schema", rearranged.digest)])

    on_stage(main)


def test_of_a_large_request_one_call_is_copied(on_stage: Any) -> None:
    async def main(stage: Stage) -> None:
        outcome = await stage.ask(1000)
        await asyncio.sleep(0.01)
        assert stage.canary.calls == [128]
        _, _, said, answered = stage.counted.compared[0]
        assert said == answered[:128] == outcome.scores.probabilities[:128]

    on_stage(main)


def test_whoever_leaves_waits_for_no_copy(on_stage: Any) -> None:
    async def main(stage: Stage) -> None:
        stage.canary.gate = asyncio.Event()
        await stage.ask()
        await stage.canary.called()
        stage.shadows.close()
        await stage.ask()
        await asyncio.sleep(1)
        assert (stage.canary.calls, stage.counted.ended, stage.counted.dropped) == ([1], [], 0)

    on_stage(main)

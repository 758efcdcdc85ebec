"""The times and sizes that callers and backends can feel, with the policy that ships and in virtual time.

None of these numbers is read from the policy: whoever changes one there changes what is promised, and must say so here.
"""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from churn_model import Description, Row, Schema, SchemaFeature
from churn_model.schema import MAXIMUM_TEXT
from churn_serving.core.call_size import CallSize
from churn_serving.core.chunks import cut
from churn_serving.core.dispatch import Outcome
from churn_serving.core.errors import BackendFailed, BackendUnreachable, NotReady, Overloaded
from churn_serving.core.explanations import Explanations
from churn_serving.core.policy import BreakerPolicy, DecisionPolicy, LargeRequestPolicy, RetryPolicy

Main = Callable[["Stage"], Coroutine[Any, Any, None]]


def row(number: int = 12) -> Row:
    return [float(number), "One year", 70.0, "Card", 0.0]


class Stage:
    """A dispatcher over fakes in virtual time."""

    def __init__(self, loop: Any, built: Any, description: Description) -> None:
        self.loop = loop
        self.dispatcher, self.fakes, self.guarded = built
        self.description = description

    def ask(self, rows: int = 1) -> Awaitable[Outcome]:
        predicted: Awaitable[Outcome] = self.dispatcher.predict([row()] * rows, self.description, "a")
        return predicted

    async def timed(self, rows: int = 1) -> tuple[str, Any]:
        """Who answered, and after how many seconds."""
        begun = self.loop.time()
        outcome = await self.ask(rows)
        return outcome.served_by, pytest.approx(self.loop.time() - begun, abs=1e-6)

    def hang(self, *names: str) -> None:
        for name in names:
            self.fakes[name].gate = asyncio.Event()

    def fail(self, name: str, after: float = 0.0) -> None:
        self.fakes[name].failure = BackendFailed("down")
        self.fakes[name].pause = after


@pytest.fixture
def on_stage(build: Any, description: Description, in_virtual_time: Any) -> Callable[..., None]:
    def run(main: Main, **options: Any) -> None:
        async def whole(loop: Any) -> None:
            await main(Stage(loop, build(clock=loop.time, **options), description))

        in_virtual_time(whole)

    return run


def test_when_all_hang_the_scorecard_answers_after_a_quarter_of_a_second(on_stage: Any) -> None:
    async def main(stage: Stage) -> None:
        stage.hang("primary", "fallback")
        assert await stage.timed() == ("degraded", 0.25)
        assert stage.fakes["fallback"].calls == []

    on_stage(main)


def test_every_try_is_given_a_tenth_of_a_second(on_stage: Any) -> None:
    async def main(stage: Stage) -> None:
        stage.fail("primary", after=0.1)
        assert await stage.timed() == ("fallback", 0.1)
        assert [fake.asked[0].timeout for fake in stage.fakes.values()] == [0.1, 0.1]

    on_stage(main)


@pytest.mark.parametrize(("seconds", "served_by"), [(0.244, "fallback"), (0.246, "degraded")])
def test_nobody_is_asked_in_the_last_five_milliseconds(
    on_stage: Any, memory: Any, seconds: float, served_by: str
) -> None:
    async def main(stage: Stage) -> None:
        stage.fail("primary", after=seconds)
        assert (await stage.ask()).served_by == served_by
        assert memory.fallbacks == (["failed"] if served_by == "fallback" else ["failed", "deadline"])

    on_stage(main)


def test_two_backends_are_tried_and_never_a_third(on_stage: Any, memory: Any) -> None:
    async def main(stage: Stage) -> None:
        for name in stage.fakes:
            stage.fail(name)
        assert (await stage.ask()).served_by == "degraded"
        assert {name: len(fake.calls) for name, fake in stage.fakes.items()} == {
            "primary": 1,
            "canary": 1,
            "fallback": 0,
        }
        assert memory.fallbacks == ["failed", "failed", "deadline"]

    on_stage(main, names=("primary", "canary", "fallback"), share=1.0)


def test_a_connection_that_breaks_twice_is_not_tried_a_third_time(on_stage: Any) -> None:
    async def main(stage: Stage) -> None:
        stage.fakes["primary"].failure = BackendUnreachable("reset")
        assert (await stage.ask()).served_by == "fallback"
        assert stage.fakes["primary"].calls == [1, 1]

    on_stage(main)


def test_a_backend_that_was_opened_by_the_break_is_not_asked_again(on_stage: Any) -> None:
    async def main(stage: Stage) -> None:
        stage.fail("primary")
        for _ in range(4):
            await stage.ask()
        stage.fakes["primary"].failure = BackendUnreachable("reset")
        await stage.ask()
        assert len(stage.fakes["primary"].calls) == 5

    on_stage(main)


def test_two_calls_are_under_way_and_who_comes_then_shares_the_next_of_256_rows(on_stage: Any) -> None:
    async def main(stage: Stage) -> None:
        stage.hang("primary")
        asked = [asyncio.ensure_future(stage.ask())]
        await asyncio.sleep(0.001)
        asked += [asyncio.ensure_future(stage.ask())]
        await asyncio.sleep(0.001)
        asked += [asyncio.ensure_future(stage.ask()) for _ in range(300)]
        await asyncio.sleep(0.001)
        assert stage.fakes["primary"].calls == [1, 1]
        stage.fakes["primary"].gate.set()
        assert {outcome.served_by for outcome in await asyncio.gather(*asked)} == {"primary"}
        assert stage.fakes["primary"].calls == [1, 1, 256, 44]

    on_stage(main)


@pytest.mark.parametrize(
    ("rows", "calls", "seconds"), [(128, [128], 0.1), (129, [128, 1], 0.25), (300, [128, 128, 44], 0.25)]
)
def test_more_than_128_rows_go_in_chunks_that_have_more_time(
    on_stage: Any, rows: int, calls: list[int], seconds: float
) -> None:
    async def main(stage: Stage) -> None:
        outcome = await stage.ask(rows)
        assert (outcome.served_by, len(outcome.scores.probabilities)) == ("primary", rows)
        assert stage.fakes["primary"].calls == calls
        assert {asked.timeout for asked in stage.fakes["primary"].asked} == {seconds}

    on_stage(main)


@pytest.mark.parametrize(("rows", "seconds"), [(128, 0.25), (129, 0.35), (256, 0.35), (257, 0.45), (10_000, 8.05)])
def test_every_further_chunk_adds_a_tenth_of_a_second_to_the_deadline(on_stage: Any, rows: int, seconds: float) -> None:
    async def main(stage: Stage) -> None:
        stage.hang("primary", "fallback")
        assert await stage.timed(rows) == ("degraded", seconds)

    on_stage(main)


def test_one_chunk_is_under_way_and_large_requests_take_turns(on_stage: Any) -> None:
    async def main(stage: Stage) -> None:
        stage.fakes["primary"].pause = 0.01
        asked = [asyncio.ensure_future(stage.ask(256)) for _ in range(2)]
        small = [asyncio.ensure_future(stage.ask()) for _ in range(2)]
        await asyncio.sleep(0.005)
        assert sorted(stage.fakes["primary"].calls) == [2, 128]
        assert {outcome.served_by for outcome in await asyncio.gather(*asked, *small)} == {"primary"}
        assert sorted(stage.fakes["primary"].calls) == [2, 128, 128, 128, 128]

    on_stage(main)


def test_thirty_thousand_rows_of_large_requests_find_room(on_stage: Any, memory: Any) -> None:
    async def main(stage: Stage) -> None:
        stage.hang("primary", "fallback")
        asked = [asyncio.ensure_future(stage.ask(10_000)) for _ in range(3)]
        await asyncio.sleep(0.01)
        with pytest.raises(Overloaded) as refused:
            await stage.ask(129)
        assert (refused.value.reason, memory.refusals) == ("rows_full", ["rows_full"])
        small = asyncio.ensure_future(stage.ask(128))  # no large request
        assert (await small).served_by == "degraded"
        await asyncio.gather(*asked)
        stage.fakes["primary"].gate.set()
        assert (await stage.ask(10_000)).served_by == "primary"

    on_stage(main)


def test_reasons_are_given_up_after_a_quarter_of_a_second_and_for_eight_at_once(on_stage: Any, memory: Any) -> None:
    async def main(stage: Stage) -> None:
        fake = stage.fakes["primary"]
        explanations = Explanations(tuple(stage.guarded.values()), DecisionPolicy(), memory)
        outcome = await stage.ask()
        fake.explanation_gate = asyncio.Event()
        begun = stage.loop.time()
        under_way = [asyncio.ensure_future(explanations.explain([row()], outcome)) for _ in range(8)]
        await asyncio.sleep(0.01)
        assert (await explanations.explain([row()], outcome), memory.explanations) == (("busy", [[]]), ["busy"])
        assert await asyncio.gather(*under_way) == [("late", [[]])] * 8
        assert stage.loop.time() - begun == pytest.approx(0.25)
        assert memory.explanations == ["busy", *["late"] * 8]
        fake.explanation_gate.set()
        assert (await explanations.explain([row()], outcome)).reasons != [[]]

    on_stage(main)


@pytest.mark.parametrize(("characters", "calls"), [(0, [7]), (1, [6, 1])])
def test_a_call_is_of_one_mebibyte_at_most(characters: int, calls: list[int]) -> None:
    """Rows stay together while, as JSON at its largest, they are within 1,048,576 bytes: not with one more."""
    columns = 100
    schema = Schema("wide", "id", tuple(SchemaFeature(f"column {n}", "category") for n in range(columns)))
    sizes = CallSize(schema)
    longest: Row = ["x" * MAXIMUM_TEXT] * columns
    left = (1_048_576 - sizes.empty - sizes.of([longest] * 6 + [[""] * columns])) // 6 + characters
    last: Row = ["x" * max(0, min(MAXIMUM_TEXT, left - n * MAXIMUM_TEXT)) for n in range(columns)]
    chunks = asyncio.run(cut([longest] * 6 + [last], schema, DecisionPolicy()))
    assert [len(chunk) for chunk in chunks] == calls


def test_every_call_is_told_with_its_rows_and_its_seconds_well_or_not(on_stage: Any, memory: Any) -> None:
    async def main(stage: Stage) -> None:
        stage.fail("primary", after=0.0625)
        stage.fakes["fallback"].pause = 0.03125
        assert (await stage.ask(3)).served_by == "fallback"
        assert memory.calls == [
            ("primary", 3, pytest.approx(0.0625)),
            ("fallback", 3, pytest.approx(0.03125)),
        ]

    on_stage(main)


def test_who_is_not_ready_says_come_back_in_two_seconds_who_is_full_in_one() -> None:
    assert (NotReady().retry_after, Overloaded("any").retry_after) == (2, 1)


@pytest.mark.parametrize("policy", [DecisionPolicy(), LargeRequestPolicy(), RetryPolicy(), BreakerPolicy()])
def test_nobody_changes_the_numbers_while_a_process_runs(policy: Any) -> None:
    for field in dataclasses.fields(policy):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(policy, field.name, 1)

"""Large requests get their answer from one model, in a time that grows with them, and nobody waits behind them.

Time is virtual: what is asserted of it is exact, and nothing depends on how fast this machine is.
"""

import asyncio
import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_model import Description, Row, Scores
from churn_model.schema import MAXIMUM_TEXT
from churn_serving.core.chunks import score_chunks
from churn_serving.core.errors import BackendChanging, BackendFailed, BackendTimeout, Overloaded
from churn_serving.core.policy import DecisionPolicy, LargeRequestPolicy
from churn_serving.core.ports import Answer

Make = Callable[..., Any]
Run = Callable[..., Any]
POLICY = DecisionPolicy()
LARGEST = 10_000
CHUNKS = -(-LARGEST // POLICY.large.rows_a_chunk)


def rows(count: int, text: str | None = "One year") -> list[Row]:
    return [[n / 10, text, 70.0, "Card", 0.0] for n in range(count)]


def expected(asked: list[Row]) -> list[float]:
    return [float(row[0]) / 1000 for row in asked]  # type: ignore[arg-type]


def test_the_largest_request_is_answered_by_a_slow_model(
    build: Make, description: Description, in_virtual_time: Run
) -> None:
    """Each chunk takes 50 ms: two hundred times what a healthy backend takes for a row, and 4 s for them all."""

    async def main(loop: Any) -> Any:
        dispatcher, fakes, _ = build(clock=loop.time)
        fakes["primary"].pause = 0.05
        outcome = await dispatcher.predict(rows(LARGEST), description, "a")
        return outcome, fakes["primary"]

    outcome, primary = in_virtual_time(main)
    assert outcome.served_by == "primary"
    assert outcome.scores.probabilities == expected(rows(LARGEST))
    assert len(primary.calls) == CHUNKS
    assert max(primary.calls) == POLICY.large.rows_a_chunk
    assert {call.timeout for call in primary.asked} == {POLICY.large.try_seconds}


@pytest.mark.parametrize("count", [1, POLICY.large.rows_a_chunk, POLICY.large.rows_a_chunk + 1, LARGEST])
def test_the_scorecard_answers_exactly_at_the_deadline(
    build: Make, description: Description, in_virtual_time: Run, count: int
) -> None:
    """Behind a backend that never answers and whose own time limit does not help."""

    async def main(loop: Any) -> Any:
        dispatcher, fakes, _ = build(("primary",), clock=loop.time)
        fakes["primary"].gate = asyncio.Event()
        begun = loop.time()
        outcome = await dispatcher.predict(rows(count), description, "a")
        fakes["primary"].gate.set()
        return outcome, loop.time() - begun

    outcome, seconds = in_virtual_time(main)
    assert outcome.served_by == "degraded"
    assert outcome.scores == description.degraded_scores(rows(count))
    chunks = -(-count // POLICY.large.rows_a_chunk)
    assert seconds == pytest.approx(0.25 + 0.1 * (chunks - 1), abs=1e-6)


def test_what_is_left_of_the_deadline_is_the_fallbacks(
    build: Make, description: Description, in_virtual_time: Run
) -> None:
    async def main(loop: Any) -> Any:
        dispatcher, fakes, _ = build(clock=loop.time)
        fakes["primary"].pause = 0.1
        fakes["primary"].failure = BackendTimeout("slow")
        fakes["fallback"].gate = asyncio.Event()
        begun = loop.time()
        outcome = await dispatcher.predict(rows(1), description, "a")
        fakes["fallback"].gate.set()
        return outcome.served_by, loop.time() - begun

    served_by, seconds = in_virtual_time(main)
    assert served_by == "degraded"
    assert seconds == pytest.approx(0.25, abs=1e-6)


def test_single_customers_never_wait_behind_large_requests(
    build: Make, description: Description, in_virtual_time: Run
) -> None:
    async def main(loop: Any) -> Any:
        dispatcher, fakes, _ = build(clock=loop.time)
        fakes["primary"].pause = 0.01
        large = [asyncio.create_task(dispatcher.predict(rows(LARGEST), description, None)) for _ in range(3)]
        waits = []
        for number in range(200):
            begun = loop.time()
            outcome = await dispatcher.predict([[float(number), None, 1.0, None, 0.0]], description, None)
            waits.append(loop.time() - begun)
            assert outcome.served_by == "primary"
        return waits, [outcome.served_by for outcome in await asyncio.gather(*large)]

    waits, large = in_virtual_time(main)
    assert max(waits) == pytest.approx(0.01, abs=1e-6)
    assert large == ["primary"] * 3


def test_large_requests_take_turns(build: Make, description: Description, in_virtual_time: Run) -> None:
    """The second is not held up by the whole of the first."""

    async def main(loop: Any) -> Any:
        dispatcher, fakes, _ = build(("primary",), clock=loop.time)
        fakes["primary"].pause = 0.01
        first = asyncio.create_task(dispatcher.predict(rows(LARGEST), description, None))
        await asyncio.sleep(0.005)
        second = await dispatcher.predict(rows(300), description, None)
        return first.done(), second.served_by, (await first).served_by, fakes["primary"]

    finished, second, first, primary = in_virtual_time(main)
    assert (finished, second, first) == (False, "primary", "primary")
    assert max(primary.calls) <= POLICY.large.rows_a_chunk


def test_a_large_request_that_fails_takes_no_single_customer_along(
    build: Make, description: Description, in_virtual_time: Run
) -> None:
    async def main(loop: Any) -> Any:
        dispatcher, fakes, guarded = build(clock=loop.time)
        primary = fakes["primary"]
        primary.gate = asyncio.Event()
        early = [guarded["primary"].score(rows(1), description.schema) for _ in range(2)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        late = asyncio.create_task(dispatcher.predict(rows(1), description, None))
        chunk = guarded["primary"].score(rows(100), description.schema, large=True)
        await asyncio.sleep(0.01)
        guarded["primary"]._failed(guarded["primary"]._large_lane, [], BackendFailed("of this chunk"))
        primary.gate.set()
        await asyncio.gather(*early, chunk)
        return (await late).served_by

    assert in_virtual_time(main) == "primary"


async def test_no_more_rows_of_large_requests_than_there_is_room_for(
    build: Make, description: Description, memory: Any
) -> None:
    policy = dataclasses.replace(POLICY, large=dataclasses.replace(POLICY.large, maximum_rows=1000))
    dispatcher, fakes, _ = build(("primary",), policy=policy)
    fakes["primary"].gate = asyncio.Event()
    first = asyncio.create_task(dispatcher.predict(rows(700), description, None))
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await dispatcher.predict(rows(301), description, None)
    assert memory.refusals == ["rows_full"]
    small = asyncio.create_task(dispatcher.predict(rows(1), description, None))
    fits = asyncio.create_task(dispatcher.predict(rows(300), description, None))
    await asyncio.sleep(0)
    fakes["primary"].gate.set()
    assert {(await one).served_by for one in (first, small, fits)} == {"primary"}
    assert (await dispatcher.predict(rows(1000), description, None)).served_by == "primary"


async def test_calls_are_bounded_in_bytes_too(build: Make, description: Description) -> None:
    """100 rows are few; 100 rows of the longest texts are not, when every character takes six bytes."""
    policy = dataclasses.replace(POLICY, bytes_a_call=50_000)
    dispatcher, fakes, _ = build(("primary",), policy=policy)
    asked = rows(100, "\x01" * MAXIMUM_TEXT)
    outcome = await dispatcher.predict(asked, description, None)
    assert outcome.scores.probabilities == expected(asked)
    assert 3 <= len(fakes["primary"].calls) <= 8
    assert all(len(call.rows) * 6 * MAXIMUM_TEXT <= 50_000 for call in fakes["primary"].asked)


async def test_many_small_requests_of_long_texts_do_not_share_a_call_that_is_too_large(
    build: Make, description: Description
) -> None:
    policy = dataclasses.replace(POLICY, bytes_a_call=50_000)
    dispatcher, fakes, _ = build(("primary",), policy=policy)
    asked = [rows(1, "\x01" * MAXIMUM_TEXT) for _ in range(100)]
    outcomes = await asyncio.gather(*(dispatcher.predict(one, description, None) for one in asked))
    assert {outcome.served_by for outcome in outcomes} == {"primary"}
    assert all(len(call.rows) * 6 * MAXIMUM_TEXT <= 50_000 for call in fakes["primary"].asked)
    assert len(fakes["primary"].calls) <= 8


@settings(max_examples=150, deadline=None)
@given(chunks=st.integers(2, 40), turns=st.lists(st.booleans(), max_size=400), rest=st.booleans())
def test_all_chunks_are_answered_by_one_model_or_none(
    description: Description, retrained: Description, chunks: int, turns: list[bool], rest: bool
) -> None:
    """Two versions take turns in any way; in the end one of them stays."""
    source = iter(turns)
    models = (description, retrained)
    calls = 0

    async def ask(chunk: Any) -> Answer:
        nonlocal calls
        calls += 1
        which = next(source, rest)
        return Answer(Scores([float(which)] * len(chunk), [int(which)] * len(chunk)), models[which])

    policy = LargeRequestPolicy()
    try:
        answer = asyncio.run(score_chunks([rows(2)] * chunks, ask, policy))
    except BackendChanging:
        assert calls == policy.calls_a_chunk * chunks + policy.spare_calls
    else:
        which = models.index(answer.description)
        assert answer.scores == Scores([float(which)] * 2 * chunks, [which] * 2 * chunks)
        assert calls <= policy.calls_a_chunk * chunks + policy.spare_calls


@pytest.mark.parametrize("before", [0, 1, 20, 39, 40])
async def test_a_model_that_is_swapped_in_between_answers_it_all(
    description: Description, retrained: Description, before: int
) -> None:
    calls = 0

    async def ask(chunk: Any) -> Answer:
        nonlocal calls
        calls += 1
        return Answer(Scores([0.5] * len(chunk), [1] * len(chunk)), description if calls <= before else retrained)

    answer = await score_chunks([rows(1)] * 40, ask, LargeRequestPolicy())
    assert answer.description is (description if before == 40 else retrained)
    assert len(answer.scores.probabilities) == 40

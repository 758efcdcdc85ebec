"""Large requests get their answer from one model, in a time that grows with them, and nobody waits behind them.

Time is virtual: what is asserted of it is exact, and nothing depends on how fast this machine is.
"""

import asyncio
import copy
import dataclasses
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_model import Description, Row, Scores
from churn_model.schema import MAXIMUM_TEXT
from churn_serving.core.call_size import CallSize
from churn_serving.core.chunks import score_chunks
from churn_serving.core.errors import BackendChanging, BackendFailed, BackendTimeout, Overloaded
from churn_serving.core.policy import DecisionPolicy, LargeRequestPolicy
from churn_serving.core.ports import Answer
from tests.core.patient_policy import PATIENT

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
        await primary.called()
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
    policy = dataclasses.replace(PATIENT, large=dataclasses.replace(PATIENT.large, maximum_rows=1000))
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
    policy = dataclasses.replace(PATIENT, bytes_a_call=50_000)
    dispatcher, fakes, _ = build(("primary",), policy=policy)
    asked = rows(100, "\x01" * MAXIMUM_TEXT)
    outcome = await dispatcher.predict(asked, description, None)
    assert outcome.scores.probabilities == expected(asked)
    assert 3 <= len(fakes["primary"].calls) <= 8
    assert all(len(call.rows) * 6 * MAXIMUM_TEXT <= 50_000 for call in fakes["primary"].asked)


async def test_many_small_requests_of_long_texts_do_not_share_a_call_that_is_too_large(
    build: Make, description: Description
) -> None:
    policy = dataclasses.replace(PATIENT, bytes_a_call=50_000)
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


def version(description: Description, number: int) -> Description:
    """The same model under another digest."""
    other = copy.copy(description)
    other.digest = f"sha256:{number:064x}"
    return other


@pytest.mark.parametrize(("chunks", "calls"), [(2, 24), (10, 56)])
async def test_a_backend_that_never_is_the_same_is_given_up_after_four_calls_a_chunk_and_sixteen(
    description: Description, chunks: int, calls: int
) -> None:
    made = 0

    async def ask(chunk: Any) -> Answer:
        nonlocal made
        made += 1
        return Answer(Scores([0.5] * len(chunk), [1] * len(chunk)), version(description, made))

    with pytest.raises(BackendChanging):
        await score_chunks([rows(1)] * chunks, ask, LargeRequestPolicy())
    assert made == calls


async def test_the_last_call_still_counts(description: Description) -> None:
    """Twenty-three calls by as many versions; the twenty-fourth is by one of them, which so has answered both chunks.
    It is the oldest that is not forgotten: of the last sixteen calls, one was its own."""
    made = 0

    async def ask(chunk: Any) -> Answer:
        nonlocal made
        made += 1
        return Answer(
            Scores([made / 100] * len(chunk), [1] * len(chunk)), version(description, min(made, 24 - 16 * (made == 24)))
        )

    answer = await score_chunks([rows(1)] * 2, ask, LargeRequestPolicy())
    assert (made, answer.description.digest) == (24, version(description, 8).digest)
    assert sorted(answer.scores.probabilities) == [0.08, 0.24]


async def test_after_sixteen_calls_without_it_a_model_is_taken_for_gone(
    description: Description, retrained: Description
) -> None:
    """The old one answered twenty chunks; the new one answers the twenty-first sixteen times, then all others."""
    calls = 0

    async def ask(chunk: Any) -> Answer:
        nonlocal calls
        calls += 1
        return Answer(Scores([0.5] * len(chunk), [1] * len(chunk)), description if calls <= 20 else retrained)

    answer = await score_chunks([rows(1)] * 40, ask, LargeRequestPolicy())
    assert (calls, answer.description) == (20 + 16 + 39, retrained)


def test_others_get_their_turn_after_every_chunk_of_a_large_request_that_no_backend_answers(
    build: Make, description: Description, in_virtual_time: Run
) -> None:
    """Once while it is cut, and once while the scorecard answers it."""

    async def main(loop: Any) -> int:
        dispatcher, _, guarded = build(("primary",), clock=loop.time)
        for _ in range(5):
            guarded["primary"].breaker.failed()
        request = asyncio.ensure_future(dispatcher.predict(rows(LARGEST), description, None))
        for turns in itertools.count():
            if request.done():
                assert request.result().served_by == "degraded"
                return turns
            await asyncio.sleep(0)
        raise AssertionError

    assert 2 * CHUNKS <= in_virtual_time(main) <= 2 * CHUNKS + 5


@pytest.mark.parametrize(("count", "calls"), [(1, [1]), (2, [1, 1]), (3, [1, 1, 1])])
async def test_rows_that_fill_a_call_each_go_one_by_one_and_a_single_customer_is_never_large(
    build: Make, description: Description, count: int, calls: list[int]
) -> None:
    policy = dataclasses.replace(PATIENT, bytes_a_call=1000)
    dispatcher, fakes, _ = build(("primary",), policy=policy)
    asked = rows(count, "\x01" * MAXIMUM_TEXT)
    assert (await dispatcher.predict(asked, description, None)).scores.probabilities == expected(asked)
    assert fakes["primary"].calls == calls
    given = PATIENT.try_seconds if count == 1 else PATIENT.large.try_seconds
    assert {call.timeout for call in fakes["primary"].asked} == {given}


LONGEST: Row = [1.0, "\x01" * MAXIMUM_TEXT, 70.0, "\x01" * MAXIMUM_TEXT, 0.0]


@pytest.mark.parametrize("after_a_failure", [False, True])
async def test_what_waits_goes_out_in_calls_that_are_full_and_not_too_full(
    build: Make, description: Description, *, after_a_failure: bool
) -> None:
    """Five of the longest rows there are fit into a call; six wait. Also when those before them were given up."""
    sizes = CallSize(description.schema)
    policy = dataclasses.replace(PATIENT, bytes_a_call=sizes.empty + 5 * sizes.longest_row, calls_in_flight=1)
    dispatcher, fakes, _ = build(("primary",), policy=policy)
    primary = fakes["primary"]
    if after_a_failure:
        primary.failure = BackendFailed("down")
        primary.failures_left = 1
        given_up = [asyncio.ensure_future(dispatcher.predict([LONGEST], description, None)) for _ in range(4)]
        assert {outcome.served_by for outcome in await asyncio.gather(*given_up)} == {"degraded"}
        primary.calls.clear()
    outcomes = await asyncio.gather(*(dispatcher.predict([LONGEST], description, None) for _ in range(6)))
    assert {outcome.served_by for outcome in outcomes} == {"primary"}
    assert primary.calls == [5, 1]

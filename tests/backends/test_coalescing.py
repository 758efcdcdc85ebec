"""Requests that arrive together share a model call; each gets its own answer or its own error."""

import asyncio
from collections.abc import Sequence

import pytest

from churn_model.schema import Row
from churn_model.scorer import Scores
from churn_serving.backend.coalescing import MAX_BATCH, MAX_LOOKS, Coalescer


class Model:
    """Answers a row ``[x]`` with x; refuses a batch that holds a negative one."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def score(self, rows: Sequence[Row]) -> Scores:
        values = [float(row[0]) for row in rows]  # type: ignore[arg-type]
        if min(values) < 0:
            raise ValueError(f"row {min(values)}")
        return Scores(values, [int(value) for value in values])


def coalescer() -> tuple[Coalescer, Model]:
    model = Model()
    return Coalescer(model.score, model.batches.append), model


async def test_what_arrives_together_is_scored_together() -> None:
    together, model = coalescer()
    answers = await asyncio.gather(*(together.score([[float(i)], [float(i) + 0.5]]) for i in range(20)))
    assert [answer.probabilities for answer in answers] == [[float(i), i + 0.5] for i in range(20)]
    assert model.batches == [40]


async def test_a_batch_never_exceeds_its_limit_and_keeps_order() -> None:
    together, model = coalescer()
    sizes = [100, 200, 56, 256, 1]
    requests = [[[float(number)] for number in range(size)] for size in sizes]
    answers = await asyncio.gather(*(together.score(rows) for rows in requests))
    assert [len(answer.segments) for answer in answers] == sizes
    assert model.batches == [100, 256, 256, 1]


async def test_a_large_request_lets_others_in_between() -> None:
    together, model = coalescer()
    large = asyncio.create_task(together.score([[1.0]] * (MAX_BATCH * 4 + 1)))
    await asyncio.sleep(0)
    small = await together.score([[2.0]])
    assert small.probabilities == [2.0]
    assert not large.done()
    assert len((await large).probabilities) == MAX_BATCH * 4 + 1
    assert max(model.batches) == MAX_BATCH


async def test_an_error_reaches_the_one_who_caused_it() -> None:
    together, _ = coalescer()
    calls = [together.score([[value]]) for value in (1.0, -2.0, 3.0)]
    first, second, third = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(second, ValueError)
    assert isinstance(first, Scores)
    assert isinstance(third, Scores)
    assert (first.probabilities, third.probabilities) == ([1.0], [3.0])


async def test_callers_that_left_are_not_scored() -> None:
    together, model = coalescer()
    gone = asyncio.create_task(together.score([[1.0]]))
    await asyncio.sleep(0)
    gone.cancel()
    assert (await together.score([[2.0]])).probabilities == [2.0]
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert model.batches == [1]


async def test_a_request_of_a_whole_batch_is_one_call_and_one_row_more_are_two() -> None:
    together, model = coalescer()
    whole, more = [[float(row)] for row in range(MAX_BATCH)], [[float(row)] for row in range(MAX_BATCH + 1)]
    assert (await together.score(whole)).probabilities == [row[0] for row in whole]
    scores = await together.score(more)
    assert scores.probabilities == [row[0] for row in more]
    assert scores.segments == list(range(MAX_BATCH + 1))
    assert model.batches == [MAX_BATCH, MAX_BATCH, 1]


async def test_those_who_keep_coming_hold_nobody_up_for_ever() -> None:
    """One more each time that the loop is asked for more: after some looks what has gathered is scored."""
    together, model = coalescer()
    loop, coming = asyncio.get_running_loop(), list[asyncio.Task[Scores]]()

    def another() -> None:
        coming.append(asyncio.create_task(together.score([[1.0]])))
        if len(coming) < 3 * MAX_LOOKS:
            loop.call_soon(another)

    loop.call_soon(another)
    await together.score([[2.0]])
    assert len(coming) < 2 * MAX_LOOKS
    for _ in range(3 * MAX_LOOKS):
        await asyncio.sleep(0)
    assert [scores.probabilities for scores in await asyncio.gather(*coming)] == [[1.0]] * 3 * MAX_LOOKS
    assert len(model.batches) < MAX_LOOKS / 2


async def test_a_failure_is_told_to_each_of_those_who_caused_it_and_the_next_are_scored() -> None:
    together, _ = coalescer()
    with pytest.raises(ValueError, match=r"row -1\.0"):
        await together.score([[-1.0]])
    with pytest.raises(ValueError, match=r"row -2\.0"):
        await together.score([[1.0]] * MAX_BATCH + [[-2.0]])
    assert (await together.score([[3.0]])).probabilities == [3.0]

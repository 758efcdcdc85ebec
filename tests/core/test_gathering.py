"""What leaves together: a call waits for requests that are about to arrive, and for nothing else."""

import asyncio
from collections.abc import Callable
from typing import Any

from churn_model import Description, Row
from churn_serving.core.lanes import MAXIMUM_LOOKS
from churn_serving.core.policy import DecisionPolicy

Make = Callable[..., Any]


def row(number: int) -> Row:
    return [float(number), "One year", 70.0, "Card", 0.0]


async def test_requests_that_arrive_turn_after_turn_leave_together(build: Make, description: Description) -> None:
    _, fakes, guarded = build(("primary",))
    answers = []
    for number in range(MAXIMUM_LOOKS):
        answers.append(guarded["primary"].score([row(number)], description.schema))
        await asyncio.sleep(0)
    answered = await asyncio.gather(*answers)
    assert fakes["primary"].calls == [MAXIMUM_LOOKS]
    assert [answer.scores.probabilities for answer in answered] == [[n / 1000] for n in range(MAXIMUM_LOOKS)]


async def test_arrivals_without_end_hold_no_call_back(build: Make, description: Description) -> None:
    _, fakes, guarded = build(("primary",))
    answers = []
    while not fakes["primary"].calls:
        answers.append(guarded["primary"].score([row(1)], description.schema))
        await asyncio.sleep(0)
        assert len(answers) <= 2 * MAXIMUM_LOOKS
    await asyncio.gather(*answers)


async def test_who_is_alone_waits_for_no_more_than_a_look(build: Make, description: Description) -> None:
    _, fakes, guarded = build(("primary",))
    answer = guarded["primary"].score([row(1)], description.schema)
    turns = 0
    while not fakes["primary"].calls:
        turns += 1
        await asyncio.sleep(0)
    await answer
    assert turns <= 4  # it joins, one look finds it, the next finds no more, the call begins


async def test_a_full_call_does_not_look_for_more(build: Make, description: Description) -> None:
    _, fakes, guarded = build(("primary",))
    most = DecisionPolicy().rows_a_call
    full = guarded["primary"].score([row(1)] * most, description.schema)
    await asyncio.sleep(0)
    late = guarded["primary"].score([row(2)], description.schema)
    await asyncio.gather(full, late)
    assert fakes["primary"].calls == [most, 1]


async def test_who_is_answered_and_asks_again_shares_a_call_with_who_waited(
    build: Make, description: Description
) -> None:
    """Callers in a loop: those that a call has answered are back before the next call leaves."""
    _, fakes, guarded = build(("primary",), policy=DecisionPolicy(calls_in_flight=1))
    primary = fakes["primary"]
    primary.gate = asyncio.Event()

    async def caller(number: int) -> None:
        for _ in range(2):
            await guarded["primary"].score([row(number)], description.schema)

    early = asyncio.create_task(caller(0))
    await primary.called()
    waiting = [asyncio.create_task(caller(number)) for number in range(1, 11)]
    await asyncio.sleep(0)
    primary.gate.set()
    await asyncio.gather(early, *waiting)
    assert primary.calls == [1, 11, 10]


async def test_arrivals_without_end_are_waited_for_so_many_looks_and_no_more(
    build: Make, description: Description
) -> None:
    _, fakes, guarded = build(("primary",))
    answers = []
    while not fakes["primary"].calls:
        answers.append(guarded["primary"].score([row(1)], description.schema))
        await asyncio.sleep(0)
    await asyncio.gather(*answers)
    assert fakes["primary"].calls[0] == MAXIMUM_LOOKS + 1, "one before the first look, and one before each further"


async def test_a_full_call_leaves_a_turn_before_one_that_has_room(build: Make, description: Description) -> None:
    turns = {}
    for rows in (DecisionPolicy().rows_a_call - 1, DecisionPolicy().rows_a_call):
        _, fakes, guarded = build(("primary",))
        answer = guarded["primary"].score([row(1)] * rows, description.schema)
        turns[rows] = 0
        while not fakes["primary"].calls:
            turns[rows] += 1
            await asyncio.sleep(0)
        await answer
    with_room, full = turns.values()
    assert full == with_room - 1

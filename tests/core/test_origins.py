"""Whose request it is goes with the rows to whoever is asked: together, again, elsewhere, in pieces, for reasons."""

import asyncio
import dataclasses
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from churn_model import Description, Row
from churn_serving.core.errors import BackendFailed, BackendUnreachable
from churn_serving.core.explanations import Explanations
from churn_serving.core.lanes import Limits
from tests.core.patient_policy import PATIENT

Make = Callable[..., Any]
ROW: Row = [12.0, "One year", 70.0, "Card", 0.0]


def origin(name: str) -> Any:
    return SimpleNamespace(request_id=name, trace=None, scored=lambda *_: None)


async def test_a_shared_call_is_told_of_all_it_is_for(build: Make, description: Description) -> None:
    dispatcher, fakes, _ = build(("primary",), policy=dataclasses.replace(PATIENT, calls_in_flight=1))
    fakes["primary"].gate = asyncio.Event()
    origins = [origin(f"id-{number}") for number in range(5)]
    asked = [asyncio.create_task(dispatcher.predict([ROW], description, "a", origin=origins[0]))]
    await fakes["primary"].called()
    asked += [asyncio.create_task(dispatcher.predict([ROW, ROW], description, "a", origin=one)) for one in origins[1:]]
    asked.append(asyncio.create_task(dispatcher.predict([ROW], description, "a")))  # of nobody in particular
    await asyncio.sleep(0.01)
    fakes["primary"].gate.set()
    await asyncio.gather(*asked)
    assert [call.origins for call in fakes["primary"].asked] == [origins[:1], origins[1:]]


async def test_whoever_is_asked_next_is_told_too(build: Make, description: Description) -> None:
    dispatcher, fakes, _ = build()
    fakes["primary"].failure, fakes["primary"].failures_left = BackendUnreachable("gone"), 1
    mine = origin("mine")
    await dispatcher.predict([ROW], description, "a", origin=mine)
    fakes["primary"].failure, fakes["primary"].failures_left = BackendFailed("answered 500"), 1
    assert (await dispatcher.predict([ROW], description, "a", origin=mine)).served_by == "fallback"
    assert [call.origins for call in fakes["primary"].asked] == [[mine]] * 3
    assert [call.origins for call in fakes["fallback"].asked] == [[mine]]


async def test_each_chunk_of_a_large_request_says_whose_it_is(build: Make, description: Description) -> None:
    dispatcher, fakes, _ = build(("primary",))
    mine = origin("mine")
    await dispatcher.predict([ROW] * 1000, description, "a", origin=mine)
    assert len(fakes["primary"].asked) > 1
    assert all(call.origins == [mine] for call in fakes["primary"].asked)


async def test_the_request_at_fault_is_alone_with_its_id(build: Make, description: Description) -> None:
    dispatcher, fakes, _ = build(("primary",))
    fakes["primary"].refuses = lambda rows: any(row[0] == 99.0 for row in rows)
    origins = [origin(str(number)) for number in range(4)]
    asked = [
        dispatcher.predict([[99.0 if n == 2 else 1.0, *ROW[1:]]], description, "a", origin=origins[n]) for n in range(4)
    ]
    ended = await asyncio.gather(*asked, return_exceptions=True)
    assert [isinstance(one, Exception) for one in ended] == [False, False, True, False]
    assert [call.origins for call in fakes["primary"].asked if len(call.rows) == 1 and call.rows[0][0] == 99.0] == [
        [origins[2]]
    ]


async def test_reasons_are_asked_for_in_the_requests_name(build: Make, description: Description, memory: Any) -> None:
    dispatcher, fakes, guarded = build(("primary",))
    mine = origin("mine")
    outcome = await dispatcher.predict([ROW], description, "a", origin=mine)
    await Explanations(tuple(guarded.values()), PATIENT, memory).explain([ROW], outcome, mine)
    assert fakes["primary"].explained_for == [mine]


async def test_all_of_a_call_are_told_their_scores_before_any_of_them_goes_on(
    build: Make, description: Description
) -> None:
    policy = dataclasses.replace(PATIENT, calls_in_flight=1)
    dispatcher, fakes, _ = build(("primary",), policy=policy)
    fakes["primary"].gate = asyncio.Event()
    happened: list[tuple[str, Any]] = []

    async def ask(name: str, rows: list[Row]) -> None:
        mine = origin(name)
        mine.scored = lambda by, answer: happened.append((f"{name} by {by}", list(answer.scores.probabilities)))
        outcome = await dispatcher.predict(rows, description, "a", origin=mine)
        happened.append((name, list(outcome.scores.probabilities)))

    other: Row = [24.0, *ROW[1:]]
    asked = [asyncio.create_task(ask("alone", [ROW]))]
    await asyncio.sleep(0.01)
    asked += [asyncio.create_task(ask("large", [ROW] * 1000))]
    asked += [asyncio.create_task(ask(name, rows)) for name, rows in (("one", [ROW]), ("two", [other, ROW]))]
    gone = asyncio.create_task(ask("gone", [ROW]))
    await asyncio.sleep(0.01)
    gone.cancel()
    fakes["primary"].gate.set()
    await asyncio.gather(*asked, gone, return_exceptions=True)
    told = [(name, scores) for name, scores in happened if not name.startswith("large")]
    assert [name for name, _ in told] == ["alone", "one by primary", "two by primary", "one", "two"]
    assert told[1][1] == told[3][1] == told[0][1]
    assert told[2][1] == told[4][1] != told[1][1]
    assert [name for name, _ in happened if name.startswith("large")] == ["large"]


async def test_a_copy_is_nobody_s_answer(build: Make, description: Description) -> None:
    _, fakes, guarded = build(("primary", "canary"))
    told: list[Any] = []
    mine = origin("mine")
    mine.scored = lambda *_: told.append(_)
    lane = guarded["canary"].open_lane("copies", Limits(1, 256, 1_000_000, 1.0))
    await asyncio.gather(*[lane.join([ROW], description.schema, mine) for _ in range(3)])
    assert (len(fakes["canary"].asked), told) == (1, [])

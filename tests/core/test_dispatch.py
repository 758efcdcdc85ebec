"""A request is always answered: by the first backend that can, else by the scorecard, and never late."""

import asyncio
import dataclasses
import time
from collections.abc import Callable
from typing import Any

import pytest

from churn_model import Description, Row
from churn_serving.core.errors import (
    BackendBadAnswer,
    BackendFailed,
    BackendRejected,
    BackendTimeout,
    BackendUnreachable,
    NotReady,
    Overloaded,
)
from tests.core.patient_policy import PATIENT, SHIPPED

ROW: Row = [12.0, "One year", 70.0, "Card", 0.0]
Make = Callable[..., Any]


async def test_the_primary_answers_when_it_can(build: Make, description: Description, memory: Any) -> None:
    dispatcher, fakes, _ = build()
    outcome = await dispatcher.predict([ROW], description, "a")
    assert (outcome.served_by, outcome.scores.probabilities) == ("primary", [0.012])
    assert fakes["fallback"].calls == []
    assert (memory.left, memory.diversions) == ([], [])


@pytest.mark.parametrize(
    "error", [BackendTimeout, BackendFailed, BackendRejected, BackendBadAnswer, BackendUnreachable]
)
async def test_whatever_fails_the_fallback_answers(
    build: Make, description: Description, memory: Any, error: Any
) -> None:
    dispatcher, fakes, _ = build()
    fakes["primary"].failure = error("said so")
    outcome = await dispatcher.predict([ROW], description, "a")
    assert outcome.served_by == "fallback"
    assert memory.left == [("primary", error.reason)]
    assert memory.diversions == [(error.reason, "fallback")]
    digest = description.digest
    assert set(memory.outcomes[:-1]) == {("primary", error.reason, digest)}
    assert memory.outcomes[-1] == ("fallback", "answered", digest)


async def test_without_any_backend_the_scorecard_answers(build: Make, description: Description, memory: Any) -> None:
    dispatcher, fakes, _ = build()
    for backend in fakes.values():
        backend.failure = BackendFailed("down")
    outcome = await dispatcher.predict([ROW, ROW], description, "a")
    assert outcome.served_by == "degraded"
    assert outcome.scores == description.degraded_scores([ROW, ROW])
    assert memory.left == [("primary", "failed"), ("fallback", "failed")]
    assert memory.diversions == [("failed", "degraded")]  # once, though two backends were left


async def test_a_broken_connection_is_tried_again_once(build: Make, description: Description) -> None:
    dispatcher, fakes, _ = build()
    fakes["primary"].failure = BackendUnreachable("reset")
    fakes["primary"].failures_left = 1
    outcome = await dispatcher.predict([ROW], description, "a")
    assert outcome.served_by == "primary"
    assert fakes["primary"].calls == [1, 1]


async def test_after_enough_failures_the_primary_is_left_alone(
    build: Make, description: Description, memory: Any
) -> None:
    dispatcher, fakes, guarded = build()
    fakes["primary"].failure = BackendFailed("down")
    for _ in range(8):
        assert (await dispatcher.predict([ROW], description, "a")).served_by == "fallback"
    assert len(fakes["primary"].calls) == 5
    assert memory.fallbacks[5:] == ["open"] * 3
    assert not guarded["primary"].breaker.closed


async def test_a_black_hole_costs_one_try_and_no_answer(build: Make, description: Description) -> None:
    policy = dataclasses.replace(SHIPPED, deadline_seconds=0.1)
    dispatcher, fakes, _ = build(("primary",), policy=policy)
    fakes["primary"].gate = asyncio.Event()
    started = time.monotonic()
    outcome = await dispatcher.predict([ROW], description, "a")
    assert outcome.served_by == "degraded"
    assert time.monotonic() - started >= 0.1
    fakes["primary"].gate.set()


async def test_requests_that_queue_share_a_call_and_get_their_own_scores(build: Make, description: Description) -> None:
    dispatcher, fakes, _ = build(("primary",))
    fakes["primary"].gate = asyncio.Event()
    early = [asyncio.create_task(dispatcher.predict([[1.0, *ROW[1:]]], description, "a")) for _ in range(2)]
    await asyncio.sleep(0)
    await asyncio.sleep(0.01)
    late = [
        asyncio.create_task(dispatcher.predict([[float(n), *ROW[1:]], ROW], description, str(n))) for n in range(20)
    ]
    await asyncio.sleep(0.01)
    fakes["primary"].gate.set()
    outcomes = await asyncio.gather(*early, *late)
    assert len(fakes["primary"].calls) <= 4
    assert sum(fakes["primary"].calls) == 42
    assert [outcome.scores.probabilities for outcome in outcomes[2:]] == [[n / 1000, 0.012] for n in range(20)]


def test_a_request_that_gave_up_is_not_sent(build: Make, description: Description, in_virtual_time: Any) -> None:
    async def main(loop: Any) -> list[int]:
        policy = dataclasses.replace(SHIPPED, calls_in_flight=1, deadline_seconds=0.05)
        dispatcher, fakes, _ = build(("primary",), policy=policy, clock=loop.time)
        fakes["primary"].gate = asyncio.Event()
        first = asyncio.create_task(dispatcher.predict([ROW], description, "a"))
        await asyncio.sleep(0.01)
        await dispatcher.predict([ROW], description, "b")
        fakes["primary"].gate.set()
        await first
        await asyncio.sleep(0.01)
        calls: list[int] = fakes["primary"].calls
        return calls

    assert in_virtual_time(main) == [1]


async def test_more_than_it_can_hold_is_refused_at_once(build: Make, description: Description, memory: Any) -> None:
    policy = dataclasses.replace(PATIENT, maximum_waiting=3)
    dispatcher, fakes, _ = build(("primary",), policy=policy)
    fakes["primary"].gate = asyncio.Event()
    waiting = [asyncio.create_task(dispatcher.predict([ROW], description, "a")) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await dispatcher.predict([ROW], description, "b")
    assert memory.refusals == ["queue_full"]
    fakes["primary"].gate.set()
    await asyncio.gather(*waiting)
    await dispatcher.predict([ROW], description, "b")


async def test_a_late_process_refuses(build: Make, description: Description, memory: Any) -> None:
    dispatcher, _, _ = build(lag=1.0)
    with pytest.raises(Overloaded):
        await dispatcher.predict([ROW], description, "a")
    assert memory.refusals == ["late"]


async def test_before_any_model_is_known_it_is_not_ready(build: Make) -> None:
    dispatcher, fakes, _ = build()
    for backend in fakes.values():
        backend.description = None
    with pytest.raises(NotReady):
        _ = dispatcher.description


async def test_a_remembered_model_answers_before_any_backend(build: Make, description: Description) -> None:
    dispatcher, fakes, _ = build(remembered=description)
    for backend in fakes.values():
        backend.description = None
        backend.failure = BackendUnreachable("not up yet")
    outcome = await dispatcher.predict([ROW], dispatcher.description, "a")
    assert outcome.served_by == "degraded"


async def test_a_canary_keeps_its_customers_and_fails_over_to_the_primary(
    build: Make, description: Description
) -> None:
    dispatcher, fakes, _ = build(("primary", "canary", "fallback"), share=0.3)
    first = [(await dispatcher.predict([ROW], description, str(n))).served_by for n in range(400)]
    again = [(await dispatcher.predict([ROW], description, str(n))).served_by for n in range(400)]
    assert first == again
    assert 0.2 < first.count("canary") / 400 < 0.4
    fakes["canary"].failure = BackendFailed("new and broken")
    failed_over = {(await dispatcher.predict([ROW], description, str(n))).served_by for n in range(50)}
    assert failed_over == {"primary"}


async def test_raising_the_weight_only_moves_customers_to_the_canary(build: Make) -> None:
    small, large = (build(("primary", "canary"), share=share)[0]._router for share in (0.1, 0.5))
    for n in range(500):
        if small.route(str(n))[0].name == "canary":
            assert large.route(str(n))[0].name == "canary"


async def test_probes_bring_a_backend_back(build: Make, description: Description) -> None:
    breaker = dataclasses.replace(PATIENT.breaker, open_seconds=(0.05,), probe_interval=0.01)
    policy = dataclasses.replace(PATIENT, breaker=breaker)
    dispatcher, fakes, guarded = build(policy=policy)
    fakes["primary"].failure = BackendFailed("down")
    for _ in range(5):
        await dispatcher.predict([ROW], description, "a")
    fakes["primary"].failure = None
    deadline = time.monotonic() + 60
    while not guarded["primary"].breaker.closed and time.monotonic() < deadline:
        await guarded["primary"].probe()
        await asyncio.sleep(0.005)
    assert (await dispatcher.predict([ROW], description, "a")).served_by == "primary"

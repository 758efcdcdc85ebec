"""What a caller did wrong never counts against a backend, nor takes along those who share a call with it."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from churn_model import Description, Row
from churn_serving.core.errors import (
    BackendBusy,
    BackendChanging,
    BackendError,
    BackendFailed,
    BackendOtherSchema,
    BackendRefusedRequest,
    BackendRejected,
    RefusedByBackends,
)
from churn_serving.core.policy import BreakerPolicy

Make = Callable[..., Any]
Run = Callable[..., Any]
POISON = "poison"
MANY = 5 * BreakerPolicy().minimum_calls


def row(number: int, contract: str = "One year") -> Row:
    return [float(number), contract, 70.0, "Card", 0.0]


def poisonous(rows: Any) -> bool:
    return any(one[1] == POISON for one in rows)


async def ask(dispatcher: Any, description: Description, rows: list[Row]) -> Any:
    try:
        return await dispatcher.predict(rows, description, None)
    except RefusedByBackends as refusal:
        return refusal


async def test_any_number_of_poisonous_requests_leaves_every_backend_in_service(
    build: Make, description: Description, memory: Any
) -> None:
    dispatcher, fakes, guarded = build()
    for fake in fakes.values():
        fake.refuses = poisonous
    for number in range(MANY):
        assert isinstance(await ask(dispatcher, description, [row(number, POISON)]), RefusedByBackends)
    assert all(backend.breaker.closed for backend in guarded.values())
    assert {state for _, state in memory.states} == {0}
    assert (await ask(dispatcher, description, [row(1)])).served_by == "primary"


async def test_a_refusal_is_no_success_either(build: Make, description: Description) -> None:
    """Else a caller could keep a failing backend in service by sending nonsense in between."""
    dispatcher, fakes, guarded = build(("primary",))
    fakes["primary"].refuses = poisonous
    for number in range(BreakerPolicy().consecutive_failures):
        fakes["primary"].failure = None
        await ask(dispatcher, description, [row(number, POISON)])
        fakes["primary"].failure = BackendFailed("down")
        await ask(dispatcher, description, [row(number)])
    assert not guarded["primary"].breaker.closed


async def test_where_the_fallback_takes_what_the_primary_refuses_the_caller_is_answered(
    build: Make, description: Description
) -> None:
    dispatcher, fakes, guarded = build()
    fakes["primary"].refuses = poisonous
    assert (await ask(dispatcher, description, [row(1, POISON)])).served_by == "fallback"
    assert guarded["primary"].breaker.closed


async def test_what_one_backend_refuses_and_no_other_can_look_at_is_refused(
    build: Make, description: Description
) -> None:
    dispatcher, fakes, _ = build()
    fakes["primary"].refuses = poisonous
    fakes["fallback"].failure = BackendFailed("down")
    assert isinstance(await ask(dispatcher, description, [row(1, POISON)]), RefusedByBackends)
    assert (await ask(dispatcher, description, [row(1)])).served_by == "primary"


async def test_a_backend_that_refuses_its_golden_rows_too_is_ill(
    build: Make, description: Description, memory: Any
) -> None:
    dispatcher, fakes, guarded = build()
    fakes["primary"].refuses = lambda _: True
    fakes["primary"].probe_answer = False
    for number in range(BreakerPolicy().consecutive_failures):
        assert (await ask(dispatcher, description, [row(number)])).served_by == "fallback"
    assert not guarded["primary"].breaker.closed
    assert guarded["fallback"].breaker.closed
    assert set(memory.fallbacks) == {"failed"}


async def test_a_backend_whose_model_has_gone_is_ill(build: Make, description: Description) -> None:
    dispatcher, fakes, guarded = build()
    fakes["primary"].failure = BackendRejected("answered 404")
    for number in range(BreakerPolicy().consecutive_failures):
        assert (await ask(dispatcher, description, [row(number)])).served_by == "fallback"
    assert not guarded["primary"].breaker.closed


async def share_calls(build: Make, description: Description, requests: list[list[Row]]) -> tuple[list[Any], Any, Any]:
    """Answers of requests that were all waiting when the primary's first calls came back."""
    dispatcher, fakes, guarded = build(("primary",))
    primary = fakes["primary"]
    primary.refuses = poisonous
    primary.gate = asyncio.Event()
    early = [asyncio.create_task(ask(dispatcher, description, [row(0)])) for _ in range(2)]
    await primary.called()
    late = [asyncio.create_task(ask(dispatcher, description, rows)) for rows in requests]
    await asyncio.sleep(0)
    primary.gate.set()
    await asyncio.gather(*early)
    return await asyncio.gather(*late), primary, guarded["primary"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    requests=st.lists(st.lists(st.sampled_from(["One year", "Two year", POISON]), min_size=1, max_size=4), max_size=24)
)
def test_whoever_shares_a_call_with_poison_gets_its_own_scores(
    build: Make, description: Description, requests: list[list[str]]
) -> None:
    asked = [[row(10 * n + i, text) for i, text in enumerate(texts)] for n, texts in enumerate(requests)]
    answers, _, guarded = asyncio.run(share_calls(build, description, asked))
    for rows, answer in zip(asked, answers, strict=True):
        if poisonous(rows):
            assert isinstance(answer, RefusedByBackends)
        else:
            assert answer.served_by == "primary"
            assert answer.scores.probabilities == [float(one[0]) / 1000 for one in rows]  # type: ignore[arg-type]
    assert guarded.breaker.closed


async def test_one_poisonous_request_among_many_costs_few_calls(build: Make, description: Description) -> None:
    requests = [[row(n, POISON if n == 11 else "One year")] for n in range(64)]
    answers, primary, _ = await share_calls(build, description, requests)
    assert [isinstance(answer, RefusedByBackends) for answer in answers].index(True) == 11
    assert len(primary.calls) <= 2 + 2 * 7


async def test_a_request_that_gave_up_is_not_asked_again(build: Make, description: Description) -> None:
    dispatcher, fakes, _ = build(("primary",))
    primary = fakes["primary"]
    primary.refuses = poisonous
    primary.gate = asyncio.Event()
    gone = asyncio.create_task(ask(dispatcher, description, [row(1)]))
    stays = asyncio.create_task(ask(dispatcher, description, [row(2, POISON)]))
    await primary.called()
    gone.cancel()
    await asyncio.sleep(0)
    primary.gate.set()
    assert isinstance(await stays, RefusedByBackends)
    assert [[one[0] for one in call.rows] for call in primary.asked] == [[1.0, 2.0]]


@pytest.mark.parametrize("error", [BackendOtherSchema, BackendRefusedRequest])
async def test_what_is_not_its_fault_is_not_counted(build: Make, description: Description, error: Any) -> None:
    dispatcher, fakes, guarded = build()
    fakes["primary"].failure = error("said so")
    for number in range(MANY):
        assert (await ask(dispatcher, description, [row(number)])).served_by == "fallback"
    assert guarded["primary"].breaker.closed


@pytest.mark.parametrize("error", [BackendBusy, BackendFailed, RuntimeError])
async def test_what_is_its_fault_is_counted_whatever_it_is(
    build: Make, description: Description, error: type[BackendError]
) -> None:
    """An exception that no port should raise is a failure too: nobody waits for an answer that will never come."""
    dispatcher, fakes, guarded = build()
    fakes["primary"].failure = error("said so")
    for number in range(BreakerPolicy().consecutive_failures):
        assert (await ask(dispatcher, description, [row(number)])).served_by == "fallback"
    assert not guarded["primary"].breaker.closed


NOT_ITS_FAULT = {BackendRefusedRequest, BackendOtherSchema, BackendChanging}


def test_whose_fault_each_failure_is() -> None:
    assert {error for error in BackendError.__subclasses__() if not error.its_fault} == NOT_ITS_FAULT
    assert BackendError.its_fault  # one that nobody has thought of counts


@pytest.mark.parametrize("large", [False, True])
def test_versions_that_take_turns_are_no_failure(
    build: Make, description: Description, in_virtual_time: Run, *, large: bool
) -> None:
    async def main(loop: Any) -> Any:
        dispatcher, fakes, guarded = build(clock=loop.time)
        fakes["primary"].failure = BackendChanging("said so")
        asked = [row(1)] * (200 if large else 1)
        return {(await ask(dispatcher, description, asked)).served_by for _ in range(MANY)}, guarded["primary"]

    served_by, primary = in_virtual_time(main)
    assert served_by == {"fallback"}
    assert primary.breaker.closed

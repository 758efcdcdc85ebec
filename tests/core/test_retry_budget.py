"""Retries are a fifth of the requests and ten a second besides: an outage is never multiplied by asking again."""

import dataclasses
from typing import Any

import pytest

from churn_model import Description, Row
from churn_serving.core.errors import BackendUnreachable
from churn_serving.core.policy import BreakerPolicy, RetryPolicy
from churn_serving.core.retry_budget import RetryBudget
from tests.core.patient_policy import PATIENT

ROW: Row = [12.0, "One year", 70.0, "Card", 0.0]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def budget(clock: Clock) -> RetryBudget:
    return RetryBudget(RetryPolicy(), clock)


def taken(budget: RetryBudget) -> int:
    """How many retries there are now."""
    count = 0
    while budget.withdraw():
        count += 1
        assert count < 1000, "the budget never ends"
    return count


def test_it_begins_with_one_second_of_the_floor(budget: RetryBudget) -> None:
    assert taken(budget) == 10


def test_five_requests_earn_one_retry(budget: RetryBudget) -> None:
    taken(budget)
    for _ in range(4):
        budget.deposit()
    assert taken(budget) == 0
    budget.deposit()
    assert taken(budget) == 1
    for _ in range(50):
        budget.deposit()
    assert taken(budget) in (9, 10)  # fifty fifths are a hair less than ten


def test_ten_trickle_in_every_second(budget: RetryBudget, clock: Clock) -> None:
    taken(budget)
    clock.now += 0.0625
    assert taken(budget) == 0
    clock.now += 0.0625
    assert taken(budget) == 1
    clock.now += 2.5
    assert taken(budget) == 25


def test_a_quiet_hour_saves_a_hundred_and_no_more(budget: RetryBudget, clock: Clock) -> None:
    clock.now += 3600
    assert taken(budget) == 100


def test_ten_thousand_requests_save_a_hundred_and_no_more(budget: RetryBudget) -> None:
    for _ in range(10_000):
        budget.deposit()
    assert taken(budget) == 100


async def test_a_backend_whose_connections_break_is_asked_a_fifth_more_often(
    build: Any, description: Description, clock: Clock
) -> None:
    never = BreakerPolicy(consecutive_failures=10**9, minimum_calls=10**9)
    # By the clock of the test no time passes; a busy machine must not be given up by its own.
    policy = dataclasses.replace(PATIENT, breaker=never)
    dispatcher, fakes, _ = build(policy=policy, clock=clock)
    fakes["primary"].failure = BackendUnreachable("reset")
    for _ in range(100):
        assert (await dispatcher.predict([ROW], description, "a")).served_by == "fallback"
    assert len(fakes["primary"].calls) in (129, 130)  # ten that it began with, and a fifth of a hundred
    assert len(fakes["fallback"].calls) == 100

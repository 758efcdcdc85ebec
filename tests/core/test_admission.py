"""Room for 512 requests at once; what comes then, or while the process is late, is refused at once."""

from typing import Any

import pytest

from churn_serving.core.admission import Admission
from churn_serving.core.errors import Overloaded
from churn_serving.core.policy import DecisionPolicy


class Lag:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def lag() -> Lag:
    return Lag()


@pytest.fixture
def admission(memory: Any, lag: Lag) -> Admission:
    return Admission(DecisionPolicy(), memory, lag)


def test_five_hundred_and_twelve_find_room_and_the_next_when_one_has_left(admission: Admission, memory: Any) -> None:
    for _ in range(512):
        admission.enter()
    for _ in range(2):
        with pytest.raises(Overloaded) as refused:
            admission.enter()
        assert (refused.value.reason, refused.value.retry_after) == ("queue_full", 1)
    assert admission.waiting == 512
    admission.leave()
    admission.enter()
    with pytest.raises(Overloaded):
        admission.enter()
    assert memory.refusals == ["queue_full"] * 3


def test_a_process_that_is_a_fifth_of_a_second_late_still_takes_requests(admission: Admission, lag: Lag) -> None:
    lag.seconds = 0.2
    admission.enter()
    assert admission.waiting == 1


def test_a_process_that_is_later_takes_none_until_it_has_caught_up(admission: Admission, memory: Any, lag: Lag) -> None:
    lag.seconds = 0.201
    with pytest.raises(Overloaded) as refused:
        admission.enter()
    assert (refused.value.reason, refused.value.retry_after) == ("late", 1)
    assert (admission.waiting, memory.refusals) == (0, ["late"])
    lag.seconds = 0.0
    admission.enter()


def test_thirty_thousand_rows_of_large_requests_find_room_and_not_one_more(admission: Admission, memory: Any) -> None:
    for _ in range(5):  # requests that are not large take none of it and give none back
        admission.enter()
        admission.leave()
    admission.enter(20_000)
    admission.enter(10_000)
    with pytest.raises(Overloaded):
        admission.enter(1)
    assert memory.refusals == ["rows_full"]
    admission.enter()
    admission.leave(10_000)
    admission.enter(10_000)
    with pytest.raises(Overloaded):
        admission.enter(1)

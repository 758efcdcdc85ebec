"""The threads of a model server's gRPC server: each task is run once, and its end is told once."""

import functools
import threading
from collections import Counter
from typing import Any

import pytest

from churn_serving.backend.grpc_waiting import Ending, WaitingRoom

TASKS = 3000


def wait(event: threading.Event) -> None:
    assert event.wait(30)


def told_of(ending: Ending) -> threading.Event:
    """Set when the end is told."""
    told = threading.Event()
    ending.add_done_callback(lambda _: told.set())
    return told


@pytest.fixture
def room() -> WaitingRoom:
    return WaitingRoom(4, 1.0)


def test_every_end_is_told_once_however_close_it_is_to_being_asked_for(room: WaitingRoom) -> None:
    run: Counter[int] = Counter()
    told: Counter[int] = Counter()
    lock, all_told = threading.Lock(), threading.Event()

    def tell(number: int, _: object) -> None:
        with lock:
            told[number] += 1
            if told.total() == 2 * TASKS:
                all_told.set()

    def work(number: int) -> None:
        with lock:
            run[number] += 1

    for number in range(TASKS):
        ending = room.submit(work, number)
        for _ in range(2):
            ending.add_done_callback(functools.partial(tell, number))
    wait(all_told)
    assert set(run.values()) == {1}
    assert len(run) == TASKS
    assert set(told.values()) == {2}


def test_an_end_is_not_told_before_it_is_one(room: WaitingRoom) -> None:
    go = threading.Event()
    ending = room.submit(wait, go)
    told = told_of(ending)
    assert not told.wait(0.1)
    go.set()
    wait(told)
    late: list[Any] = []
    ending.add_done_callback(late.append)
    assert late == [ending]


def test_a_task_that_fails_ends_too_and_takes_no_thread_along(
    room: WaitingRoom, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise ValueError("of no call")

    for _ in range(8):  # more than there are threads
        wait(told_of(room.submit(fail)))
    done = threading.Event()
    room.submit(done.set)
    wait(done)
    assert sum("a call ended outside" in record.message for record in caplog.records) == 8

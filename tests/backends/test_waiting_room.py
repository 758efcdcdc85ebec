"""The threads of a model server's gRPC server: each task is run once, and its end is told once."""

import functools
import gc
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import grpc
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


class Call:
    """One whose message comes when it is told to; it has begun to wait for it."""

    def __init__(self, answer: Callable[[Iterator[bytes], object], object]) -> None:
        self._waits, self._comes = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=lambda: answer(self._messages(), self))
        self._thread.start()
        wait(self._waits)

    def _messages(self) -> Iterator[bytes]:
        self._waits.set()
        wait(self._comes)
        yield b"message"

    def end(self) -> None:
        self._comes.set()
        self._thread.join(30)


def test_a_call_may_go_while_those_that_wait_are_counted() -> None:
    """Python collects garbage in the midst of counting, and others go on meanwhile. It is the library's own thread that
    counts, too: without that no call is taken any more."""
    room = WaitingRoom(4, 600.0)
    handler = grpc.unary_unary_rpc_method_handler(lambda message, _: message, bytes)
    calls = [Call(room.intercept_service(lambda _: handler, asked()).stream_unary) for _ in range(40)]

    def let_one_go(phase: str, _: object) -> None:
        if phase == "start" and calls:
            calls.pop().end()

    thresholds = gc.get_threshold()
    spare = [(number, -number) for number in range(5000)]  # Python keeps some pairs, for which it collects nothing
    gc.callbacks.append(let_one_go)
    gc.set_threshold(1)
    try:
        room.look(time.monotonic())
    finally:
        gc.set_threshold(*thresholds)
        gc.callbacks.remove(let_one_go)
        left = len(calls)
        while calls:
            calls.pop().end()
    assert left < 39
    del spare


class Silent:
    """A call that has no message until it is ended."""

    def __init__(self, room: WaitingRoom) -> None:
        handler = room.intercept_service(lambda _: grpc.unary_unary_rpc_method_handler(lambda *_: None, bytes), asked())
        self._over, self._waits = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=lambda: handler.stream_unary(self._messages(), self), daemon=True)
        self._thread.start()
        wait(self._waits)

    def _messages(self) -> Iterator[bytes]:
        self._waits.set()
        wait(self._over)
        yield b"too late"

    def cancel(self) -> None:
        self._over.set()

    @property
    def is_waited_for(self) -> bool:
        return not self._over.is_set()


def test_who_has_waited_for_its_time_is_sent_away_and_nobody_else() -> None:
    room = WaitingRoom(4, 600.0)
    before = time.monotonic()
    first, second = Silent(room), Silent(room)
    room.look(before + 599.0)
    assert first.is_waited_for
    room.look(time.monotonic() + 600.0)
    assert (first.is_waited_for, second.is_waited_for) == (False, False)


def test_who_has_waited_longest_makes_room_for_who_comes() -> None:
    room = WaitingRoom(4, 600.0, places=2)
    first, second, third = Silent(room), Silent(room), Silent(room)
    assert [each.is_waited_for for each in (first, second, third)] == [False, True, True]
    room.look(time.monotonic() + 601.0)
    assert not third.is_waited_for


def test_threads_that_wait_are_replaced_and_leave_when_they_go_on() -> None:
    """Two that work, and both do for as long as they like: a third task is run all the same."""
    room = WaitingRoom(2, 600.0)
    waiting = [Silent(room) for _ in range(2)]
    held = threading.Event()
    for _ in range(2):
        room.submit(wait, held)
    room.look(time.monotonic() + 1.0)  # when those two have waited for long
    done = threading.Event()
    room.submit(done.set)
    wait(done)
    assert all(each.is_waited_for for each in waiting)
    held.set()
    room.look(time.monotonic() + 601.0)


def test_a_handler_is_made_once_and_methods_that_there_are_not_are_not_kept(room: WaitingRoom) -> None:
    found: list[object] = []

    def find(details: Any) -> Any:
        found.append(details)
        return None if details.method == "/a.Service/None" else grpc.unary_unary_rpc_method_handler(lambda *_: None)

    assert room.intercept_service(find, asked()) is room.intercept_service(find, asked())
    assert len(found) == 1
    nothing: Any = SimpleNamespace(method="/a.Service/None")
    for _ in range(2):
        assert room.intercept_service(find, nothing) is None
    assert len(found) == 3


def asked() -> Any:
    return SimpleNamespace(method="/a.Service/Method", invocation_metadata=())

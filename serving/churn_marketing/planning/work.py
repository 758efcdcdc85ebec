"""Runs tasks one after another in a process of its own, which gives way to whoever looks at a page.

A task is known by a name; asking for it again while it waits or runs is asking for the same one. What it ended with is
kept until somebody takes it. It must not know what tasks do.
"""

import logging
import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from churn_marketing.planning.faults import PlanningFault

MOST_WAITING = 500
_MOST_KEPT = 1000
"""Endings that nobody has come for; more are forgotten, the oldest first."""
_NICENESS = 10
_LOOK_SECONDS = 1.0
_LOG = logging.getLogger("churn_marketing.planning")
_UNFORESEEN = "Something went wrong here. Nothing is lost: try again, and tell whoever runs the app if it stays so."
_INTERRUPTED = "It was interrupted before it was done; nothing of it was kept. Try again."


Told = Callable[[BaseException | None], None]
"""What is told how a task has ended: with nothing, or with what it raised."""


class _Ending:
    """Tells how a task has ended, once, whoever comes first."""

    def __init__(self, told: Told) -> None:
        self._told: Told | None = told
        self._lock = threading.Lock()

    def __call__(self, task: Future[Any]) -> None:
        with self._lock:  # who comes second waits until it was told
            told, self._told = self._told, None
            if told is not None and not task.cancelled():
                told(task.exception())


class Work:
    """The tasks of one app; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None
        self._tasks: dict[str, Future[Any]] = {}
        self._endings: dict[Future[Any], _Ending] = {}

    def begin(self, name: str, task: Callable[..., Any], *given: Any, told: Told | None = None) -> bool:
        """Have a task done, unless one of that name waits or runs; returns whether it was begun. ``told`` hears how it
        has ended, whether anybody looks or not, and before anybody does.

        Raises:
            PlanningFault: so many wait that this one would have to for long.
        """
        with self._lock:
            known = self._tasks.get(name)
            if known is not None and not known.done():
                return False
            if sum(not each.done() for each in self._tasks.values()) >= MOST_WAITING:
                raise PlanningFault("Very much is being worked out now. Nothing is lost; try again in a minute.")
            done = [each for each, task_of in self._tasks.items() if task_of.done()]
            for each in done[: max(0, len(done) - _MOST_KEPT)]:
                del self._tasks[each]
            try:
                self._tasks[name] = self._running().submit(task, *given)
            except BrokenProcessPool:
                self._pool = None
                self._tasks[name] = self._running().submit(task, *given)
            if told is not None:
                self._endings[self._tasks[name]] = _Ending(told)
            begun = self._tasks[name]
        begun.add_done_callback(self._tell)
        return True

    def is_under_way(self, name: str) -> bool:
        """Whether a task of that name waits or runs."""
        with self._lock:
            known = self._tasks.get(name)
            return known is not None and not known.done()

    def ended(self, name: str, seconds: float = 0.0) -> bool:
        """Whether a task has come to its end, after waiting so long at most; what it raised is raised, once.

        Raises:
            PlanningFault: what it ended with.
        """
        with self._lock:
            known = self._tasks.get(name)
        if known is None:
            return False
        wait([known], seconds)
        if not known.done():
            return False
        self._tell(known)
        with self._lock:
            if self._tasks.get(name) is known:
                del self._tasks[name]
        try:
            known.result()
        except PlanningFault:
            raise
        except BrokenProcessPool:
            raise PlanningFault(_INTERRUPTED) from None
        except Exception as error:  # noqa: BLE001 - a page says so, and the log where; not what, which may be a customer's
            where = "".join(traceback.format_tb(error.__traceback__))
            _LOG.error("a task failed: %s\n%s", type(error).__name__, where)
            raise PlanningFault(_UNFORESEEN) from None
        return True

    def _tell(self, task: Future[Any]) -> None:
        with self._lock:
            ending = self._endings.get(task)
        if ending is not None:
            ending(task)
            with self._lock:
                self._endings.pop(task, None)

    def close(self) -> None:
        """End the process; what waits is never done."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            processes = list((pool._processes or {}).values())  # noqa: SLF001 - the library ends none that is at work
            pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.terminate()

    def _running(self) -> ProcessPoolExecutor:
        if self._pool is None:
            begun = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, mp_context=begun, initializer=_give_way, initargs=(os.getpid(),))
        return self._pool


def _give_way(parent: int) -> None:
    os.nice(_NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the app's, which ends this process
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """A killed app leaves no process behind."""
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(1)

"""Work that gives way: it has a processor only while nobody else on the machine wants one, unless it gets late.

Whoever answers customers may run on the same cores, and a table can wait for a moment. It must not know what the work
is.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

Found = TypeVar("Found")
Lane = Callable[[Callable[[], Found], float], Found]
"""Does a piece of work that has waited for so many seconds, and returns what it returns."""


class GivingWay:
    """Work that has waited for less than ``late_seconds`` is done in a thread of the kernel's idle class; what is late
    in the caller's own, since a machine that is never idle would leave it undone for ever."""

    def __init__(self, late_seconds: float) -> None:
        self._late_seconds = late_seconds
        self._idle = ThreadPoolExecutor(1, "giving-way", give_way)

    def __call__(self, work: Callable[[], Found], waited_seconds: float) -> Found:
        """Do it; whoever interrupts it waits until it is done, so that it is never done twice at a time."""
        if waited_seconds >= self._late_seconds:
            return work()
        done = self._idle.submit(work)
        try:
            return done.result()
        except KeyboardInterrupt:
            wait([done])
            raise


def at_once(work: Callable[[], Found], _waited_seconds: float = 0.0) -> Found:
    """Work that gives way to nobody."""
    return work()


def give_way() -> None:
    """From now on the calling thread runs when nobody else on the machine, or in the container's group, wants the
    core. It cannot be taken back without rights."""
    try:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    except (AttributeError, OSError):  # a system without it, or one that does not let us: then as everybody
        return

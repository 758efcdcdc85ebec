"""Waiting for something that the cluster does in its own time, never without an end."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def wait_until(
    condition: Callable[[], Found], seconds: float, what: str, *, every: float = 0.5, so_far: Callable[[], object] = str
) -> Found:
    """The first truthy answer of `condition`.

    Raises:
        AssertionError: none came in time; says what was waited for, and what `so_far` tells.
    """
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() >= deadline:
            raise AssertionError(f"within {seconds:g} s there was no {what}; {so_far()}")
        time.sleep(every)

"""Signals to whole process groups, and the certainty that nothing of them is left.

Supervisor and guard share it. It knows numbers, not services, and imports the standard library only, so that the guard
stays tiny. Where the system shows its processes under /proc, zombies do not count as left over and a process that left
its group is still found by the marker in its environment; elsewhere the group alone is asked.
"""

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

MARKER_VARIABLE = "CHURN_UP_RUN"
PATIENCE_SECONDS = 8.0
_POLL_SECONDS = 0.05
# A child forked while the others are killed carries the marker too, so one look is not enough.
_SWEEPS = 100
_PROC = Path("/proc")
_HAS_PROC = (_PROC / "self" / "stat").exists()
_ENDED_STATES = ("Z", "X")


def signal_group(group: int, number: int) -> None:
    """Send a signal to every process of a group; a group that is gone is fine."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def group_is_alive(group: int) -> bool:
    """Whether any process of the group still runs."""
    if _HAS_PROC:
        return any(found == group for _, found in _running())
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def end_groups(
    groups: Iterable[int],
    marker: str,
    patience: float = PATIENCE_SECONDS,
    hurry: Callable[[], bool] = lambda: False,
) -> None:
    """Ask all groups to end, wait, then kill what is left, with every other process that carries the marker.

    Args:
        groups: process group ids.
        marker: value of the marker variable that the processes were started with.
        patience: seconds to wait before killing.
        hurry: asked while waiting; true ends the wait.
    """
    waiting = list(groups)
    for group in waiting:
        signal_group(group, signal.SIGTERM)
        # A stopped process hears SIGTERM only once it goes on.
        signal_group(group, signal.SIGCONT)
    deadline = time.monotonic() + patience
    while waiting and time.monotonic() < deadline and not hurry():
        time.sleep(_POLL_SECONDS)
        waiting = [group for group in waiting if group_is_alive(group)]
    for group in waiting:
        signal_group(group, signal.SIGKILL)
    kill_marked(marker)


def kill_marked(marker: str) -> None:
    """Kill every process that was started with the marker in its environment, wherever it has gone since."""
    for _ in range(_SWEEPS):
        found = [process for process in _marked(marker) if process != os.getpid()]
        if not found:
            return
        for process in found:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(_POLL_SECONDS)


def _marked(marker: str) -> Iterator[int]:
    entry = f"{MARKER_VARIABLE}={marker}".encode()
    for process, _ in _running() if _HAS_PROC else ():
        # Other people's processes cannot be read, and some end while they are.
        with suppress(OSError):
            if entry in (_PROC / str(process) / "environ").read_bytes().split(b"\0"):
                yield process


def _running() -> Iterator[tuple[int, int]]:
    """Process id and group of every process that has not ended."""
    for name in os.listdir(_PROC):  # noqa: PTH208 - called often, and Path objects triple its cost
        if name.isdigit():
            with suppress(OSError):
                # The command in parentheses may itself hold spaces and parentheses.
                state, _, group = (_PROC / name / "stat").read_text().rpartition(")")[2].split()[:3]
                if state not in _ENDED_STATES:
                    yield int(name), int(group)

"""The most memory that a process held at once, as the kernel counted it: nothing between two looks is missed."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import psutil

RESET_PEAK = "5"
KIBIBYTES = 1024


def reset_peak(pid: int) -> None:
    """Begin counting anew for a process and its descendants (proc(5), `clear_refs`)."""
    for each in tree(pid):
        with suppress(OSError):
            Path(f"/proc/{each}/clear_refs").write_text(RESET_PEAK)


def peak_mib(pid: int) -> float:
    """The largest resident set since then, MiB; of descendants the sum of theirs, which never met in one moment."""
    return round(sum(peak_of(each) for each in tree(pid)), 1)


def peak_of(pid: int) -> float:
    """`VmHWM` of one process, MiB; 0 when it is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / KIBIBYTES
    return 0.0


def tree(pid: int) -> list[int]:
    """A process and its descendants."""
    try:
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    except psutil.NoSuchProcess:
        return []

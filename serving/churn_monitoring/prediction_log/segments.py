"""Segments that nobody writes to any more: those that are done, and what dead processes left.

It must not know what stands in them.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from churn_model.prediction_log.frames import HEADER
from churn_model.prediction_log.places import LOCK, OPEN, SEALED, take_lock


class Segment(NamedTuple):
    """A segment by its process and its number, which together name it for ever."""

    path: Path
    instance: str
    sequence: int

    @property
    def name(self) -> str:
        """The name that everything made of it bears."""
        return f"{self.instance}-{self.sequence:08d}"


class Waiting(NamedTuple):
    """What lies on this machine: segments that are done, and bytes in all that are not."""

    done: tuple[Segment, ...]
    open_bytes: int
    living: int


def waiting(folder: Path) -> Waiting:
    """What there is, without touching it."""
    done: list[Segment] = []
    open_bytes = living = 0
    for instance in _instances(folder):
        living += _is_alive(instance)
        done += _sealed(instance)
        open_bytes += sum(_size(path) for path in instance.glob(f"*{OPEN}"))
    return Waiting(tuple(done), open_bytes, living)


def done_segments(folder: Path) -> tuple[Segment, ...]:
    """The segments that can be taken away now, oldest of each process first; what a dead process left is sealed before,
    and its folder goes once it is empty."""
    found: list[Segment] = []
    for instance in _instances(folder):
        with _of_the_dead(instance) as dead, suppress(FileNotFoundError):
            if dead:
                _seal_left_over(instance)
            found += _sealed(instance)
            if dead and not _sealed(instance):
                _remove(instance)
    return tuple(found)


def is_anyone_writing(folder: Path) -> bool:
    """Whether a process lives that writes there."""
    return any(_is_alive(instance) for instance in _instances(folder))


def _instances(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    except FileNotFoundError:
        return []


def _sealed(instance: Path) -> list[Segment]:
    found = [path for path in instance.glob(f"*{SEALED}") if path.stem.isdecimal()]
    segments = [Segment(path, instance.name, int(path.stem)) for path in found]
    return sorted(segments, key=lambda segment: segment.sequence)


@contextmanager
def _of_the_dead(instance: Path) -> Iterator[bool]:
    """Whether nobody writes there; in the block nobody else looks after it either."""
    try:
        lock = take_lock(instance)
    except FileNotFoundError:
        lock = None
    try:
        yield lock is not None
    finally:
        if lock is not None:
            os.close(lock)


def _is_alive(instance: Path) -> bool:
    with _of_the_dead(instance) as dead:
        return not dead and instance.is_dir()


def _seal_left_over(instance: Path) -> None:
    for path in instance.glob(f"*{OPEN}"):
        if path.stat().st_size <= len(HEADER):
            path.unlink()
        else:
            path.rename(path.with_suffix(SEALED))


def _remove(instance: Path) -> None:
    (instance / LOCK).unlink(missing_ok=True)
    with suppress(OSError):  # something else lies there, which is not ours to take away
        instance.rmdir()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0

"""Segments that nobody writes to any more: those that are done, and what dead processes left.

It must not know what stands in them.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from churn_data.errors import DataError
from churn_model.prediction_log.frames import HEADER
from churn_model.prediction_log.places import LOCK, OPEN, SEALED, take_lock

_OWN_NAME = re.compile(r"[0-9a-f]{16}\Z")


class Segment(NamedTuple):
    """A segment by its process and its number, which together name it for ever."""

    path: Path
    instance: str
    sequence: int

    @property
    def name(self) -> str:
        """The name that everything made of it bears."""
        return f"{self.instance}-{self.sequence:08d}"

    def written(self) -> float | None:
        """When somebody last wrote to it, in seconds since 1970; None where it is gone."""
        try:
            return self.path.stat().st_mtime
        except FileNotFoundError:
            return None


class Found(NamedTuple):
    """Segments that can be taken away now; `problem` names in one line a folder that could not be looked after."""

    done: tuple[Segment, ...]
    problem: str = ""


class Waiting(NamedTuple):
    """What lies on this machine: segments that are done, and bytes in all that are not."""

    done: tuple[Segment, ...]
    open_bytes: int
    living: int


def waiting(folder: Path) -> Waiting:
    """What there is, without touching it.

    Raises:
        DataError: the folder cannot be looked into.
    """
    done: list[Segment] = []
    open_bytes = living = 0
    try:
        instances = _instances(folder)
    except OSError as error:
        raise DataError(str(folder), f"cannot be looked into ({error.strerror})") from None
    for instance in instances:
        living += _is_alive(instance)
        done += _sealed(instance)
        open_bytes += sum(_size(path) for path in instance.glob(f"*{OPEN}"))
    return Waiting(tuple(done), open_bytes, living)


def done_segments(folder: Path) -> Found:
    """The segments that can be taken away now, oldest of each process first; what a dead process left is sealed before,
    and its folder goes once it is empty. A folder that cannot be looked after does not stand in the way of others."""
    found: list[Segment] = []
    problem = ""
    try:
        instances = _instances(folder)
    except OSError as error:
        return Found((), f"{folder}: cannot be looked into ({error.strerror})")
    for instance in instances:
        try:
            with _of_the_dead(instance) as dead, suppress(FileNotFoundError):
                if dead:
                    _seal_left_over(instance)
                found += _sealed(instance)
                if dead and not _sealed(instance):
                    _remove(instance)
        except OSError as error:
            problem = f"{instance}: cannot be looked after ({error.strerror})"
    return Found(tuple(found), problem)


def is_anyone_writing(folder: Path) -> bool:
    """Whether a process lives that writes there."""
    with suppress(OSError):
        return any(_is_alive(instance) for instance in _instances(folder))
    return False


def _instances(folder: Path) -> list[Path]:
    """Folders of processes; whatever else lies there, as a disk's own `lost+found` does, is nobody's business."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith(".") and _is_instance(path))
    except FileNotFoundError:
        return []


def _is_instance(path: Path) -> bool:
    if not path.is_dir():
        return False
    return bool(_OWN_NAME.match(path.name)) or any(path.glob(f"*{SEALED}")) or any(path.glob(f"*{OPEN}"))


def _sealed(instance: Path) -> list[Segment]:
    found = [path for path in instance.glob(f"*{SEALED}") if path.stem.isdecimal() and path.is_file()]
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
    try:
        with _of_the_dead(instance) as dead:
            return not dead and instance.is_dir()
    except OSError:  # nobody can have locked what cannot be opened
        return False


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

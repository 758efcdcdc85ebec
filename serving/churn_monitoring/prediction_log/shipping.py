"""Segments become tables in the store, exactly once: a name that is the segment's own, the same bytes at every attempt,
and the segment goes only when its tables are there.

Killed at any point it is simply done again. It must not know how often it is called.
"""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

import pyarrow

from churn_data.errors import DataError, Unavailable
from churn_monitoring.prediction_log.erasures import Erasures, Moments, erasures, without_erased
from churn_monitoring.prediction_log.lanes import Lane, at_once
from churn_monitoring.prediction_log.reading import read_segment
from churn_monitoring.prediction_log.segments import Segment, done_segments
from churn_monitoring.prediction_log.store import Store
from churn_monitoring.prediction_log.tables import Partition, parquet, partitioned

Say = Callable[[str], None]
_Written = tuple[int, Erasures]


class Observer(Protocol):
    """Whoever counts."""

    def shipped(self, rows: int) -> None:
        """A segment's rows are in the store."""

    def broken(self, count: int) -> None:
        """So many bytes at the end of a segment were no records."""

    def failed(self) -> None:
        """A segment could not be taken away now, and stays."""

    def waiting(self, segments: int, seconds: float) -> None:
        """So many segments are left, of which the oldest was last written to so many seconds ago."""


class Shipped(NamedTuple):
    """What one pass did; `left` segments stay for the next, `problem` says in one line why, or what else is wrong."""

    segments: int
    rows: int
    left: int
    problem: str = ""


def ship(folder: Path, store: Store, observer: Observer, say: Say, lane: Lane[_Written] = at_once) -> Shipped:
    """Take away all segments that are done, as long as the store answers; `lane` has the work on each done."""
    done = rows = 0
    segments, problem = done_segments(folder)
    if problem:
        observer.failed()
    known: Erasures = {}
    for index, segment in enumerate(segments):
        _tell_waiting(segments[index:], observer)
        work = partial(_ship_one, segment, store, known, observer, say)
        try:
            written, known = lane(work, _age(segment))
            rows += written
            done += 1
        except (DataError, Unavailable) as error:
            problem = str(error)
            observer.failed()
            if isinstance(error, Unavailable):
                break  # it would not answer for the next one either
        except Exception as error:  # noqa: BLE001 - one that no table can be made of must not keep the others here
            problem = f"{segment.path}: no table can be made of it ({type(error).__name__})"
            observer.failed()
    done_segments(folder)  # takes away the folders that are empty now
    left = len(segments) - done
    if left or not problem:
        _tell_waiting(segments[-left:] if left else (), observer)
    return Shipped(done, rows, left, problem)


def _age(segment: Segment) -> float:
    """Seconds since somebody wrote to it; 0 where it is gone."""
    written = segment.written()
    return 0.0 if written is None else time.time() - written


def _ship_one(segment: Segment, store: Store, known: Erasures, observer: Observer, say: Say) -> _Written:
    """How many rows are in the store, and who was to be forgotten when they were."""
    try:
        content = read_segment(segment.path.read_bytes(), str(segment.path))
    except FileNotFoundError:  # somebody else has taken it away
        return 0, known
    except OSError as error:
        raise DataError(str(segment.path), f"cannot be read ({error.strerror})") from None
    if content.broken_bytes:
        say(f"{segment.path}: {content.broken_bytes} bytes of it are no whole record; all others are kept")
        observer.broken(content.broken_bytes)
    tables = partitioned(content, segment)
    written, known = _write(tables, segment, store, known)
    try:
        segment.path.unlink(missing_ok=True)
    except OSError as error:
        problem = f"is in the store and cannot be taken away from here ({error.strerror})"
        raise DataError(str(segment.path), problem) from None
    observer.shipped(written)
    return written, known


def _write(tables: dict[Partition, pyarrow.Table], segment: Segment, store: Store, erased: Erasures) -> _Written:
    """Write a segment's tables; again if others ask to be forgotten than was known."""
    moment, written = time.time(), segment.written()
    moments = Moments(moment if written is None else written, moment)
    while True:
        kept = {partition: without_erased(table, erased, moments) for partition, table in tables.items()}
        for partition, table in kept.items():
            if table.num_rows:
                store.put(partition.file(segment.name), parquet(table))
            else:
                store.delete(partition.file(segment.name))
        now = erasures(store)
        if now == erased:
            return sum(table.num_rows for table in kept.values()), now
        erased = now


def _tell_waiting(segments: "tuple[Segment, ...]", observer: Observer) -> None:
    times = [written for segment in segments if (written := segment.written()) is not None]
    observer.waiting(len(times), max(0.0, time.time() - min(times)) if times else 0.0)

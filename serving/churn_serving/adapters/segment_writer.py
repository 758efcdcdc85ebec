"""The segments of this process, one after the other, within a bound of bytes on disk.

A folder of the process's own is locked as long as it lives, so that others can tell what a dead one left. Names count
and know no clock. Whatever is wrong with the disk, the caller is told at once and nothing waits for it to be mended.
"""

import asyncio
import logging
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from churn_model.prediction_log.places import take_lock
from churn_serving.adapters.segment_file import SegmentFile

LOOK_SECONDS = 0.5
_SLOW_SECONDS = 0.05
"""A write takes microseconds. Two in a row that take so long each say that the disk is not to be waited for; one may be
another process that had the processor, or a limit of processor time."""
_PAUSE_SECONDS = 2.0
_INSTANCE_BYTES = 8
_logger = logging.getLogger(__name__)


class SegmentLimits(NamedTuple):
    """When a segment is done, by size and age; how many bytes all segments below the folder may take, those of other
    processes too; and after how many seconds at most what was written is safe from a loss of power (0: whenever the
    kernel writes it, half a minute or so)."""

    segment_bytes: int
    segment_seconds: float
    maximum_bytes: int
    sync_seconds: float = 0.0


REASONS = ("full", "unwritable")
"""Why a record may not be written."""


class NotKept(Exception):
    """A record was not written; ``reason`` is one of :data:`REASONS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SegmentWriter:
    """Writes below ``folder``. ``measured`` is told now and then how many bytes lie there.

    Raises:
        OSError: the folder cannot be written to.
    """

    def __init__(self, folder: Path, limits: SegmentLimits, measured: Callable[[int], None] = lambda _: None) -> None:
        self._root = folder
        self._limits = limits
        self._segment_bytes, self._maximum_bytes = limits.segment_bytes, limits.maximum_bytes
        self._measured = measured
        self._own: Path | None = None
        self._lock = -1
        self._sequence = 0
        self._file: SegmentFile | None = None
        self._not_before = 0.0
        self._was_slow = False
        self._used = _bytes_below(folder)
        self._open()

    @property
    def sequence(self) -> int:
        """The number of the segment that the next record goes to; another one knows nothing of what is in the last."""
        if self._file is None:
            self._reopen()
        return self._sequence

    def append(self, content: bytes) -> None:
        """Write records that belong together, whole.

        Raises:
            NotKept: they were not written, and no time was lost over it.
        """
        started, file = time.monotonic(), self._file
        if started < self._not_before or file is None:
            raise NotKept("unwritable")
        used = self._used + len(content)
        if used > self._maximum_bytes:
            raise NotKept("full")
        try:
            file.append(content)
        except OSError as error:
            self._trouble(error)
            raise NotKept("unwritable") from error
        self._used = used
        if time.monotonic() - started > _SLOW_SECONDS:
            self._slow()
        else:
            self._was_slow = False
        if file.size >= self._segment_bytes:
            self._next()

    def _slow(self) -> None:
        if self._was_slow:
            _logger.warning("the prediction log's disk is slow; records are left out for a moment")
            self._not_before = time.monotonic() + _PAUSE_SECONDS
        self._was_slow = True

    async def run(self) -> None:
        """Seal what is old enough and look at how much there is; runs until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self._seal_old()
            self._used = await asyncio.to_thread(_bytes_below, self._root)
            self._measured(self._used)

    async def run_sync(self) -> None:
        """Make what was written safe from a loss of power, again and again; runs until cancelled."""
        while True:
            await asyncio.sleep(self._limits.sync_seconds)
            if self._file is not None and self._file.unsynced:
                await asyncio.to_thread(_sync, self._file.duplicate())

    def close(self) -> None:
        """Seal the last segment and let others have the folder."""
        if self._file is not None:
            try:
                self._seal()
            except OSError as error:
                _logger.warning("the last segment of the prediction log cannot be sealed: %s", error.strerror)
        self._release()

    def _seal_old(self) -> None:
        if self._file is None:
            return
        if self._own is None or not self._own.is_dir():
            _logger.warning("the prediction log's folder is gone; it is made anew")
            self._file.close()
            self._file = None
            self._release()
        elif not self._file.is_empty and time.monotonic() - self._file.opened >= self._limits.segment_seconds:
            self._next()

    def _next(self) -> None:
        try:
            self._seal()
            self._begin()
        except OSError as error:
            self._trouble(error)

    def _seal(self) -> None:
        """End the segment; where that was asked for, a thread makes it safe from a loss of power behind that."""
        file, self._file = self._file, None
        if file is None:
            return
        if self._limits.sync_seconds and file.unsynced and not file.is_empty:
            _sync_behind(file.duplicate())
        file.seal()

    def _begin(self) -> None:
        assert self._own is not None  # noqa: S101 - its lock is held
        self._sequence += 1
        self._file = SegmentFile(self._own, self._sequence)

    def _open(self) -> None:
        """A folder of a new name, which has its name only when it is locked."""
        self._root.mkdir(parents=True, exist_ok=True)
        name = secrets.token_hex(_INSTANCE_BYTES)
        hidden, own = self._root / f".{name}", self._root / name
        hidden.mkdir(mode=0o700)
        lock = take_lock(hidden)
        assert lock is not None  # noqa: S101 - nobody else knows its name
        hidden.rename(own)
        self._own, self._lock = own, lock
        self._begin()

    def _reopen(self) -> None:
        if time.monotonic() < self._not_before:
            return
        try:
            if self._own is not None and self._own.is_dir():
                self._begin()
            else:
                self._open()
        except OSError as error:
            self._trouble(error)

    def _release(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
        self._own = None

    def _trouble(self, error: OSError) -> None:
        if time.monotonic() >= self._not_before:
            _logger.warning("the prediction log cannot be written: %s", error.strerror)
        self._not_before = time.monotonic() + _PAUSE_SECONDS


def _bytes_below(folder: Path) -> int:
    """What the segments of all processes take; files that go meanwhile take nothing."""
    found = 0
    for instance in _entries(folder):
        for entry in _entries(instance):
            try:
                found += entry.stat(follow_symlinks=False).st_size
            except OSError:
                continue
    return found


def _entries(folder: "Path | os.DirEntry[str]") -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _sync(descriptor: int) -> None:
    try:
        os.fdatasync(descriptor)
    except OSError as error:
        _logger.warning("the prediction log's disk did not take what was written: %s", error.strerror)
    finally:
        os.close(descriptor)


def _sync_behind(descriptor: int) -> None:
    """In a thread of the loop's own pool; at the end of the process, when there is no loop, now."""
    try:
        asyncio.get_running_loop().run_in_executor(None, _sync, descriptor)
    except RuntimeError:
        _sync(descriptor)

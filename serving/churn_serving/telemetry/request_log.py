"""One JSON line a request, written in bursts so that answering never waits for a disk or a pipe.

A line holds ids of requests and models, never of customers. Lines beyond a bound are dropped and counted, so a stuck
log sink costs lines, not answers.
"""

import asyncio
import os
import time
from collections.abc import Callable
from typing import Any

import msgspec

FLUSH_SECONDS = 0.25
MAXIMUM_LINES = 20_000


class RequestLog:
    """Buffers lines and hands them to a file descriptor from a thread; ``dropped`` is told how many were lost."""

    def __init__(self, descriptor: int, dropped: Callable[[int], None]) -> None:
        self._descriptor = descriptor
        self._encode = msgspec.json.Encoder().encode
        self._lines: list[bytes] = []
        self._scheduled = False
        self._dropped = dropped

    def write(self, **fields: Any) -> None:
        """Take one line; must be called on the event loop's thread."""
        if len(self._lines) >= MAXIMUM_LINES:
            self._dropped(1)
            return
        fields["time"] = round(time.time(), 3)
        self._lines.append(self._encode(fields))
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._start_flush)

    def _start_flush(self) -> None:
        loop = asyncio.get_running_loop()
        lines, self._lines = self._lines, []
        try:
            loop.run_in_executor(None, self._write, lines).add_done_callback(self._flushed)
        except RuntimeError:  # no thread can be started now: these lines are lost, later ones need not be
            self._dropped(len(lines))
            self._flushed(None)

    def _flushed(self, _: object) -> None:
        self._scheduled = bool(self._lines)
        if self._scheduled:
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._start_flush)

    def _write(self, lines: list[bytes]) -> None:
        content = memoryview(b"\n".join(lines) + b"\n")
        try:
            while content:
                content = content[os.write(self._descriptor, content) :]
        except OSError:  # a full disk or a closed pipe: requests matter more than their log
            self._dropped(len(lines))

    def close(self) -> None:
        """Write what is left, at the end of the process."""
        if self._lines:
            lines, self._lines = self._lines, []
            self._write(lines)

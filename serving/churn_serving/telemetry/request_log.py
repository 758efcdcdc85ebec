"""One JSON line a request, encoded and written in bursts so that answering never waits for a disk or a pipe.

A line holds ids of requests and models, never of customers. Lines beyond a bound are dropped and counted, so a stuck
log sink costs lines, not answers.
"""

import asyncio
import os
import time
from collections.abc import Callable
from typing import Protocol

import msgspec

from churn_serving.telemetry.line_budget import LineBudget
from churn_serving.telemetry.plain_numbers import Count
from churn_serving.telemetry.tracing import Traced

FLUSH_SECONDS = 0.25
MAXIMUM_LINES = 20_000
BURST = 250
"""Lines that are encoded one after the other, in some 0.2 ms: code that the last one used is in the caches then, and a
line that waits is a third of its text."""


class Ended(Traced, Protocol):
    """A request of which a line is written."""

    route: str
    caller: str
    rows: int


class Line(msgspec.Struct, omit_defaults=True, gc=False):
    """What is said of a request; ``time`` in Unix time, in whole milliseconds, ``milliseconds`` in whole microseconds.
    As long as a line waits, both are as they were measured, in seconds: they are brought into form for many, too."""

    route: str
    code: int
    caller: str
    served_by: str
    model_version: str
    rows: int
    milliseconds: float
    request_id: str
    time: float
    trace_id: str = ""


class RequestLog:
    """Buffers lines and hands them to a file descriptor from a thread; ``dropped`` is told how many were lost.
    ``budget`` is for those of which many come, None: there is room for all."""

    def __init__(self, descriptor: int, dropped: Callable[[int], None], budget: LineBudget | None = None) -> None:
        self._descriptor = descriptor
        self.budget = budget or LineBudget(0, Count(), "")
        self._encode = msgspec.json.Encoder().encode_lines
        self._lines: list[Line] = []  # that wait to be encoded
        self._bursts: list[bytes] = []
        self._scheduled = False
        self._dropped = dropped

    def write(self, request: Ended, served_by: str, model_version: str, code: int, seconds: float) -> None:
        """Take one request that took so long, whatever the budget; must be called on the event loop's thread."""
        trace = request.trace
        line = Line(
            request.route,
            code,
            request.caller,
            served_by,
            model_version,
            request.rows,
            seconds,
            request.request_id,
            time.time(),
            "" if trace is None else trace.id,
        )
        self._lines.append(line)
        self._added()

    def _added(self) -> None:
        if len(self._bursts) >= MAXIMUM_LINES // BURST:
            self._dropped(len(self._lines))
            self._lines.clear()
            return
        if len(self._lines) >= BURST:
            self._encode_lines()
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._start_flush)

    def _encode_lines(self) -> None:
        for line in self._lines:
            line.milliseconds = int(line.milliseconds * 1e6 + 0.5) / 1000  # Python's round takes longer than all of it
            line.time = int(line.time * 1000) / 1000
        self._bursts.append(self._encode(self._lines))
        self._lines.clear()

    def _take(self) -> tuple[list[bytes], int]:
        """What waits, and how many lines it is."""
        count = len(self._bursts) * BURST + len(self._lines)
        self._encode_lines()
        bursts, self._bursts = self._bursts, []
        return bursts, count

    def _start_flush(self) -> None:
        loop = asyncio.get_running_loop()
        bursts, count = self._take()
        try:
            loop.run_in_executor(None, self._write, bursts, count).add_done_callback(self._flushed)
        except RuntimeError:  # no thread can be started now: these lines are lost, later ones need not be
            self._dropped(count)
            self._flushed(None)

    def _flushed(self, _: object) -> None:
        self._scheduled = bool(self._lines or self._bursts)
        if self._scheduled:
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._start_flush)

    def _write(self, bursts: list[bytes], count: int) -> None:
        content = memoryview(b"".join(bursts))
        try:
            while content:
                content = content[os.write(self._descriptor, content) :]
        except OSError:  # a full disk or a closed pipe: requests matter more than their log
            self._dropped(count)

    def close(self) -> None:
        """Write what is left, at the end of the process."""
        if self._lines or self._bursts:
            self._write(*self._take())

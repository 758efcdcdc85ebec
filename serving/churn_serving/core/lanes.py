"""What waits for one backend and goes out together.

While a lane's calls are under way, arriving rows wait and share the next call; before a call leaves, the event loop is
asked whether it has more requests at hand, for as long as it does. There is no timer, so at low load nobody waits for
more than a turn of the loop, and under load one message and one model call serve many. A call holds rows of one schema
only, and no more rows and bytes than a call may. It must not know backends, breakers or what an answer means.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

from churn_model import Row, Schema
from churn_serving.core.call_size import size_for
from churn_serving.core.ports import Answer, Origin

Waiting = tuple[Sequence[Row], Schema, "asyncio.Future[Answer]", Origin | None]
"""Rows of one request, the schema they were read by, where their answer goes, and whose request it is. A plain tuple:
one is made for every request, and a named one takes three times as long."""
ROWS: Final = 0
SCHEMA: Final = 1
FUTURE: Final = 2
ORIGIN: Final = 3
MAXIMUM_LOOKS: Final = 4
"""How often the loop is asked for more before a call leaves; further turns bring nothing at 32 callers."""


class Limits(NamedTuple):
    """Calls under way at once; rows and bytes of one call; seconds until a call is given up."""

    calls: int
    rows: int
    size: int
    seconds: float


class Lane:
    """A queue with calls of its own; lives on one event loop. ``send`` answers every future of a batch, or leaves it to
    its request's deadline; it never raises."""

    def __init__(self, limits: Limits, send: Callable[["Lane", list[Waiting]], Awaitable[None]]) -> None:
        self.limits = limits
        self._send = send
        self._queue: deque[Waiting] = deque()
        self._rows = 0
        self._in_flight = 0
        self._flush_scheduled = False
        self._seen = self._looks = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def join(self, rows: Sequence[Row], schema: Schema, origin: Origin | None) -> "asyncio.Future[Answer]":
        """Queue rows. Cancelling the future leaves the others alone."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._queue.append((rows, schema, future, origin))
        self._rows += len(rows)
        if not self._flush_scheduled and self._in_flight < self.limits.calls:
            self._look_soon(loop)
        return future

    @property
    def queued(self) -> int:
        """How many wait to be sent; may be asked by any thread."""
        return len(self._queue)

    @property
    def in_flight(self) -> int:
        """How many calls are under way; may be asked by any thread."""
        return self._in_flight

    def give_up(self) -> list[Waiting]:
        """Empty the queue: who waits for a backend that fails is better off elsewhere, at once and not one by one."""
        waiting = list(self._queue)
        self._queue.clear()
        self._rows = 0
        return waiting

    def _look_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        self._flush_scheduled = True
        self._seen = self._looks = 0
        loop.call_soon(self._look)

    def _look(self) -> None:
        """Send what has gathered, unless more came since the last look: who arrives together leaves together."""
        gathered = len(self._queue)
        if gathered > self._seen and self._looks < MAXIMUM_LOOKS and self._rows < self.limits.rows:
            self._seen = gathered
            self._looks += 1
            asyncio.get_running_loop().call_soon(self._look)
        else:
            self._flush()

    def _flush(self) -> None:
        self._flush_scheduled = False
        while self._queue and self._in_flight < self.limits.calls:
            self._in_flight += 1
            task = asyncio.get_running_loop().create_task(self._call(self._take()))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _call(self, batch: list[Waiting]) -> None:
        try:
            if batch:
                await self._send(self, batch)
        finally:
            self._in_flight -= 1
            if self._queue and not self._flush_scheduled:
                self._look_soon(asyncio.get_running_loop())

    def _take(self) -> list[Waiting]:
        """The longest run from the front of the queue that may share a call."""
        batch: list[Waiting] = []
        rows = size = 0
        measure = None
        while self._queue:
            waiting = self._queue[0]
            waiting_rows, schema, future, _ = waiting
            if not future.done():  # done: its request gave up
                if not batch:
                    first = schema
                    measure = self._measure(first)
                rows += len(waiting_rows)
                if measure is not None:
                    size += measure(waiting_rows)
                if batch and not (
                    rows <= self.limits.rows
                    and size <= self.limits.size
                    and (schema is first or schema.hash == first.hash)
                ):
                    break
                batch.append(waiting)
            self._queue.popleft()
            self._rows -= len(waiting_rows)
        return batch

    def _measure(self, schema: Schema) -> Callable[[Sequence[Row]], int] | None:
        """How rows are measured; not at all while all that waits would fit, whatever is in it."""
        sizes = size_for(schema)
        return None if sizes.empty + self._rows * sizes.longest_row <= self.limits.size else sizes.of

"""Bodies that take long to read are read in a process beside the gateway, so that none holds up anybody else.

One process, since what it reads is bounded by one core anyway; how many bodies wait for it is bounded, since each is
memory. One that is lost takes the body that it read with it, whose caller is told to come back, and the next is
started. What comes back is taken in a few rows at a time. It must not know how a body is read.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from churn_model.schema import Row, Schema
from churn_model.spelling import Note
from churn_serving.core.errors import Overloaded
from churn_serving.gateway.reader_stream import Stream, reading_process
from churn_serving.gateway.reader_wire import Broken, Refused, Sound, Task, read_chunk, read_finding
from churn_serving.gateway.records import MalformedRequest
from churn_serving.oip.faults import InvalidRequest

LARGE_BYTES = 64 * 1024
"""A body up to this is read here if it is sound and usual: 0.3 ms."""
PATIENT_BYTES = 8 * 1024
"""Any body up to this is read here, whatever is wrong with it: a millisecond at worst."""
_MAXIMUM_WAITING = 16
"""Bodies being read or waiting for it; of 2 MiB each, 32 MiB in all."""
_READING_SECONDS = 10.0
"""For one body; the worst of 2 MiB takes a quarter of a second of a free core."""
_PATIENCE_SECONDS = 20.0
"""For a body with all that waited before it; its caller has given up by then."""
_ROWS_RELEASED = 256
_logger = logging.getLogger(__name__)


class Body(NamedTuple):
    """What was read: the request but its rows, its rows with, in records, their customers' ids, and what is missing or
    new in them; None where reading did not look."""

    found: Sound
    customer_ids: list[str]
    rows: list[Row]
    notes: list[Note] | None


Answer = Body | Refused | Broken | None
"""None: the process was lost. What is wrong is told as data: an exception would hold the frames that it passed, and
they it and the body, until the collector comes by."""


class _Waiting(NamedTuple):
    task: Task
    schema: Schema
    body: bytes
    answer: "asyncio.Future[Answer]"


REASONS = ("bodies_full", "reader_late", "reader_lost")
"""Why a large body may find no room."""


class LargeBodies:
    """The queue in front of the reading process; ``shed`` is told the reason of each refusal."""

    def __init__(self, shed: Callable[[str], None]) -> None:
        self._shed = shed
        self._waiting: deque[_Waiting] = deque()
        self._arrived = asyncio.Event()

    async def read(self, task: Task, schema: Schema, body: bytes) -> Body:
        """What the reading process makes of a body; ``task`` names no schema.

        Raises:
            InvalidRequest: the body does not fit the schema; every fault is named.
            Overloaded: too many bodies wait already, or this one could not be read in time.
        """
        if len(self._waiting) >= _MAXIMUM_WAITING:
            raise self._refusal("bodies_full")
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(task, schema, body, answer))
        self._arrived.set()
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                found = await answer
        except TimeoutError:
            raise self._refusal("reader_late") from None
        if isinstance(found, Body):
            return found
        if isinstance(found, Refused):
            raise (MalformedRequest if found.malformed else InvalidRequest).listed(found.problems)
        if found is None:
            raise self._refusal("reader_lost")
        raise RuntimeError(f"reading a body failed: {found.kind}")

    async def run(self) -> None:
        """Keep a reading process and hand it what waits; runs until cancelled.

        Raises:
            ReaderLost: it cannot be started.
        """
        while True:
            async with reading_process() as stream:
                await self._serve(stream)

    async def _serve(self, stream: Stream) -> None:
        """Hand on body after body; returns when the process is lost."""
        while True:
            while not self._waiting:
                self._arrived.clear()
                await self._arrived.wait()
            if stream.ended:  # nobody noticed while there was nothing to read
                _logger.error("the reading process has ended; starting another")
                return
            waiting = self._waiting[0]
            try:
                if not waiting.answer.done():  # done: its caller has gone
                    async with asyncio.timeout(_READING_SECONDS):
                        _answer(waiting, await _exchange(stream, waiting))
            except (OSError, EOFError, TimeoutError) as error:
                _logger.error("the reading process is lost (%s); starting another", type(error).__name__)  # noqa: TRY400
                return
            finally:
                self._waiting.popleft()
                _answer(waiting, None)  # nothing if it has been answered
                del waiting

    def _refusal(self, reason: str) -> Overloaded:
        self._shed(reason)
        return Overloaded(reason)


async def release(rows: list[Row]) -> None:
    """Let go of many rows a few at a time: freeing a hundred thousand values takes as long as making them."""
    while len(rows) > _ROWS_RELEASED:  # a list of fewer may be a call's own, which still counts on it
        del rows[-_ROWS_RELEASED:]
        await asyncio.sleep(0)


async def _exchange(stream: Stream, waiting: _Waiting) -> Answer:
    """One body: there, and back in chunks; the loop gets a turn after each."""
    await stream.send(waiting.task, waiting.schema, waiting.body)
    found: Sound | Refused | Broken = read_finding(await stream.receive())
    if not isinstance(found, Sound):
        return found
    body = Body(found, [], [], [] if found.noted else None)
    for _ in range(found.chunks):
        chunk = read_chunk(await stream.receive())
        body.customer_ids.extend(chunk.customer_ids)
        body.rows.extend(chunk.rows())
        if body.notes is not None:
            body.notes.extend(chunk.notes)
        await asyncio.sleep(0)
    return body


def _answer(waiting: _Waiting, answer: Answer) -> None:
    if not waiting.answer.done():
        waiting.answer.set_result(answer)

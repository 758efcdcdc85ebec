"""One reading process as its gateway sees it: how it is started, spoken to and ended.

It knows neither what waits for it nor what an answer means.
"""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator

from churn_model.schema import Schema
from churn_serving.gateway.reader_wire import LENGTH, READY, Task, write
from churn_serving.runtime import allocation

_COMMAND = (sys.executable, "-m", "churn_serving.gateway.reader_process")
_START_SECONDS = 300.0
"""Until it says that it is ready. On a core of its own it takes a third of a second; where there is none, ending it
and starting another would only begin the wait anew."""


class ReaderLost(Exception):
    """The reading process could not be started, or ended."""


class Stream:
    """Messages to and from one reading process, which is told a schema only when it is another one."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._schema: Schema | None = None

    @property
    def ended(self) -> bool:
        """Whether the other side is gone."""
        return self._reader.at_eof()

    async def send(self, task: Task, schema: Schema, body: bytes) -> None:
        """Hand over a body; ``OSError`` if nobody takes it."""
        known = self._schema is schema
        self._schema = schema
        named = Task(task.door, task.maximum_rows, task.header_length, None if known else schema)
        self._writer.writelines((write(named), LENGTH.pack(len(body)), body))
        await self._writer.drain()

    async def receive(self) -> bytes:
        """The next message; ``EOFError`` or ``OSError`` if none comes any more."""
        length = LENGTH.unpack(await self._reader.readexactly(LENGTH.size))[0]
        return await self._reader.readexactly(length)


@contextlib.asynccontextmanager
async def reading_process() -> AsyncIterator[Stream]:
    """A reading process that has said that it is ready; gone afterwards."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        process = await _started(theirs.fileno())
        try:
            theirs.close()  # or nobody would see the other side end
            reader, writer = await asyncio.open_unix_connection(sock=ours)
            try:
                stream = Stream(reader, writer)
                await _until_ready(stream)
                yield stream
            finally:
                writer.transport.abort()
        finally:
            process.kill()  # it keeps nothing
            await asyncio.to_thread(process.wait)


async def _until_ready(stream: Stream) -> None:
    try:
        async with asyncio.timeout(_START_SECONDS):
            first = await stream.receive()
    except (OSError, EOFError, TimeoutError) as error:
        raise ReaderLost(type(error).__name__) from error
    if first != READY:
        raise ReaderLost("it says something else than that it is ready")


async def _started(descriptor: int) -> subprocess.Popen[bytes]:
    """Start one; who is cancelled meanwhile waits for it and ends it, or nobody would."""
    starting = asyncio.ensure_future(asyncio.to_thread(_start, descriptor))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        process = await starting
        process.kill()
        await asyncio.to_thread(process.wait)
        raise


def _start(descriptor: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own module
        [*_COMMAND, str(descriptor)],
        stdin=subprocess.DEVNULL,
        env={**os.environ, **allocation.ENVIRONMENT},
        pass_fds=[descriptor],
        process_group=0,  # the terminal's Ctrl-C is the gateway's alone, also while this one imports
    )

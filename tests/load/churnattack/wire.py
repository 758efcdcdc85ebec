"""Raw HTTP/1.1 connections: an attack is made of bytes, so no client stands between it and the server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from churnattack.target import HOST, Tally, Target, paced, together

PATIENCE_SECONDS = 20.0
CHUNK = 65_536
# Where a prediction says who made it: before the customers.
SERVED_BY = re.compile(rb'"served_by":"(\w+)"')
BEGINNING = 1024
JSON_TYPE = ("content-type", "application/json")
BINARY_TYPE = ("content-type", "application/octet-stream")

CLOSED = "closed"
_SHOWN = 60

Headers = Sequence[tuple[str, str]]


class Asked(NamedTuple):
    """A request, and what may come back: statuses, or `closed`; anything at all where nothing is expected."""

    content: bytes
    expected: tuple[str, ...] = ()

    def judge(self, status: str, tally: Tally, number: int) -> None:
        """Note an answer that nobody expects."""
        if self.expected and status not in self.expected:
            line = self.content.split(b"\r\n")[0][:_SHOWN].decode("latin-1").encode("unicode_escape").decode()
            tally.unexpected[f"{status} instead of {' or '.join(self.expected)} to number {number}: {line}"] += 1


Make = Callable[[Target, int], Asked]


def request(
    path: str, body: bytes = b"", headers: Headers = (JSON_TYPE,), *, key: str = "", method: str = "POST"
) -> bytes:
    """One well-formed request."""
    lines = [f"{method} {path} HTTP/1.1", f"host: {HOST}", f"content-length: {len(body)}"]
    lines += [f"x-api-key: {key}"] if key else []
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def prediction(target: Target, document: Any) -> bytes:
    """`POST /v1/predictions` by a caller with a key; text is sent as it is."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return request("/v1/predictions", body, key=target.key)


def customer(target: Target, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The body of a good prediction, or of one with more in it."""
    return {"customers": [{"customer_id": "a", "features": {**target.features, **(more or {})}}]}


def customers(target: Target, count: int) -> dict[str, Any]:
    """The body of a good prediction for so many."""
    return {"customers": [{"customer_id": f"c{number}", "features": dict(target.features)} for number in range(count)]}


def tensors(features: Mapping[str, str | float], rows: int = 1) -> list[dict[str, Any]]:
    """V2 inputs of equal rows."""
    return [
        {
            "name": name,
            "shape": [rows],
            "datatype": "BYTES" if isinstance(value, str) else "FP64",
            "data": [value] * rows,
        }
        for name, value in features.items()
    ]


class Wire:
    """One connection, counted."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tally: Tally) -> None:
        self.reader = reader
        self.writer = writer
        self.tally = tally
        self.status = ""
        """Of the last answer."""

    async def send(self, content: bytes) -> None:
        """Send; waits while the server does not read."""
        self.writer.write(content)
        self.tally.bytes_sent += len(content)
        await self.writer.drain()

    async def answer(self, *, to_head: bool = False) -> bool:
        """Read and count one answer; False when the connection is over with it. One to HEAD has no body.

        Raises:
            OSError: the connection broke.
            asyncio.IncompleteReadError: the server closed it.
        """
        head = await self.reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        status = first.split(" ")[1]
        self.tally.bytes_received += len(head)
        if status.startswith("1"):
            return await self.answer(to_head=to_head)
        self.tally.answers[status] += 1
        self.status = status
        beginning = await self._drop(0 if to_head else int(headers.get("content-length", "0")))
        served = SERVED_BY.search(beginning)
        if "x-served-by" in headers:
            self.tally.served_by[headers["x-served-by"]] += 1
        elif served and status == "200":
            self.tally.served_by[served[1].decode()] += 1
        return headers.get("connection", "") != "close"

    async def _drop(self, length: int) -> bytes:
        """Read a body to its end; its beginning."""
        beginning = b""
        while length > 0:
            content = await self.reader.readexactly(min(CHUNK, length))
            beginning = beginning or content[:BEGINNING]
            self.tally.bytes_received += len(content)
            length -= len(content)
        return beginning


@asynccontextmanager
async def wired(port: int, tally: Tally) -> AsyncIterator[Wire | None]:
    """A connection, or None when it is refused; a server that closes it is counted, not raised."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            reader, writer = await asyncio.open_connection(HOST, port, limit=1 << 20)
    except (OSError, TimeoutError):
        tally.answers["refused"] += 1
        yield None
        return
    try:
        yield Wire(reader, writer, tally)
    except TimeoutError:
        tally.answers["no answer"] += 1
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        tally.answers[CLOSED] += 1
    finally:
        writer.transport.abort()


async def hold(wire: Wire, target: Target) -> None:
    """Wait for whatever the server does with a connection that says nothing more, until the attack is over."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, target.left)):
            await wire.answer()
            await wire.reader.read(1)


def repeated(
    make: Make, rate: float, connections: int = 2, door: Callable[[Target], int] | None = None
) -> Callable[[Target, Tally], Any]:
    """An attack that sends such requests in turn, each when the one before was answered."""

    async def run(target: Target, tally: Tally) -> None:
        port = door(target) if door else target.gateway
        await together(connections, lambda _: ask_in_turn(target, tally, port, make, rate / connections))

    return run


async def ask_in_turn(target: Target, tally: Tally, port: int, make: Make, rate: float) -> None:
    """One connection after the other, as long as each lasts."""
    turns = paced(target, rate)
    while target.left > 0:
        async with wired(port, tally) as wire:
            async for number in turns:
                if wire is None:
                    break
                tally.sent += 1
                if not await ask(wire, make(target, number), number):
                    break
            else:
                return


async def ask(wire: Wire, asked: Asked, number: int) -> bool:
    """Send a request and judge what comes back; False when the connection is over with it.

    Raises:
        OSError, asyncio.IncompleteReadError: the server closed it.
    """
    wire.status = CLOSED
    try:
        await wire.send(asked.content)
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await wire.answer(to_head=asked.content.startswith(b"HEAD "))
    finally:
        asked.judge(wire.status, wire.tally, number)


def in_turn(requests: Callable[[Target], Iterable[bytes | Asked]]) -> Make:
    """Requests made once and sent one after the other."""
    made: list[Asked] = []

    def make(target: Target, number: int) -> Asked:
        if not made:
            made.extend(each if isinstance(each, Asked) else Asked(each) for each in requests(target))
        return made[number % len(made)]

    return make


def expecting(*statuses: str) -> Callable[[bytes], Asked]:
    """Requests that have to be answered by one of these."""
    return lambda content: Asked(content, statuses)

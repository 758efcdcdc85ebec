"""Callers who mean no good at the gRPC doors, by real clients and by frames written by hand: each ends in time and
leaves the others alone."""

import contextlib
import functools
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.web.doors import Door, describe_door, ends, eventually, opened, read_all

SERVICE = "/inference.GRPCInferenceService"
GOAWAY, PING, SETTINGS = 7, 6, 4
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, SETTINGS, 0, 0, 0, 0, 0])
UNANSWERED = 100


@pytest.fixture(scope="module", params=["gateway", "predictor"])
def door(
    request: pytest.FixtureRequest, package_folder: Path, keys: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Door]:
    home = tmp_path_factory.mktemp("home")
    yield from opened(describe_door(request.param, package_folder, keys.verify_path, home))


@contextlib.contextmanager
def client(door: Door) -> Iterator[grpc.Channel]:
    """A caller with a connection of its own."""
    own = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_metadata_size", 1_000_000)]
    with grpc.insecure_channel(f"127.0.0.1:{door.grpc}", options=own) as channel:
        yield channel


def live(channel: grpc.Channel, **options: Any) -> bytes:
    answer: bytes = channel.unary_unary(f"{SERVICE}/ServerLive", None, None)(b"", timeout=60, **options)
    return answer


def wire(door: Door) -> socket.socket:
    """A connection, begun as HTTP/2 wants it."""
    connection = socket.create_connection(("127.0.0.1", door.grpc), 60)
    connection.sendall(PREFACE)
    return connection


def goodbye(content: bytes) -> tuple[int, bytes] | None:
    """Error code and reason of the GOAWAY among a server's frames."""
    while len(content) >= 9:
        length, kind = int.from_bytes(content[:3], "big"), content[3]
        payload, content = content[9 : 9 + length], content[9 + length :]
        if kind == GOAWAY and int.from_bytes(payload[:4], "big") < 2**31 - 1:
            return int.from_bytes(payload[4:8], "big"), payload[8:]
    return None


@contextlib.contextmanager
def without_message(door: Door, method: str, count: int) -> Iterator[list[Any]]:
    """Calls that send metadata and wait with their message."""
    over = threading.Event()

    def never() -> Iterator[bytes]:
        over.wait()
        yield from ()

    with client(door) as channel:
        call = channel.stream_unary(f"{SERVICE}/{method}" if "/" not in method else method, None, None)
        try:
            yield [call.future(never(), timeout=60) for _ in range(count)]
        finally:
            over.set()


def has_threads(door: Door, least: int, most: int) -> bool:
    return least < door.process.num_threads() < most


def grows(door: Door) -> bool:
    """Whether more threads are seen while many calls wait, which they may for a second only."""
    with without_message(door, "ModelInfer", 60):
        for _ in range(50):
            if has_threads(door, 60, 1000):
                return True
            time.sleep(0.02)
    return False


@pytest.mark.parametrize(
    "method", ["ModelInfer", "ServerLive", "/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"]
)
@pytest.mark.parametrize("count", [4, UNANSWERED])
def test_calls_without_a_message_hold_up_nobody(door: Door, method: str, count: int) -> None:
    with without_message(door, method, count), without_message(door, method, count), client(door) as honest:
        time.sleep(0.3)
        for _ in range(50):
            assert live(honest) == b"\x08\x01"


@pytest.mark.parametrize("method", ["ModelInfer", "/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"])
def test_calls_without_a_message_end_in_time(door: Door, method: str) -> None:
    before = door.refused("body_time")
    with without_message(door, method, 4) as calls, client(door) as honest:
        for call in calls:
            assert isinstance(call.exception(timeout=60), grpc.RpcError)
            assert call.code() is grpc.StatusCode.CANCELLED
        assert live(honest)
    if "gateway" in door.service.name:
        assert door.refused("body_time") == before + len(calls)


def test_a_message_has_its_time(package_folder: Path, keys: Any, tmp_path: Path) -> None:
    for door in opened(describe_door("predictor", package_folder, keys.verify_path, tmp_path)):
        # As many as there are threads in a server that nobody has held up before, by the method that may answer often.
        with without_message(door, "/grpc.health.v1.Health/Watch", 8) as calls, client(door) as honest:
            for call in calls:
                assert isinstance(call.exception(timeout=60), grpc.RpcError)
                assert call.code() is grpc.StatusCode.CANCELLED
            assert live(honest)
        eventually(functools.partial(grows, door), 60)
        eventually(functools.partial(has_threads, door, 0, 60))


def test_no_message_and_one_of_another_kind_are_the_callers_fault(door: Door) -> None:
    with client(door) as channel:
        if "predictor" in door.service.name:
            none = channel.stream_unary(f"{SERVICE}/ServerLive", None, None).future(iter(()), timeout=60)
            assert isinstance(none.exception(), grpc.RpcError)
            assert none.code() is grpc.StatusCode.INVALID_ARGUMENT
            other = channel.unary_unary(f"{SERVICE}/ModelInfer", None, None).future(b"\xff\xff", timeout=60)
            assert isinstance(other.exception(), grpc.RpcError)
            assert other.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert live(channel)


def test_metadata_is_bounded(door: Door) -> None:
    with client(door) as caller, client(door) as honest:
        assert live(caller, metadata=(("x-filler", "a" * 8_000),))
        with pytest.raises(grpc.RpcError) as refused:
            live(caller, metadata=(("x-filler", "a" * 40_000),))
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert live(honest)


def test_fields_of_metadata_are_bounded(door: Door) -> None:
    before = door.refused("header")
    with client(door) as caller, client(door) as honest:
        assert live(caller, metadata=[(f"x-{number}", "a") for number in range(85)])
        with pytest.raises(grpc.RpcError) as refused:
            live(caller, metadata=[(f"x-{number}", "a") for number in range(101)])
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
        assert live(honest)
    assert door.refused("header") == before + 1


def test_a_message_is_bounded(door: Door) -> None:
    with client(door) as caller:
        call = caller.unary_unary(f"{SERVICE}/ModelInfer", None, None)
        with pytest.raises(grpc.RpcError) as refused:
            call(bytes(9_000_000), timeout=60)
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert live(caller)


def test_calls_a_connection_are_bounded(package_folder: Path, keys: Any, tmp_path: Path) -> None:
    described = describe_door("gateway", package_folder, keys.verify_path, tmp_path, MAXIMUM_CALLS_A_CONNECTION="4")
    for door in opened(described):
        over = threading.Event()

        def never(over: threading.Event = over) -> Iterator[bytes]:
            over.wait()
            yield from ()

        with client(door) as caller, client(door) as honest:
            live(caller)  # the server has said how many
            method = caller.stream_unary(f"{SERVICE}/ModelInfer", None, None)
            held = [method.future(never(), timeout=30) for _ in range(4)]
            with pytest.raises(grpc.RpcError) as waiting:
                caller.unary_unary(f"{SERVICE}/ServerLive", None, None)(b"", timeout=1)
            assert waiting.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
            assert live(honest)
            over.set()
            for one in held:
                one.cancel()  # type: ignore[no-untyped-call]
            assert live(caller)


def test_who_says_nothing_is_let_go(door: Door) -> None:
    with socket.create_connection(("127.0.0.1", door.grpc), 60) as silent, client(door) as honest:
        assert live(honest)
        assert ends(silent)


def test_who_asks_nothing_is_let_go(door: Door) -> None:
    with wire(door) as idle:
        assert goodbye(read_all(idle, 15)) is not None


def test_connections_are_bounded(door: Door) -> None:
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(wire(door)) for _ in range(80)]
        time.sleep(0.5)
        refused = 0
        for connection in connections:
            connection.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                try:
                    refused += connection.recv(65_536) == b""
                except ConnectionResetError:
                    refused += 1
        assert refused >= 40

    def answers() -> bool:
        with client(door) as honest, contextlib.suppress(grpc.RpcError):
            return live(honest) == b"\x08\x01"
        return False

    eventually(answers)


def test_who_pings_without_end_is_told_to_go(door: Door) -> None:
    ping = bytes([0, 0, 8, PING, 0, 0, 0, 0, 0]) + bytes(8)
    with wire(door) as caller, client(door) as honest:
        caller.sendall(ping * 20)
        code, reason = goodbye(read_all(caller, 10)) or (0, b"")
        assert (code, reason) == (11, b"too_many_pings")
        assert live(honest)

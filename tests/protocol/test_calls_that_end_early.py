"""gRPC calls whose caller gives up are counted, and calls under way when a server leaves are answered first."""

import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import grpc
import httpx
import pytest

from churn_serving.oip.open_inference_grpc_pb2 import ModelInferResponse
from real_processes import System, without_fallback
from tests.protocol.requests import call, channel, message

INFER = "/inference.GRPCInferenceService/ModelInfer"
SETTINGS, GOAWAY = 4, 7
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, SETTINGS, 0, 0, 0, 0, 0])


@pytest.fixture(scope="module")
def system(package_folder: Path, keys: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Gateway and primary: a call is given up or answered, and nobody stands in."""
    with without_fallback(package_folder, keys.verify_path, tmp_path_factory.mktemp("home")) as started:
        yield started


def metric(port: int, line: str) -> float:
    text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    return sum(float(found.rsplit(" ", 1)[1]) for found in text.splitlines() if found.startswith(line))


def wait_for(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def test_a_caller_that_gives_up_is_counted_at_the_gateway(system: System) -> None:
    port = system.ports["metrics"]
    given_up = 'churn_requests_total{code="499",model_version="",route="grpc/ModelInfer",served_by="none"}'
    assert metric(port, given_up) == 0
    system.primary.signal(signal.SIGSTOP)  # so that the call is under way until it is given up
    try:
        with channel(system, "gateway") as to:
            give_up = to.unary_unary(INFER, None, None)

            def counted() -> bool:  # again, should one have ended before a busy gateway had read it
                under_way: Any = give_up.future(message().SerializeToString(), timeout=0.05)
                assert under_way.exception().code() is grpc.StatusCode.DEADLINE_EXCEEDED
                return metric(port, given_up) >= 1

            wait_for(counted, "a call that was given up is not counted")
    finally:
        system.primary.signal(signal.SIGCONT)


def test_a_caller_that_gives_up_is_counted_at_the_primary(system: System) -> None:
    port = int(system.primary.command[system.primary.command.index("--metrics-port") + 1])
    given_up = 'churn_model_server_requests_total{code="CANCELLED",protocol="grpc"}'
    large = message(10_000).SerializeToString()  # takes long enough to be given up while it is worked on

    def give_up() -> bool:
        with channel(system, "primary") as to:
            under_way: Any = to.unary_unary(INFER, None, None).future(large, timeout=60)
            time.sleep(0.02)
            under_way.cancel()
            time.sleep(0.5)
        return metric(port, given_up) >= 1

    wait_for(give_up, "a call that was given up is not counted")


@pytest.mark.parametrize("door", ["gateway", "primary"])
def test_calls_under_way_are_answered_when_their_server_leaves(system: System, door: str) -> None:
    service = getattr(system, door)
    answers: list[bytes] = []
    sent = message(5000).SerializeToString()

    def ask_on() -> None:
        with channel(system, door) as to:
            try:
                while True:
                    answers.append(call(to, "ModelInfer", sent))
            except grpc.RpcError as error:
                refusals.append(error.code())

    refusals: list[grpc.StatusCode] = []
    caller = threading.Thread(target=ask_on)
    caller.start()
    wait_for(lambda: len(answers) > 1, "no answer")
    try:
        with socket.create_connection(("127.0.0.1", system.ports[f"{door}_grpc"]), 60) as idle:
            idle.sendall(PREFACE)
            received = idle.makefile("rb")
            assert next(frames(received))[0] == SETTINGS
            assert service.stop() == 0
            goodbye = next(payload for kind, payload in frames(received) if kind == GOAWAY)
        caller.join(60)
    finally:
        service.start()
        service.wait_ready()
    # Who has a connection is told to go, without an error (RFC 9113, section 6.8), and not for the connection's age.
    assert goodbye[4:] == bytes(4) + b"Server shutdown"
    # What was taken was answered. What came then found nobody, or was handed back by a library that had not taken it.
    assert refusals in ([grpc.StatusCode.UNAVAILABLE], [grpc.StatusCode.CANCELLED])
    assert all(len(ModelInferResponse.FromString(answer).outputs) == 2 for answer in answers)


def frames(received: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Kind and payload of each frame until the connection ends."""
    while len(head := received.read(9)) == 9:
        yield head[3], received.read(int.from_bytes(head[:3], "big"))

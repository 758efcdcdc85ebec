"""How a process leaves: its callers are asked to go elsewhere, and none of them loses a request."""

import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from churn_serving.oip import grpc_codec
from patience import until
from ports import free_port
from real_processes import Service, System, describe_system, running
from sample_package import MODEL_NAME, sample_rows, sample_schema
from tests.integration.tcp_proxy import running_proxy
from tests.integration.test_failover import CUSTOMER, Traffic, mostly

DRAIN_SECONDS = "8"
"""Of which a test needs two, and a busy machine may make them more."""
STOP_SECONDS = "60"
"""Of the gateway, for requests under way after draining; more than it takes by itself."""
BODY = {"customers": [{"customer_id": "a", "features": CUSTOMER}]}
INFER = f"/v2/models/{MODEL_NAME}/infer"
READY = b"\x08\x01"
NOT_SERVING = b"\x08\x02"


@pytest.fixture(scope="module")
def patient(package_folder: Path, keys: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system whose processes take their time to leave."""
    drain = {"CHURN_GATEWAY_DRAIN_SECONDS": DRAIN_SECONDS, "CHURN_GATEWAY_CONNECTION_SECONDS": "1"}
    drain["CHURN_GATEWAY_STOP_SECONDS"] = STOP_SECONDS
    system = describe_system(package_folder, keys.verify_path, tmp_path_factory.mktemp("home"), **drain)
    for service in (system.primary, system.fallback):
        service.command += ["--drain-seconds", DRAIN_SECONDS]
    with running(system):
        yield system


@pytest.fixture
def leaving(patient: System) -> System:
    """The system, whole and served by its primary, whatever of it the former test has sent away."""
    patient.mend()
    with Traffic(patient.gateway_url) as traffic:
        traffic.wait_for("primary")
    return patient


def test_a_long_lived_channel_opens_new_connections_and_loses_no_call(leaving: System) -> None:
    port = leaving.ports["gateway_grpc"]
    with running_proxy(port, port) as proxy, grpc.insecure_channel(f"127.0.0.1:{proxy.port}") as channel:
        until(
            lambda: bool(call(channel, "ModelInfer")) and min(proxy.opened) >= 2,
            lambda: f"no new connection: {proxy.opened}",
        )


def test_a_connection_that_is_kept_for_long_is_asked_to_end(leaving: System) -> None:
    ports = [leaving.ports["gateway"]] * 2
    with running_proxy(*ports) as proxy, Traffic(proxy.url) as traffic:
        begun = time.monotonic()
        time.sleep(4)
        until(lambda: min(proxy.opened) >= 1, lambda: f"it is kept: {proxy.opened}")
        seconds = time.monotonic() - begun
    assert mostly(traffic.since(0), "primary", "fallback")
    assert sum(proxy.opened) < 2 * seconds


def test_a_request_under_way_is_answered_and_an_idle_connection_ends_without_a_reset(leaving: System) -> None:
    port = leaving.ports["gateway"]
    address = ("127.0.0.1", port)
    with socket.create_connection(address, 60) as idle, socket.create_connection(address, 60) as busy:
        idle.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"connection: close" not in answer_on(idle, b"}")
        content = httpx.Request("POST", leaving.gateway_url, json=BODY).read()
        head = "POST /v1/predictions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        busy.sendall(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content[:10])
        leaving.gateway.signal(signal.SIGTERM)
        until(lambda: refused(address), lambda: "the port is not closed")  # once readiness has failed long enough
        assert idle.recv(2000) == b""
        time.sleep(5)  # longer than a gateway waits that was not told how long
        busy.sendall(content[10:])
        answer = answer_on(busy, b"]}")
        assert answer.startswith(b"http/1.1 200 ")
        assert b"connection: close" in answer
    assert leaving.gateway.process is not None
    assert leaving.gateway.process.wait(60) == 0


def refused(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, 30).close()
    except ConnectionRefusedError:
        return True
    return False


def answer_on(connection: socket.socket, end: bytes) -> bytes:
    """In lower case; it may come in several pieces."""
    answer = b""
    while not answer.endswith(end):
        piece = connection.recv(20_000)
        assert piece, answer
        answer += piece
    return answer.lower()


def call(channel: grpc.Channel, method: str, service: str = "inference.GRPCInferenceService") -> bytes:
    request = grpc_codec.encode_request(sample_rows(1, 3), sample_schema())
    request.model_name = MODEL_NAME
    message = request.SerializeToString() if method == "ModelInfer" else b""
    answer: bytes = channel.unary_unary(f"/{service}/{method}", None, None)(message, timeout=30)
    return answer


@pytest.mark.parametrize("door", ["gateway", "primary"])
def test_grpc_goes_on_while_its_process_drains(leaving: System, door: str) -> None:
    service: Service = getattr(leaving, door)
    with grpc.insecure_channel(f"127.0.0.1:{leaving.ports[f'{door}_grpc']}") as channel:
        assert call(channel, "ServerReady") == READY
        service.signal(signal.SIGTERM)
        until(lambda: call(channel, "ServerReady") == b"", lambda: "it does not drain")
        end = time.monotonic() + 1
        while time.monotonic() < end:
            assert call(channel, "ModelInfer")
            assert call(channel, "ServerLive") == READY
            assert call(channel, "ServerReady") == b""
            assert call(channel, "Check", "grpc.health.v1.Health") == NOT_SERVING
        assert service.process is not None
        assert service.process.wait(60) == 0
        with pytest.raises(grpc.RpcError) as caught:
            call(channel, "ModelInfer")
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


def test_callers_with_open_connections_lose_nothing_when_one_of_two_gateways_leaves(leaving: System) -> None:
    second = free_port()
    other = Service(
        "second gateway",
        leaving.gateway.command,
        {
            **leaving.gateway.environment,
            "CHURN_GATEWAY_HTTP_PORT": str(second),
            "CHURN_GATEWAY_GRPC_PORT": "0",
            "CHURN_GATEWAY_METRICS_PORT": "0",
        },
        f"http://127.0.0.1:{second}/readyz",
        leaving.gateway.log.with_name("second.log"),
    )
    other.start()
    try:
        other.wait_ready()
        with running_proxy(leaving.ports["gateway"], second) as proxy:
            callers = [Traffic(proxy.url) for _ in range(6)]
            for caller in callers:
                caller.__enter__()
            time.sleep(1)
            leaving.gateway.signal(signal.SIGTERM)
            threading.Timer(0.5, proxy.withdraw, (leaving.ports["gateway"],)).start()
            assert leaving.gateway.process is not None
            assert leaving.gateway.process.wait(60) == 0
            left = time.monotonic()
            until(lambda: all(caller.since(left) for caller in callers), lambda: "one of them broke off")
            for caller in callers:
                caller.__exit__()
            assert all(mostly(caller.since(0), "primary", "fallback") for caller in callers)
    finally:
        other.stop()


def test_every_answer_of_a_leaving_process_asks_its_caller_to_go(leaving: System) -> None:
    pages = {
        leaving.gateway_url: ["/livez", "/v1/model", "/nowhere", "/v1/predictions", INFER],
        leaving.primary_url: ["/v2/health/live", "/v1/models", "/nowhere", INFER],
        leaving.fallback_url: ["/v2/health/live", "/livez", "/nowhere", INFER],
    }
    clients = {url: [httpx.Client(base_url=url, timeout=30) for _ in paths] for url, paths in pages.items()}
    for url, paths in pages.items():
        for client, path in zip(clients[url], paths, strict=True):
            assert "connection" not in client.get(path).headers
    for service in leaving.services:
        service.signal(signal.SIGTERM)
    for url in pages:
        until(lambda url=url: httpx.get(f"{url}/v2/health/ready", timeout=30).status_code == 503, lambda: "no drain")  # type: ignore[misc]
    for url, paths in pages.items():
        for client, path in zip(clients[url], paths, strict=True):
            assert client.get(path).headers.get_list("connection") == ["close"], url + path
            client.close()
        with httpx.Client(base_url=url, timeout=30) as fresh:  # still taken while readiness fails
            assert fresh.get("/v2/health/ready").status_code == 503
            assert fresh.get(f"/v2/models/{MODEL_NAME}/ready").status_code == 503
    for service in leaving.services:
        assert service.process is not None
        assert service.process.wait(60) == 0

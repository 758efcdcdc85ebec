"""API keys at every door of a running gateway: HTTP, gRPC, documentation, log, metrics, and a change under way."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from churn_model import Row
from churn_serving.gateway.key_file import add_key, entry_for, new_key
from churn_serving.oip import grpc_codec
from churn_serving.oip.open_inference_grpc_pb2 import ModelReadyRequest
from patience import by_a_model, until, who_served
from real_processes import without_fallback
from sample_package import MODEL_NAME, sample_schema

CUSTOMER = {"tenure": 3, "Contract": "Month-to-month", "charges": 70.5, "Payment": "Check", "Senior Citizen": 0}
BODY = {"customers": [{"customer_id": "a", "features": CUSTOMER}]}
ROW: Row = [3.0, "Month-to-month", 70.5, "Check", 0.0]
KEY = new_key()
INFER = f"/v2/models/{MODEL_NAME}/infer"
GRPC = "/inference.GRPCInferenceService/"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("keys") / "api-keys.json"
    add_key(path, entry_for(KEY, "marketing"))
    return path


@pytest.fixture(scope="module")
def guarded(package_folder: Path, keys: Any, file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A system whose gateway wants keys."""
    home = tmp_path_factory.mktemp("home")
    wanted = {"CHURN_GATEWAY_API_KEYS": str(file), "CHURN_GATEWAY_AUTHENTICATION": "required"}
    with without_fallback(package_folder, keys.verify_path, home, **wanted) as system:
        yield system


@pytest.fixture
def client(guarded: Any) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=guarded.gateway_url, timeout=30) as http:
        yield http


@pytest.fixture
def channel(guarded: Any) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(f"127.0.0.1:{guarded.ports['gateway_grpc']}") as opened:
        yield opened


@pytest.mark.parametrize("headers", [{"Authorization": f"Bearer {KEY}"}, {"X-API-Key": KEY}])
def test_with_a_key_everything_answers(client: httpx.Client, headers: dict[str, str]) -> None:
    by_a_model(lambda: client.post("/v1/predictions", json=BODY, headers=headers), who_served, "primary")
    assert client.get("/v1/model", headers=headers).json()["name"] == MODEL_NAME
    assert client.get(f"/v2/models/{MODEL_NAME}", headers=headers).status_code == 200
    assert client.get(f"/v2/models/{MODEL_NAME}/ready", headers=headers).json()["ready"] is True
    message = {"inputs": [{"name": "tenure", "datatype": "FP64", "shape": [1], "data": [1.0]}]}
    assert client.post(INFER, json=message, headers=headers).status_code == 400


@pytest.mark.parametrize("headers", [{}, {"Authorization": f"Bearer {new_key()}"}, {"X-API-Key": "x"}])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/predictions"),
        ("GET", "/v1/predictions"),
        ("GET", "/v1/model"),
        ("GET", "/v1/%6dodel"),
        ("GET", f"/v2/models/{MODEL_NAME}"),
        ("GET", f"/v2/models/{MODEL_NAME}/ready"),
        ("POST", INFER),
        ("POST", "/v2/models/guessed/infer"),
    ],
)
def test_without_one_nothing_of_a_model_does(
    client: httpx.Client, method: str, path: str, headers: dict[str, str]
) -> None:
    answer = client.request(method, path, json=BODY, headers=headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    if path.startswith("/v2"):  # which speaks the protocol's own words
        assert isinstance(answer.json()["error"], str)
    else:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "urn:churn-serving:problem:unauthenticated"


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/v2", "/v2/health/live", "/v2/health/ready", "/docs"])
def test_health_and_documentation_are_open(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/v1/predictions", INFER])
def test_a_stranger_is_refused_before_a_body_is_read(guarded: Any, path: str) -> None:
    with socket.create_connection(("127.0.0.1", guarded.ports["gateway"]), timeout=30) as caller:
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n"
        caller.sendall(head.encode())
        assert caller.recv(1000).startswith(b"HTTP/1.1 401 ")


def call(channel: grpc.Channel, method: str, message: bytes, *metadata: tuple[str, str]) -> bytes:
    answer: bytes = channel.unary_unary(GRPC + method, None, None)(message, timeout=30, metadata=metadata)
    return answer


def test_grpc(channel: grpc.Channel) -> None:
    request = grpc_codec.encode_request([ROW], sample_schema())
    request.model_name = MODEL_NAME
    name = ModelReadyRequest(name=MODEL_NAME).SerializeToString()
    for method, message in (("ModelInfer", request.SerializeToString()), ("ModelMetadata", name), ("ModelReady", name)):
        assert call(channel, method, message, ("authorization", f"Bearer {KEY}"))
        assert call(channel, method, message, ("x-api-key", KEY))
        for metadata in ([], [("authorization", f"Bearer {new_key()}")], [("x-api-key", "x")]):
            with pytest.raises(grpc.RpcError) as caught:
                call(channel, method, message, *metadata)
            assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    for method in ("ServerLive", "ServerReady"):
        assert call(channel, method, b"") == b"\x08\x01"


def test_grpc_refuses_a_stranger_before_its_message_has_come(channel: grpc.Channel) -> None:
    never_sent = threading.Event()

    def nothing_yet() -> Iterator[bytes]:
        never_sent.wait(60)
        yield b""

    infer: Any = channel.stream_unary(GRPC + "ModelInfer", None, None)
    with pytest.raises(grpc.RpcError) as caught:
        infer(nothing_yet(), timeout=30)
    never_sent.set()
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_grpc_health_is_open_and_reflection_is_not(channel: grpc.Channel) -> None:
    check = channel.unary_unary("/grpc.health.v1.Health/Check", None, None)
    assert check(b"", timeout=30) == b"\x08\x01"
    reflect: Any = channel.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", None, None)
    list_services = b"\x3a\x00"
    assert b"inference.GRPCInferenceService" in next(
        reflect(iter([list_services]), timeout=30, metadata=(("x-api-key", KEY),))
    )
    with pytest.raises(grpc.RpcError) as caught:
        next(reflect(iter([list_services]), timeout=30))
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_the_documentation_says_how_to_present_a_key(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    assert document.keys() == client.get("/openapi.json", headers={"x-api-key": KEY}).json().keys()
    schemes = document["components"]["securitySchemes"]
    assert schemes["bearer"]["scheme"] == "bearer"
    assert schemes["api_key"]["name"] == "X-API-Key"
    predict = document["paths"]["/v1/predictions"]["post"]
    assert predict["security"] == [{"bearer": []}, {"api_key": []}]
    assert "401" in predict["responses"]
    assert "401" in document["paths"]["/v1/model"]["get"]["responses"]
    assert "security" not in document["paths"]["/readyz"]["get"]


def test_what_is_open_says_nothing_of_the_model(client: httpx.Client) -> None:
    told = {"x-api-key": KEY}
    document, known = client.get("/openapi.json").text, client.get("/openapi.json", headers=told).text
    for word in ("tenure", "Two year", "1200", "Senior Citizen"):
        assert word in known
        assert word not in document
    assert client.get("/openapi.json", headers={"x-api-key": new_key()}).text == document
    assert client.get("/readyz").json() == {"status": "ready"}
    assert client.get("/readyz", headers=told).json() == {"status": "ready", "model": MODEL_NAME, "version": "1"}
    for path in ("/livez", "/v2", "/v2/health/live", "/v2/health/ready", "/docs"):
        assert MODEL_NAME not in client.get(path).text


def test_log_and_metrics_name_the_caller_and_never_the_key(client: httpx.Client, guarded: Any) -> None:
    request_id = client.post("/v1/predictions", json=BODY, headers={"x-api-key": KEY}).json()["request_id"]
    stranger = new_key()
    client.post("/v1/predictions", json=BODY, headers={"x-api-key": stranger})
    client.get("/v1/model")
    until(lambda: request_id in guarded.gateway.log.read_text(), lambda: "it is not logged")
    log = guarded.gateway.log.read_text()
    (line,) = [json.loads(line) for line in log.splitlines() if request_id in line and line.startswith("{")]
    assert line["caller"] == "marketing"
    metrics = httpx.get(f"http://127.0.0.1:{guarded.ports['metrics']}/metrics", timeout=30).text
    for reason in ("missing", "unknown"):
        assert f'churn_authentication_refused_total{{reason="{reason}"}}' in metrics
    for secret in (KEY, stranger, sha256(KEY.encode()).hexdigest()):
        assert secret not in log + metrics


def test_keys_come_and_go_without_a_restart(client: httpx.Client, file: Path) -> None:
    added = new_key()
    assert client.get("/v1/model", headers={"x-api-key": added}).status_code == 401
    add_key(file, entry_for(added, "sales"))
    wait_for(client, added, 200)
    kept = file.read_bytes()
    file.write_text("broken")
    time.sleep(1.5)
    assert client.get("/v1/model", headers={"x-api-key": added}).status_code == 200
    document = json.loads(kept)
    document["keys"] = [entry for entry in document["keys"] if entry["id"] != "sales"]
    file.write_text(json.dumps(document))
    wait_for(client, added, 401)
    assert client.get("/v1/model", headers={"x-api-key": KEY}).status_code == 200


def wait_for(client: httpx.Client, key: str, status: int) -> None:
    until(
        lambda: client.get("/v1/model", headers={"x-api-key": key}).status_code == status,
        lambda: f"the change was not noticed: still not {status}",
    )

"""What the protocols ask of every door: ids, versions, methods, readiness, errors in one form."""

import json
from typing import Any

import grpc
import httpx
import pytest
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from churn_serving.oip.open_inference_grpc_pb2 import (
    ModelInferResponse,
    ModelMetadataRequest,
    ModelReadyRequest,
    ModelReadyResponse,
)
from real_processes import System
from sample_package import MODEL_NAME
from tests.protocol.requests import (
    GRPC_DOORS,
    HTTP_DOORS,
    INFER,
    JSON,
    MODEL,
    PREDICTIONS,
    call,
    channel,
    customers,
    document,
    message,
    url,
)

SURROGATE = "half \ud800 a pair"


def post(system: System, door: str, body: Any, path: str = INFER, headers: dict[str, str] | None = None) -> Any:
    return httpx.post(url(system, door) + path, content=json.dumps(body), headers=JSON if headers is None else headers)


@pytest.mark.parametrize("door", HTTP_DOORS)
@pytest.mark.parametrize(
    "more",
    [
        {"id": None},
        {"id": "a" * 128},
        {"model_name": MODEL_NAME, "model_version": "1"},
        {"model_name": MODEL_NAME, "model_version": None, "parameters": {"anything": 1}},
        {"model_name": "", "parameters": {}},
    ],
    ids=repr,
)
def test_what_clients_add_is_understood(doors: System, door: str, more: dict[str, Any]) -> None:
    answer = post(doors, door, {**document(2), **more})
    assert answer.status_code == 200, answer.text
    assert answer.json().get("id", "") == (more.get("id") or "")


@pytest.mark.parametrize("door", HTTP_DOORS)
@pytest.mark.parametrize("binary", [False, True])
def test_parameters_that_are_no_object_are_a_fault_that_names_its_field(
    doors: System, door: str, *, binary: bool
) -> None:
    whole, tensor, output = ({**document(), "parameters": [1]}, document(), document())
    tensor["inputs"][0]["parameters"] = "binary_data_size"
    output["outputs"] = [{"name": "segment", "parameters": True}]
    name = tensor["inputs"][0]["name"]
    for body, named in ((whole, "parameters"), (tensor, f"{name}: parameters"), (output, "outputs[0]: parameters")):
        length = {"inference-header-content-length": str(len(json.dumps(body)))} if binary else {}
        answer = post(doors, door, body, headers=JSON | length)
        assert answer.status_code == 400
        assert f"{named}: expected an object" in answer.json()["error"]


@pytest.mark.parametrize("door", HTTP_DOORS)
def test_json_needs_no_content_type(doors: System, door: str) -> None:
    with httpx.Client(base_url=url(doors, door)) as client:
        request = client.build_request("POST", INFER, content=json.dumps(document()).encode())
        assert "content-type" not in request.headers
        assert client.send(request).status_code == 200


@pytest.mark.parametrize("door", HTTP_DOORS)
def test_a_version_may_stand_in_every_path(doors: System, door: str) -> None:
    for version, status in (("1", 200), ("99", 404), ("", 404), ("1/1", 404)):
        path = f"{MODEL}/versions/{version}"
        assert httpx.get(url(doors, door) + path).status_code == status, path
        assert httpx.get(f"{url(doors, door)}{path}/ready").status_code == status
        assert post(doors, door, document(), f"{path}/infer").status_code == status
    assert post(doors, door, {**document(), "model_version": "99"}).status_code == 404
    assert post(doors, door, {**document(), "model_name": "other"}).status_code == 404


@pytest.mark.parametrize("door", HTTP_DOORS)
def test_every_door_tells_which_models_there_are(doors: System, door: str) -> None:
    name = MODEL.rpartition("/")[2]
    listed = httpx.get(url(doors, door) + "/v2/models")
    assert (listed.status_code, listed.json()) == (200, {"models": [name]})
    index = url(doors, door) + "/v2/repository/index"
    for content in (b"", b"{}", b'{"ready": true}'):
        answer = httpx.post(index, content=content)
        assert (answer.status_code, answer.json()) == (
            200,
            [{"name": name, "version": "1", "state": "READY", "reason": ""}],
        )
    wrong = httpx.get(index)
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("door", HTTP_DOORS)
@pytest.mark.parametrize("content_type", ["application/json", "application/octet-stream"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_only_post_scores(doors: System, door: str, method: str, content_type: str) -> None:
    content = json.dumps(document()).encode()
    headers = {"content-type": content_type, "inference-header-content-length": str(len(content))}
    answer = httpx.request(method, url(doors, door) + INFER, content=content, headers=headers)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("door", HTTP_DOORS)
@pytest.mark.parametrize("path", [INFER, PREDICTIONS, MODEL, f"{MODEL}/ready", "/v2", "/v2/health/ready"])
def test_head_and_options(doors: System, door: str, path: str) -> None:
    if path == PREDICTIONS and door != "gateway":
        path = "/v1/package"
    base = url(doors, door)
    options = httpx.options(base + path)
    assert (options.status_code, options.content) == (204, b"")
    allowed = options.headers["allow"].split(", ")
    assert "OPTIONS" in allowed
    head = httpx.head(base + path)
    assert head.content == b""
    assert head.status_code == (200 if "HEAD" in allowed else 405)
    assert ("GET" in allowed) == ("HEAD" in allowed) == (httpx.get(base + path).status_code == 200)


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"),
    [
        ("POST", "/v1/model", 405, "GET, HEAD"),
        ("DELETE", "/livez", 405, "GET, HEAD"),
        ("GET", "/nowhere", 404, None),
        ("GET", "/v1/nothing", 404, None),
        ("POST", "/v2", 405, "GET, HEAD"),
        ("GET", "/v2/nothing", 404, None),
        ("GET", "/v2/models/other", 404, None),
        ("GET", "/v2/models/other/ready", 404, None),
        ("POST", f"{MODEL}/ready", 405, "GET, HEAD"),
    ],
)
def test_errors_of_the_gateways_framework_have_our_form(
    doors: System, method: str, path: str, status: int, allowed: str | None
) -> None:
    answer = httpx.request(method, doors.gateway_url + path)
    assert (answer.status_code, answer.headers.get("allow")) == (status, allowed)
    if path.startswith("/v2"):
        assert answer.headers["content-type"] == "application/json"
        assert isinstance(answer.json()["error"], str)
    else:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status
        assert answer.json()["type"].startswith("urn:churn-serving:problem:")


@pytest.mark.parametrize("door", ["primary", "fallback"])
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/nowhere"), ("DELETE", "/v1/models"), ("POST", "/v1/models/other:predict"), ("POST", "/predict")],
)
def test_errors_of_the_backends_frameworks_have_the_protocols_form(
    doors: System, door: str, method: str, path: str
) -> None:
    answer = httpx.request(method, url(doors, door) + path, content=b"{", headers=JSON)
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/json"
    assert isinstance(answer.json()["error"], str)


@pytest.mark.parametrize("door", HTTP_DOORS)
def test_half_a_surrogate_pair_is_a_fault_that_names_its_field(doors: System, door: str) -> None:
    for change, field in (
        ({"id": SURROGATE}, "id"),
        ({"model_name": SURROGATE}, "model_name"),
        ({SURROGATE: 1}, "request"),
        ({"inputs": [{"name": SURROGATE, "datatype": "BYTES", "shape": [1], "data": ["a"]}]}, "inputs"),
        ({"inputs": [{**document()["inputs"][1], "data": [SURROGATE]}]}, "Contract[0]"),
        ({"inputs": [{**document()["inputs"][1], "datatype": SURROGATE}]}, "Contract"),
        ({"outputs": [{"name": SURROGATE}]}, "outputs[0]"),
    ):
        answer = post(doors, door, {**document(), **change})
        assert answer.status_code == 400, (change, answer.text)
        assert f"{field}: " in answer.json()["error"]


def test_half_a_surrogate_pair_in_a_record_too(doors: System) -> None:
    sound = customers()["customers"][0]
    for change, field in (
        ({"customers": [{**sound, "customer_id": SURROGATE}]}, "customers[0].customer_id"),
        (customers(1, Contract=SURROGATE), "customers[0].features.Contract"),
        (customers(1, **{SURROGATE: 1}), "customers[0].features.'half \\ud800 a pair'"),
        ({**customers(), SURROGATE: 1}, "'half \\ud800 a pair'"),
    ):
        answer = post(doors, "gateway", change, PREDICTIONS)
        assert answer.status_code == 422
        assert field in {fault["field"] for fault in answer.json()["errors"]}, answer.text


@pytest.mark.parametrize("door", GRPC_DOORS)
def test_grpc_answers_by_the_version_asked_for_or_not_at_all(doors: System, door: str) -> None:
    with channel(doors, door) as to:
        for version in ("", "1"):
            request = message()
            request.model_version = version
            answer = ModelInferResponse.FromString(call(to, "ModelInfer", request.SerializeToString()))
            assert answer.model_version == "1"
            call(to, "ModelMetadata", ModelMetadataRequest(name=MODEL_NAME, version=version).SerializeToString())
            ready = ModelReadyRequest(name=MODEL_NAME, version=version)
            assert ModelReadyResponse.FromString(call(to, "ModelReady", ready.SerializeToString())).ready
        request = message()
        request.model_version = "99"
        metadata = ModelMetadataRequest(name=MODEL_NAME, version="99")
        ready = ModelReadyRequest(name=MODEL_NAME, version="99")
        for method, asked in (("ModelInfer", request), ("ModelMetadata", metadata), ("ModelReady", ready)):
            with pytest.raises(grpc.RpcError) as caught:
                call(to, method, asked.SerializeToString())
            assert caught.value.code() is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("door", GRPC_DOORS)
def test_grpc_health_says_what_readiness_says(doors: System, door: str) -> None:
    with channel(doors, door) as to:
        check = to.unary_unary("/grpc.health.v1.Health/Check", None, health_pb2.HealthCheckResponse.FromString)
        for service in ("", "inference.GRPCInferenceService"):
            asked = health_pb2.HealthCheckRequest(service=service).SerializeToString()
            assert check(asked, timeout=60).status == health_pb2.HealthCheckResponse.SERVING
        with pytest.raises(grpc.RpcError) as caught:
            check(health_pb2.HealthCheckRequest(service="other").SerializeToString(), timeout=60)
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND
        watch: Any = to.unary_stream("/grpc.health.v1.Health/Watch", None, health_pb2.HealthCheckResponse.FromString)
        for service, status in (("", "SERVING"), ("other", "SERVICE_UNKNOWN")):
            changes = watch(health_pb2.HealthCheckRequest(service=service).SerializeToString(), timeout=60)
            assert health_pb2.HealthCheckResponse.ServingStatus.Name(next(changes).status) == status
            changes.cancel()


@pytest.mark.parametrize("door", GRPC_DOORS)
def test_watching_health_is_bounded_and_costs_others_nothing(doors: System, door: str) -> None:
    with channel(doors, door) as to:
        watch: Any = to.unary_stream("/grpc.health.v1.Health/Watch", None, health_pb2.HealthCheckResponse.FromString)
        watching = [watch(b"", timeout=60) for _ in range(64)]
        assert {next(changes).status for changes in watching} == {health_pb2.HealthCheckResponse.SERVING}
        with pytest.raises(grpc.RpcError) as caught:
            next(watch(b"", timeout=60))
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert call(to, "ModelInfer", message().SerializeToString())
        for changes in watching:
            changes.cancel()


@pytest.mark.parametrize("door", GRPC_DOORS)
def test_grpc_reflection_shows_the_protocol(doors: System, door: str) -> None:
    with channel(doors, door) as to:
        database = ProtoReflectionDescriptorDatabase(to)
        assert set(database.get_services()) == {
            "inference.GRPCInferenceService",
            "grpc.health.v1.Health",
            "grpc.reflection.v1alpha.ServerReflection",
        }
        shown = database.FindFileContainingSymbol("inference.GRPCInferenceService")
        assert "ModelInfer" in {method.name for method in shown.service[0].method}
        with pytest.raises(KeyError):
            database.FindFileContainingSymbol("inference.Nothing")


@pytest.mark.parametrize("door", GRPC_DOORS)
def test_a_calls_id_comes_back(doors: System, door: str) -> None:
    with channel(doors, door) as to:
        method = to.unary_unary("/inference.GRPCInferenceService/ModelInfer", None, None)
        for sent in (message().SerializeToString(), b""):
            for own, expected in (("my-id.1", "my-id.1"), ("a b", None)):
                finished = method.future(sent, timeout=60, metadata=(("x-request-id", own),))
                finished.exception()
                back = dict(finished.trailing_metadata()).get("x-request-id")
                assert back == expected if expected or door == "primary" else back not in (None, own)

"""The HTTP front, in process: every path, every bad input, never a 5xx for a caller's fault."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from awaiting import until
from churn_model.description import Description
from churn_model.package import Package
from churn_model.signing import TrustedKeys
from churn_serving.backend import errors
from churn_serving.backend.answers import HTTP_STATUS, MAX_BODY_BYTES
from churn_serving.backend.asgi import BackendApp
from churn_serving.backend.grpc_service import GRPC_CODE, InferenceService
from churn_serving.backend.loaded_model import ModelSlot
from churn_serving.backend.metrics import BackendMetrics
from churn_serving.backend.model_source import ModelSource
from churn_serving.backend.routes import Routes
from churn_serving.backend.watcher import ModelWatcher
from churn_serving.oip.faults import InvalidRequest, UnknownModel
from churn_serving.oip.json_codec import encode_request
from churn_serving.oip.open_inference_grpc_pb2 import ServerLiveRequest
from churn_serving.oip.schema_precondition import OtherSchema
from churn_serving.web.body import BodyTooLarge
from churn_serving.web.request import MethodNotAllowed, UnknownPath, UnsupportedMediaType
from tests.backends.packages import SCHEMA, customers

INFER = "/v2/models/churn-telecom/infer"
JSON = {"content-type": "application/json"}


@pytest.fixture
def source(package: Package, verify_key: Any) -> ModelSource:
    return ModelSource(package.path, verify_key)


@pytest.fixture
def client(slot: ModelSlot, source: ModelSource) -> httpx.AsyncClient:
    app = BackendApp(slot, Routes(slot, lambda: source))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://model")


async def test_customers_are_scored_with_the_models_bits(client: httpx.AsyncClient, package: Package) -> None:
    rows = customers(600)
    expected = package.scorer.score(rows)
    for path in (INFER, "/v2/models/churn-telecom/versions/1/infer"):
        answer = await client.post(path, content=encode_request(rows, SCHEMA, "abc"), headers=JSON)
        assert answer.status_code == 200
        document = answer.json()
        assert document["outputs"][0]["data"] == expected.probabilities
        assert document["outputs"][1]["data"] == expected.segments
        assert (document["id"], document["model_version"]) == ("abc", "1")
        assert document["parameters"] == {"digest": package.digest}


async def test_health_and_metadata(client: httpx.AsyncClient, slot: ModelSlot) -> None:
    assert (await client.get("/v2/health/live")).json() == {"live": True}
    assert (await client.get("/v2/health/ready")).json() == {"ready": True}
    assert (await client.get("/v2")).json()["name"] == "churn-serving"
    assert (await client.get("/v2/models/churn-telecom/ready")).json() == {"name": "churn-telecom", "ready": True}
    metadata = (await client.get("/v2/models/churn-telecom/versions/1")).json()
    assert [tensor["name"] for tensor in metadata["inputs"]] == list(SCHEMA.names)
    slot.draining = True
    assert (await client.get("/v2/health/ready")).status_code == 503
    assert (await client.get("/v2/health/live")).status_code == 200


async def test_a_watcher_beyond_help_ends_the_life_of_a_model_server(
    client: httpx.AsyncClient, slot: ModelSlot, source: ModelSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(_: Any) -> Any:
        raise OSError(5, f"nobody's business: {source.path}")

    monkeypatch.setattr("churn_serving.backend.watcher.fingerprint", lambda _: None)
    watcher = ModelWatcher(slot, source, 0.01)
    monkeypatch.setattr("churn_serving.backend.watcher.fingerprint", breaks)
    watcher.start()
    value = slot.metrics.registry.get_sample_value
    await until(lambda: (value("churn_background_task_crashes_total", {"task": "model package"}) or 0) >= 3)
    answer = await client.get("/v2/health/live")
    assert (answer.status_code, answer.json()) == (503, {"live": False, "failing": ["model package"]})
    assert not InferenceService(slot).server_live(ServerLiveRequest()).live
    assert (await client.get("/v2/health/ready")).status_code == 200, "what is loaded still answers"
    await slot.supervisor.stop()


async def test_the_description_is_shown_once_per_digest(
    client: httpx.AsyncClient, package: Package, verify_key: Any
) -> None:
    answer = await client.get("/v1/package")
    shown = Description.from_documents(answer.json(), TrustedKeys.load(verify_key))
    assert shown.digest == package.digest
    again = await client.get("/v1/package", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v2/models/other/infer", 404),
        ("POST", "/v2/models/churn-telecom/versions/2/infer", 404),
        ("POST", "/v2/models/churn-telecom/versions/1/2/infer", 404),
        ("GET", "/v2/models/other", 404),
        ("GET", "/v2/models/other/ready", 404),
        ("GET", "/v2/models/churn-telecom/nothing", 404),
        ("GET", "/nothing", 404),
        ("GET", INFER, 405),
        ("POST", "/v2/health/ready", 405),
        ("DELETE", "/v2/models/churn-telecom", 405),
        ("GET", "/v2/repository/models/churn-telecom/load", 405),
        ("POST", "/v2/repository/models/churn-telecom/unload", 404),
        ("POST", "/v2/repository/models/other/load", 404),
    ],
)
async def test_wrong_paths_and_methods(client: httpx.AsyncClient, method: str, path: str, status: int) -> None:
    answer = await client.request(method, path, headers=JSON)
    assert answer.status_code == status
    assert isinstance(answer.json()["error"], str)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/json", "content-encoding": "gzip"}, 415),
        ({"content-type": "application/json; charset=utf-8"}, 200),
        ({"content-type": "application/octet-stream", "inference-header-content-length": "-1"}, 400),
        ({"content-type": "application/octet-stream", "inference-header-content-length": "9" * 30}, 400),
        ({"content-type": "application/octet-stream", "inference-header-content-length": "7"}, 400),
    ],
)
async def test_content_types(client: httpx.AsyncClient, headers: dict[str, str], status: int) -> None:
    answer = await client.post(INFER, content=encode_request(customers(1), SCHEMA), headers=headers)
    assert answer.status_code == status


async def test_bytes_are_counted_whatever_the_caller_says(client: httpx.AsyncClient) -> None:
    async def chunks(size: int) -> AsyncIterator[bytes]:
        for _ in range(size // 65536 + 1):
            yield b" " * 65536

    assert (await client.post(INFER, content=chunks(MAX_BODY_BYTES), headers=JSON)).status_code == 413
    assert (await client.post(INFER, content=b" " * (MAX_BODY_BYTES + 1), headers=JSON)).status_code == 413
    assert (await client.post(INFER, content=chunks(1000), headers=JSON)).status_code == 400


async def test_all_problems_are_in_one_error(client: httpx.AsyncClient) -> None:
    document = json.loads(encode_request(customers(1), SCHEMA))
    document["inputs"][1]["data"] = ["soon"]
    document["inputs"][7]["data"] = [{"a": 3}]
    del document["inputs"][12]
    answer = await client.post(INFER, json=document)
    assert answer.status_code == 400
    message = answer.json()["error"]
    assert all(name in message for name in ("tenure[0]", SCHEMA.names[7] + "[0]", SCHEMA.names[12]))
    assert "soon" not in message


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.binary(max_size=300), st.sampled_from(["application/json", "application/octet-stream"]), st.integers(0, 400))
async def test_no_body_makes_a_server_error(
    client: httpx.AsyncClient, body: bytes, content_type: str, length: int
) -> None:
    headers = {"content-type": content_type, "inference-header-content-length": str(length)}
    assert (await client.post(INFER, content=body, headers=headers)).status_code == 400


async def test_reloading_answers_what_happened(
    client: httpx.AsyncClient, slot: ModelSlot, source: ModelSource, tmp_path: Any
) -> None:
    load = "/v2/repository/models/churn-telecom/load"
    assert (await client.post(load)).json()["load"] is True
    source.path = tmp_path
    answer = await client.post(load)
    assert answer.status_code == 422
    assert "signature" in answer.json()["error"]
    assert slot.ready


async def test_without_a_model_callers_are_told_to_come_back(source: ModelSource) -> None:
    empty = ModelSlot(BackendMetrics())
    app = BackendApp(empty, Routes(empty, lambda: source))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://model") as client:
        assert (await client.get("/v2/health/ready")).status_code == 503
        answer = await client.post(INFER, content=b"{}", headers=JSON)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


def test_every_error_has_a_place_in_every_table() -> None:
    expected = {InvalidRequest, UnknownModel, *errors.ModelServerError.__subclasses__()}
    assert set(GRPC_CODE) == expected
    # gRPC counts bytes itself, and has neither paths nor methods nor media types of HTTP.
    assert set(HTTP_STATUS) == {
        *expected,
        BodyTooLarge,
        MethodNotAllowed,
        OtherSchema,
        UnknownPath,
        UnsupportedMediaType,
    }


async def test_what_is_counted(client: httpx.AsyncClient, slot: ModelSlot, package: Package) -> None:
    await client.post(INFER, content=encode_request(customers(3), SCHEMA), headers=JSON)
    await client.post(INFER, content=b"", headers=JSON)
    value = slot.metrics.registry.get_sample_value
    assert value("churn_model_server_requests_total", {"protocol": "http", "code": "200"}) == 1
    assert value("churn_model_server_requests_total", {"protocol": "http", "code": "400"}) == 1
    assert value("churn_model_server_batch_rows_sum") == 3
    assert value("churn_model_info", {"name": "churn-telecom", "version": "1", "digest": package.digest}) == 1


async def test_large_bodies_wait_in_bounded_number(client: httpx.AsyncClient) -> None:
    body = encode_request(customers(1500), SCHEMA)
    assert len(body) > 64 * 1024
    answers = await asyncio.gather(*(client.post(INFER, content=body, headers=JSON) for _ in range(60)))
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) == {200, 429}
    assert statuses.count(200) >= 16
    assert all(answer.headers["retry-after"] == "1" for answer in answers if answer.status_code == 429)
    assert (await client.post(INFER, content=body, headers=JSON)).status_code == 200

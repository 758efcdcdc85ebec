"""What went wrong has one status on each protocol, and the headers that tell its caller what to do."""

import asyncio
import json
import struct
import threading

import grpc
import httpx
import pytest

from churn_model.package import Package
from churn_serving.backend import errors
from churn_serving.backend.answers import HTTP_STATUS, error_answer
from churn_serving.backend.asgi import BackendApp
from churn_serving.backend.grpc_service import GRPC_CODE
from churn_serving.backend.loaded_model import ModelSlot
from churn_serving.backend.routes import Routes
from churn_serving.oip.faults import MAX_ERROR_BYTES, InvalidRequest, Problem, UnknownModel
from churn_serving.oip.json_codec import encode_request
from churn_serving.oip.schema_precondition import OtherSchema
from churn_serving.web.body import BodyTooLarge
from churn_serving.web.request import MethodNotAllowed, UnknownPath, UnsupportedMediaType
from tests.backends.packages import SCHEMA, customers

CODES = grpc.StatusCode
MEANT = [
    (InvalidRequest([Problem("tenure", "expected a number")]), 400, CODES.INVALID_ARGUMENT),
    (UnknownModel("a"), 404, CODES.NOT_FOUND),
    (UnknownPath("a"), 404, None),
    (MethodNotAllowed("GET"), 405, None),
    (OtherSchema("a"), 412, None),
    (BodyTooLarge("a"), 413, None),
    (UnsupportedMediaType("a"), 415, None),
    (errors.PackageRefused("a"), 422, CODES.FAILED_PRECONDITION),
    (errors.CannotExplain("a"), 422, CODES.UNIMPLEMENTED),
    (errors.ExplainerBusy("a"), 429, CODES.RESOURCE_EXHAUSTED),
    (errors.ReaderBusy("a"), 429, CODES.RESOURCE_EXHAUSTED),
    (errors.NoModelLoaded("a"), 503, CODES.UNAVAILABLE),
]  # fmt: skip
COMES_BACK = (errors.ExplainerBusy, errors.ReaderBusy, errors.NoModelLoaded)


@pytest.mark.parametrize(("error", "status", "code"), MEANT, ids=lambda one: type(one).__name__)
def test_each_error_has_its_own_status(error: Exception, status: int, code: grpc.StatusCode | None) -> None:
    assert HTTP_STATUS[type(error)] == status
    assert GRPC_CODE.get(type(error)) == code
    answer = error_answer(error)
    assert answer.status == status
    headers = dict(answer.headers)
    assert headers[b"content-type"] == b"application/json"
    assert headers.get(b"retry-after") == (b"1" if isinstance(error, COMES_BACK) else None)
    assert headers.get(b"allow") == (b"GET" if isinstance(error, MethodNotAllowed) else None)
    assert (b"accept-post" in headers) == isinstance(error, UnsupportedMediaType)
    assert json.loads(answer.body) == {"error": str(error)}


@pytest.mark.parametrize("kind", [UnknownModel, errors.PackageRefused, errors.NoModelLoaded])
def test_no_error_is_longer_than_an_error_may_be(kind: type[Exception]) -> None:
    assert len(error_answer(kind("x" * 99_999)).body) <= MAX_ERROR_BYTES


@pytest.fixture
def client(slot: ModelSlot) -> httpx.AsyncClient:
    app = BackendApp(slot, Routes(slot, lambda: None))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://model")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v2", "GET, HEAD, OPTIONS"),
        ("/v1/package", "GET, HEAD, OPTIONS"),
        ("/v2/models/churn-telecom", "GET, HEAD, OPTIONS"),
        ("/v2/models/churn-telecom/versions/1/ready", "GET, HEAD, OPTIONS"),
        ("/v2/models/churn-telecom/infer", "POST, OPTIONS"),
        ("/v2/repository/index", "POST, OPTIONS"),
        ("/v2/repository/models/churn-telecom/load", "POST, OPTIONS"),
    ],
)
async def test_what_may_be_done_with_a_path_can_be_asked(client: httpx.AsyncClient, path: str, allowed: str) -> None:
    answer = await client.options(path)
    assert (answer.status_code, answer.headers["allow"], answer.content) == (204, allowed, b"")
    assert "content-length" not in answer.headers


async def test_lists_of_models_say_what_is_served(client: httpx.AsyncClient, slot: ModelSlot) -> None:
    assert (await client.get("/v2/models")).json() == {"models": ["churn-telecom"]}
    (listed,) = (await client.post("/v2/repository/index")).json()
    assert (listed["name"], listed["version"], listed["state"]) == ("churn-telecom", "1", "READY")
    slot.draining = True
    (listed,) = (await client.post("/v2/repository/index")).json()
    assert listed["state"] != "READY"
    answer = await client.get("/v2/models/churn-telecom/ready")
    assert (answer.status_code, answer.json()) == (503, {"name": "churn-telecom", "ready": False})
    assert (await client.get("/v2/health/ready")).json() == {"ready": False}


@pytest.mark.parametrize("path", ["/v2/models", "/v1/package", "/v2/models/churn-telecom", "/v2/models/x/ready"])
async def test_without_a_model_there_is_nothing_to_say_of_one(
    client: httpx.AsyncClient, slot: ModelSlot, path: str
) -> None:
    slot.current = None
    answer = await client.get(path)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json() == {"error": "no model is loaded"}


async def test_a_description_that_is_known_is_not_sent_again_and_another_is(client: httpx.AsyncClient) -> None:
    whole = await client.get("/v1/package")
    etag = whole.headers["etag"]
    assert whole.headers["content-type"] == "application/json"
    for known in (etag, f'"other", {etag}'):
        again = await client.get("/v1/package", headers={"if-none-match": known})
        assert (again.status_code, again.headers["etag"], again.content) == (304, etag, b"")
    for other in ('"other"', etag[:-2] + '"'):
        assert (await client.get("/v1/package", headers={"if-none-match": other})).content == whole.content


async def test_rows_that_were_read_by_another_schema_are_not_scored(client: httpx.AsyncClient) -> None:
    body = encode_request(customers(1), SCHEMA)
    path = "/v2/models/churn-telecom/infer"
    assert (await client.post(path, content=body, headers={"x-churn-schema": SCHEMA.hash})).status_code == 200
    for other in ("", "0" * 64, SCHEMA.hash.upper()):
        answer = await client.post(path, content=body, headers={"x-churn-schema": other})
        assert answer.status_code == 412
    assert (await client.post(path, content=body)).status_code == 200


@pytest.mark.parametrize(
    ("name", "version", "status"),
    [("churn-telecom", "1", 200), ("", "1", 200), ("other", "1", 404), ("churn-telecom", "2", 404)],
)
async def test_a_body_that_names_a_model_means_that_one(
    client: httpx.AsyncClient, name: str, version: str, status: int
) -> None:
    body = json.loads(encode_request(customers(1), SCHEMA)) | {"model_name": name, "model_version": version}
    answer = await client.post("/v2/models/churn-telecom/infer", json=body)
    assert answer.status_code == status


async def test_outputs_come_in_the_form_that_was_asked_for(client: httpx.AsyncClient, package: Package) -> None:
    expected = package.scorer.score(customers(3))
    body = json.loads(encode_request(customers(3), SCHEMA))
    path = "/v2/models/churn-telecom/infer"
    answer = await client.post(path, json=body | {"outputs": [{"name": "segment"}]})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert [(each["name"], each["data"]) for each in answer.json()["outputs"]] == [("segment", expected.segments)]
    binary = {"name": "churn_probability", "parameters": {"binary_data": True}}
    answer = await client.post(path, json=body | {"outputs": [binary]})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/octet-stream")
    length = int(answer.headers["inference-header-content-length"])
    (output,) = json.loads(answer.content[:length])["outputs"]
    assert (output["name"], output["parameters"]) == ("churn_probability", {"binary_data_size": 24})
    assert list(struct.unpack("<3d", answer.content[length:])) == expected.probabilities


async def test_so_many_large_bodies_are_read_at_once_and_the_next_is_told_to_come_back(
    client: httpx.AsyncClient, slot: ModelSlot, monkeypatch: pytest.MonkeyPatch
) -> None:
    codec, go = slot.model().json, threading.Event()
    read = codec.decode
    monkeypatch.setattr(codec, "decode", lambda *given: go.wait(30) and read(*given))
    body = encode_request(customers(1500), SCHEMA)
    waiting = [asyncio.create_task(client.post("/v2/models/churn-telecom/infer", content=body)) for _ in range(16)]
    for _ in range(200):  # until all wait, however long that takes
        await asyncio.sleep(0)
    refused = await client.post("/v2/models/churn-telecom/infer", content=body)
    go.set()
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert [answer.status_code for answer in await asyncio.gather(*waiting)] == [200] * 16
    assert (await client.post("/v2/models/churn-telecom/infer", content=body)).status_code == 200

"""No error grows because a caller sent more: whatever comes in, by every door, what goes out stays short."""

import json
from collections.abc import Iterator
from typing import Any

import grpc
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patience import PatientTransport, post
from real_processes import System
from sample_package import MODEL_NAME
from tests.protocol.requests import (
    GRPC_DOORS,
    HTTP_DOORS,
    INFER,
    JSON,
    PREDICTIONS,
    call,
    channel,
    customers,
    document,
    message,
    url,
)

LIMIT = 16 * 1024
LONG = "x" * 1_900_000
WIDE = 'ü\u0001"' * 300_000
FEW = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
# A name that a hostile caller may choose: any text, some of it long.
names = st.builds(
    lambda text, times: (text * times)[:20_000],
    st.text(st.characters(exclude_categories=[]), min_size=1, max_size=20),
    st.sampled_from([1, 1, 50, 5000]),
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | names,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(names, inner, max_size=5),
    max_leaves=20,
)


@pytest.fixture(params=HTTP_DOORS)
def client(request: pytest.FixtureRequest, doors: System) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url(doors, request.param), timeout=30, transport=PatientTransport()) as opened:
        yield opened


@pytest.fixture(params=GRPC_DOORS)
def grpc_channel(request: pytest.FixtureRequest, doors: System) -> Iterator[grpc.Channel]:
    with channel(doors, request.param) as opened:
        yield opened


def refused_shortly(answer: httpx.Response) -> None:
    assert 400 <= answer.status_code < 500, answer.text[:500]
    assert len(answer.content) <= LIMIT
    answer.json()


def hostile_documents(long: str) -> list[dict[str, Any]]:
    tensor = {"name": long, "datatype": "FP64", "shape": [1], "data": [1]}
    return [
        {
            "inputs": [{**tensor, "shape": "no", "data": 3, "extra": 1} for _ in range(100)]
            if len(long) < 20_000
            else [tensor]
        },
        {"inputs": [{**tensor, "datatype": long[:100_000], "shape": {}, "data": 3}]},
        {**document(), "id": long},
        {**document(), "model_name": long},
        {**document(), long: 1},
        {**document(), **{f"{number}": 1 for number in range(100_000)}},
        {**document(), "outputs": [{"name": long}]},
        {**document(), "outputs": [{"name": "segment"}] * 10_000},
        {**document(), "outputs": [{"name": {"a": [long]}}]},
        {"inputs": [{**document()["inputs"][0], long: 1}]},
    ]


@pytest.mark.parametrize("long", [LONG, WIDE, "n" * 10_000], ids=["long", "wide", "many"])
@pytest.mark.parametrize("number", range(10))
def test_v2_json(client: httpx.Client, long: str, number: int) -> None:
    content = json.dumps(hostile_documents(long)[number], ensure_ascii=False).encode()
    refused_shortly(client.post(INFER, content=content, headers=JSON))


@pytest.mark.parametrize("long", [LONG, "n" * 10_000], ids=["long", "many"])
def test_v2_binary(client: httpx.Client, long: str) -> None:
    tensor = {"name": long, "datatype": "BYTES", "shape": [1], "parameters": {"binary_data_size": 3}}
    repeated = 100 if len(long) < 20_000 else 1
    content = json.dumps({"inputs": [tensor] * repeated}).encode()
    headers = {"content-type": "application/octet-stream", "inference-header-content-length": str(len(content))}
    refused_shortly(client.post(INFER, content=content + b"\x05\0\0" * repeated, headers=headers))


def test_records(doors: System) -> None:
    hostile: list[Any] = [
        {LONG: 1},
        {**customers(), LONG: 1},
        {**customers(), **{f"{number}": 1 for number in range(100_000)}},
        customers(1, **{LONG: 1}),
        customers(1, **{f"ü{number}": 1 for number in range(50_000)}),
        customers(1, Contract=LONG),
        {"customers": [{**customers()["customers"][0], "customer_id": LONG}]},
        {"customers": [{"customer_id": "a", "features": {}, LONG: 1}]},
        customers(1000, Contract=5, tenure="x", charges=[], Payment={}),
    ]
    for body in hostile:
        content = json.dumps(body, ensure_ascii=False).encode()
        answer = post(doors.gateway_url + PREDICTIONS, content=content, headers=JSON)
        refused_shortly(answer)
        assert answer.headers["content-type"] == "application/problem+json"


def test_the_frameworks_own_routes(doors: System) -> None:
    for base, path, key in (
        (doors.primary_url, f"/v1/models/{MODEL_NAME}:predict", "instances"),
        (doors.primary_url, "/v1/models/" + "m" * 5000, "instances"),
        (doors.fallback_url, "/predict", "customers"),
    ):
        many = {f"{number}": 1 for number in range(100_000)}
        bodies: list[Any] = [{key: [{LONG: 1}]}, {key: LONG}, {LONG: []}, {key: [many]}, [LONG]]
        for body in bodies:
            refused_shortly(post(base + path, content=json.dumps(body), headers=JSON))
        refused_shortly(post(base + path, content=b"[" * 1_000_000, headers=JSON))


@pytest.mark.parametrize("long", [LONG, WIDE, "ü" * 128, "n" * 10_000], ids=["long", "wide", "ü", "many"])
def test_grpc(grpc_channel: grpc.Channel, long: str) -> None:
    tensors, repeated = [], 100 if len(long) <= 10_000 else 1
    unknown = message()
    for _ in range(repeated):
        unknown.inputs.add(name=long, datatype=long[:1000], shape=[1])
    tensors.append(unknown)
    raw = message(raw=True)
    for _ in range(repeated):
        raw.inputs.add(name=long, datatype="BYTES", shape=[1])
        raw.raw_input_contents.append(b"\x05")
    tensors.append(raw)
    outputs = message()
    outputs.outputs.add(name=long)
    tensors.append(outputs)
    for _ in range(10_000):
        outputs.outputs.add(name="segment")
    if len(long) > 128:  # shorter ones are sound
        named = message()
        named.id = long
        tensors.append(named)
    for sent in tensors:
        with pytest.raises(grpc.RpcError) as caught:
            call(grpc_channel, "ModelInfer", sent.SerializeToString())
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert encoded_bytes(caught.value.details()) <= 6 * 1024
    other = message()
    other.model_name = long
    with pytest.raises(grpc.RpcError) as caught:
        call(grpc_channel, "ModelInfer", other.SerializeToString())
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    assert encoded_bytes(caught.value.details()) <= 1024


@pytest.mark.parametrize("part", [b"\x2a\x00", b"\x32\x00", b"\x3a\x00"], ids=["inputs", "outputs", "raw"])
def test_parts_without_end(grpc_channel: grpc.Channel, part: bytes) -> None:
    sent = message().SerializeToString() + part * 1_000_000
    with pytest.raises(grpc.RpcError) as caught:
        call(grpc_channel, "ModelInfer", sent)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert encoded_bytes(caught.value.details()) <= 6 * 1024


def test_tensors_and_outputs_without_end(client: httpx.Client) -> None:
    for unit in (b"{},", b"[],", b'{"name":"segment"},'):
        many = b"[" + unit * (2_000_000 // len(unit)) + b"0]"
        for key in (b"inputs", b"outputs"):
            refused_shortly(client.post(INFER, content=b'{"' + key + b'":' + many + b"}", headers=JSON))


def encoded_bytes(details: str | None) -> int:
    """As metadata carries it: percent-encoded."""
    assert details
    return sum(1 if 32 <= byte < 127 and byte != 37 else 3 for byte in details.encode())


@FEW
@given(body=anything, over=st.sampled_from(["whole", "more", "tensor", "output", "value"]))
def test_anything_in_a_v2_request(client: httpx.Client, body: Any, over: str) -> None:
    sent: Any = {
        "whole": body,
        "more": {**document(), "inputs": [body], "hostile": body},
        "tensor": {"inputs": [{**document()["inputs"][0], **(body if isinstance(body, dict) else {"shape": body})}]},
        "output": {**document(), "outputs": [body, {"name": body}]},
        "value": {"inputs": [{**document()["inputs"][1], "data": [body] * 50, "shape": [50]}]},
    }[over]
    refused_shortly(client.post(INFER, content=json.dumps(sent), headers=JSON))


@FEW
@given(body=anything, over=st.sampled_from(["whole", "customers", "features", "value", "id"]))
def test_anything_in_a_record(doors: System, body: Any, over: str) -> None:
    sent: Any = {
        "whole": body,
        "customers": {"customers": body},
        "features": {"customers": [{"customer_id": "a", "features": body}] * 2},
        "value": customers(2, tenure=[body], Contract={"a": body}),
        "id": {"customers": [{"customer_id": [body], "features": {}}]},
    }[over]
    answer = post(doors.gateway_url + PREDICTIONS, content=json.dumps(sent), headers=JSON)
    refused_shortly(answer)


@FEW
@given(name=names, datatype=names, raw=st.booleans(), content=st.binary(max_size=200))
def test_anything_in_a_grpc_request(
    grpc_channel: grpc.Channel, name: str, datatype: str, raw: bool, content: bytes
) -> None:
    sent = message(raw=raw)
    text = name.encode(errors="replace").decode()
    for _ in range(20):
        sent.inputs.add(name=text, datatype=datatype.encode(errors="replace").decode(), shape=[1])
        if raw:
            sent.raw_input_contents.append(content)
    content = sent.SerializeToString()
    with pytest.raises(grpc.RpcError) as caught:
        call(grpc_channel, "ModelInfer", content)
    too_large = caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED and len(content) > 2 * 1024 * 1024
    assert too_large or caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert encoded_bytes(caught.value.details()) <= 6 * 1024

"""Legal-looking requests that no backend could take: refused at the door, and nobody else is worse off."""

import contextlib
import re
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import httpx
import msgspec
import pytest

from churn_model import Row
from churn_model.schema import MAXIMUM_TEXT
from churn_serving.oip import grpc_codec, json_codec
from churn_serving.oip import open_inference_grpc_pb2 as messages
from patience import PATIENT_CHANNEL, by_a_model, post
from sample_package import sample_rows, sample_schema

PATH = "/v2/models/churn-sample/infer"
SCHEMA = sample_schema()
TIMES = 12
"""More than opens a breaker."""


def in_binary(rows: list[Row]) -> tuple[bytes, dict[str, str]]:
    """Categories as raw bytes behind the JSON, the form that grows most on its way."""
    document = msgspec.json.decode(json_codec.encode_request(rows, SCHEMA))
    contents = b""
    for tensor in document["inputs"]:
        if tensor["datatype"] == "BYTES":
            texts = [(text or "").encode() for text in tensor.pop("data")]
            content = b"".join(struct.pack("<I", len(text)) + text for text in texts)
            tensor["parameters"] = {"binary_data_size": len(content)}
            contents += content
    header = msgspec.json.encode(document)
    return header + contents, {
        "inference-header-content-length": str(len(header)),
        "content-type": "application/octet-stream",
    }


def over_binary(system: Any, rows: list[Row]) -> tuple[int, Any]:
    body, headers = in_binary(rows)
    answer = post(system.gateway_url + PATH, content=body, headers=headers, timeout=60)
    return answer.status_code, answer.json()


def over_json(system: Any, rows: list[Row]) -> tuple[int, Any]:
    body = json_codec.encode_request(rows, SCHEMA)
    headers = {"content-type": "application/json"}
    answer = post(system.gateway_url + PATH, content=body, headers=headers, timeout=60)
    return answer.status_code, answer.json()


def over_records(system: Any, rows: list[Row]) -> tuple[int, Any]:
    features = [dict(zip(SCHEMA.names, row, strict=True)) for row in rows]
    customers = [{"customer_id": str(n), "features": one} for n, one in enumerate(features)]
    answer = post(system.gateway_url + "/v1/predictions", json={"customers": customers}, timeout=60)
    return answer.status_code, answer.json()


def over_grpc(system: Any, rows: list[Row]) -> tuple[int, Any]:
    with grpc.insecure_channel(f"127.0.0.1:{system.ports['gateway_grpc']}", PATIENT_CHANNEL) as channel:
        call = channel.unary_unary(
            "/inference.GRPCInferenceService/ModelInfer",
            request_serializer=messages.ModelInferRequest.SerializeToString,
            response_deserializer=messages.ModelInferResponse.FromString,
        )
        try:
            answer = call(grpc_codec.encode_request(rows, SCHEMA), timeout=60)
        except grpc.RpcError as error:
            return (400 if error.code() is grpc.StatusCode.INVALID_ARGUMENT else 500), {"error": error.details()}
    return 200, {"parameters": {"served_by": answer.parameters["served_by"].string_param}}


def row(text: str) -> Row:
    return [3.0, text, 70.5, "Card", 0.0]


def fell_back(system: Any) -> Counter[str]:
    """How often the primary did not answer, by the reason."""
    text = httpx.get(f"http://127.0.0.1:{system.ports['metrics']}/metrics", timeout=60).text
    found = re.findall(r'^churn_fallback_total\{.*reason="(\w+)".*\} (\S+)$', text, re.MULTILINE)
    return sum((Counter({reason: int(float(count))}) for reason, count in found), Counter[str]())


@contextlib.contextmanager
def nobody_leaves_the_primary(system: Any) -> Iterator[None]:
    """That it took too long says nothing but that the machine is busy, nor that it was left alone for a while then."""
    before = fell_back(system)
    yield
    for _ in range(TIMES):
        by_a_model(lambda: over_records(system, [row("One year")])[1], said_by)
    reasons = fell_back(system) - before
    late = {"timeout", "deadline"} & reasons.keys()
    assert reasons.keys() <= ({"timeout", "deadline", "open"} if late else set()), reasons


def said_by(answer: Any) -> str:
    return str(answer.get("served_by") or answer["parameters"]["served_by"])


DOORS = [over_binary, over_json, over_records, over_grpc]


@pytest.mark.parametrize("ask", DOORS)
@pytest.mark.parametrize("text", ["\x01" * 1_400_000, "x" * (MAXIMUM_TEXT + 1)], ids=["huge", "one more"])
def test_texts_that_are_too_long_are_refused_at_every_door_and_cost_nobody_else(
    system: Any, ask: Callable[..., tuple[int, Any]], text: str
) -> None:
    if len(text) > MAXIMUM_TEXT + 1 and ask in (over_json, over_records):
        text = text[:300_000]  # six bytes a character already on the way in; beyond this the body is too large
    with nobody_leaves_the_primary(system):
        for _ in range(TIMES):
            status, answer = ask(system, [row(text)])
            assert 400 <= status < 500, answer
            assert "Contract" in str(answer)
            assert "longer than" in str(answer)


@pytest.mark.parametrize("ask", DOORS)
def test_texts_as_long_as_they_may_be_reach_the_model_however_many_they_are(
    system: Any, ask: Callable[..., tuple[int, Any]]
) -> None:
    """As JSON a body in binary grows sixfold; what was accepted is delivered, in as many calls as that takes."""
    count = 500 if ask in (over_json, over_records) else 3000
    character = "é" if ask in (over_json, over_records) else "\x01"

    def asked() -> Any:
        status, answer = ask(system, [row(character * MAXIMUM_TEXT)] * count)
        assert status == 200, answer
        return answer

    with nobody_leaves_the_primary(system):
        by_a_model(asked, said_by, "primary")


def test_a_request_that_backends_refuse_for_another_schema_counts_for_nobody(system: Any) -> None:
    """A model server tells rows that were read by another schema from rows that are wrong."""
    body = json_codec.encode_request(sample_rows(2, 1), SCHEMA)
    for url in (system.primary_url, system.fallback_url):
        said = {"content-type": "application/json", "x-churn-schema": "0" * 64}
        assert httpx.post(url + PATH, content=body, headers=said, timeout=30).status_code == 412
        said["x-churn-schema"] = SCHEMA.hash
        assert httpx.post(url + PATH, content=body, headers=said, timeout=30).status_code == 200

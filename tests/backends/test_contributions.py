"""Predictor and fallback as processes: contributions are the model's own on every way in, and only on request."""

import struct
from typing import Any

import grpc
import httpx
import pytest

from churn_model.package import Package
from churn_model.schema import Row
from churn_serving.backend.grpc_service import THREADS
from churn_serving.oip import grpc_codec
from churn_serving.oip.json_codec import codec_for
from churn_serving.oip.json_reply import decode_contributions
from churn_serving.oip.messages import CONTRIBUTIONS, MAX_EXPLAINED_ROWS, PROBABILITY
from churn_serving.oip.open_inference_grpc_pb2 import ModelInferResponse, ModelMetadataRequest, ModelMetadataResponse
from tests.backends.packages import SCHEMA, customers
from tests.backends.servers import Server
from tests.backends.test_servers import INFER, call

FEATURES = len(SCHEMA.features)
WIDTH = FEATURES + 1
JSON = {"content-type": "application/json"}


def rows_of(flat: Any) -> list[list[float]]:
    values = list(flat)
    return [values[start : start + WIDTH] for start in range(0, len(values), WIDTH)]


def over_json(server: Server, rows: list[Row]) -> list[list[float]]:
    content = codec_for(SCHEMA).encode_for_contributions(rows)
    answer = httpx.post(server.url + INFER, content=content, headers=JSON).raise_for_status()
    return decode_contributions(answer.content, len(rows), FEATURES)[1]


def over_binary(server: Server, rows: list[Row]) -> list[list[float]]:
    document = {
        "inputs": [
            {
                "name": feature.name,
                "datatype": "FP64" if feature.type == "number" else "BYTES",
                "shape": [len(rows)],
                "data": [None if row[index] != row[index] else row[index] for row in rows],
            }
            for index, feature in enumerate(SCHEMA.features)
        ],
        "outputs": [{"name": PROBABILITY}, {"name": CONTRIBUTIONS, "parameters": {"binary_data": True}}],
    }
    answer = httpx.post(server.url + INFER, json=document).raise_for_status()
    length = int(answer.headers["inference-header-content-length"])
    assert len(answer.content) - length == len(rows) * WIDTH * 8
    return rows_of(value for (value,) in struct.iter_unpack("<d", answer.content[length:]))


def message(rows: list[Row], *, raw: bool = False) -> bytes:
    request = grpc_codec.encode_request(rows, SCHEMA, raw=raw)
    for name in (PROBABILITY, CONTRIBUTIONS):
        request.outputs.add(name=name)
    return request.SerializeToString()


def over_grpc(server: Server, rows: list[Row], *, raw: bool) -> list[list[float]]:
    response = call(server, message(rows, raw=raw))
    assert [(each.name, list(each.shape)) for each in response.outputs] == [
        (PROBABILITY, [len(rows)]),
        (CONTRIBUTIONS, [len(rows), WIDTH]),
    ]
    if raw:
        return rows_of(value for (value,) in struct.iter_unpack("<d", response.raw_output_contents[1]))
    return rows_of(response.outputs[1].contents.fp64_contents)


WAYS: dict[str, Any] = {
    "predictor, JSON": lambda servers, rows: over_json(servers[0], rows),
    "predictor, binary": lambda servers, rows: over_binary(servers[0], rows),
    "predictor, gRPC": lambda servers, rows: over_grpc(servers[0], rows, raw=False),
    "predictor, gRPC raw": lambda servers, rows: over_grpc(servers[0], rows, raw=True),
    "fallback, JSON": lambda servers, rows: over_json(servers[1], rows),
    "fallback, binary": lambda servers, rows: over_binary(servers[1], rows),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
@pytest.mark.parametrize("count", [1, MAX_EXPLAINED_ROWS])
def test_every_way_in_explains_with_the_same_bits(
    servers: list[Server], package: Package, way: Any, count: int
) -> None:
    rows = customers(count, seed=8)
    assert way(servers, rows) == package.scorer.contributions(rows)


@pytest.mark.parametrize("which", [0, 1])
def test_too_many_rows_are_the_callers_fault(servers: list[Server], which: int) -> None:
    content = codec_for(SCHEMA).encode_for_contributions(customers(MAX_EXPLAINED_ROWS + 1))
    answer = httpx.post(servers[which].url + INFER, content=content, headers=JSON)
    assert (answer.status_code, answer.json()["error"][:8]) == (400, "outputs:")


def test_too_many_rows_by_grpc(servers: list[Server]) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        call(servers[0], message(customers(MAX_EXPLAINED_ROWS + 1)))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_calls_by_grpc_that_explain_leave_threads_for_those_that_score(servers: list[Server]) -> None:
    """More explanations at once than there are threads: some are told to come back, and scoring goes on."""
    with grpc.insecure_channel(f"127.0.0.1:{servers[0].grpc_port}") as channel:
        infer = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer", None, ModelInferResponse.FromString)
        explaining = [infer.future(message(customers(16)), timeout=60) for _ in range(4 * THREADS)]
        scores = infer(grpc_codec.encode_request(customers(1), SCHEMA).SerializeToString(), timeout=60)
        assert grpc_codec.decode_response(scores).probabilities
        codes = {each.code() for each in explaining}
    assert grpc.StatusCode.OK in codes
    assert codes <= {grpc.StatusCode.OK, grpc.StatusCode.RESOURCE_EXHAUSTED}


def test_metadata_by_grpc(servers: list[Server]) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{servers[0].grpc_port}") as channel:
        path = "/inference.GRPCInferenceService/ModelMetadata"
        method = channel.unary_unary(path, None, ModelMetadataResponse.FromString)
        answer = method(ModelMetadataRequest(name="churn-telecom").SerializeToString(), timeout=60)
    assert [(each.name, list(each.shape)) for each in answer.outputs][2:] == [(CONTRIBUTIONS, [-1, WIDTH])]

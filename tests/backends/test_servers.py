"""Predictor and fallback as processes: the same bits on every way in."""

from collections.abc import Callable

import grpc
import httpx
import pytest

from churn_model.package import Package
from churn_model.schema import Row
from churn_model.scorer import Scores
from churn_serving.oip import grpc_codec, json_codec, json_reply
from churn_serving.oip.open_inference_grpc_pb2 import ModelInferResponse, ModelMetadataRequest, ModelMetadataResponse
from tests.backends.packages import SCHEMA, customers, record
from tests.backends.servers import Server
from tests.backends.test_binary_and_grpc import binary_request

INFER = "/v2/models/churn-telecom/infer"
Way = Callable[[list[Server], list[Row]], Scores]


def over_json(server: Server, rows: list[Row]) -> Scores:
    content = json_codec.encode_request(rows, SCHEMA)
    answer = httpx.post(server.url + INFER, content=content, headers={"content-type": "application/json"})
    reply = json_reply.decode_response(answer.raise_for_status().content)
    return Scores(reply.probabilities, reply.segments)


def over_binary(server: Server, rows: list[Row]) -> Scores:
    content, length = binary_request(rows)
    headers = {"content-type": "application/octet-stream", "inference-header-content-length": str(length)}
    reply = json_reply.decode_response(
        httpx.post(server.url + INFER, content=content, headers=headers).raise_for_status().content
    )
    return Scores(reply.probabilities, reply.segments)


def over_grpc(server: Server, rows: list[Row], raw: bool) -> Scores:
    reply = grpc_codec.decode_response(
        call(server, grpc_codec.encode_request(rows, SCHEMA, raw=raw).SerializeToString())
    )
    return Scores(reply.probabilities, reply.segments)


def call(server: Server, message: bytes) -> ModelInferResponse:
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        method = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer", None, ModelInferResponse.FromString)
        response: ModelInferResponse = method(message, timeout=60)
        return response


def by_kserves_own_route(server: Server, rows: list[Row]) -> Scores:
    body = {"instances": [record(row) for row in rows]}
    return of_records(httpx.post(f"{server.url}/v1/models/churn-telecom:predict", json=body))


def by_bentos_own_route(server: Server, rows: list[Row]) -> Scores:
    return of_records(httpx.post(f"{server.url}/predict", json={"customers": [record(row) for row in rows]}))


def of_records(answer: httpx.Response) -> Scores:
    predictions = answer.raise_for_status().json()["predictions"]
    return Scores([each["churn_probability"] for each in predictions], [each["segment"] for each in predictions])


WAYS: dict[str, Way] = {
    "predictor, JSON": lambda servers, rows: over_json(servers[0], rows),
    "predictor, binary": lambda servers, rows: over_binary(servers[0], rows),
    "predictor, gRPC": lambda servers, rows: over_grpc(servers[0], rows, raw=False),
    "predictor, gRPC raw": lambda servers, rows: over_grpc(servers[0], rows, raw=True),
    "predictor, KServe's V1": lambda servers, rows: by_kserves_own_route(servers[0], rows),
    "fallback, JSON": lambda servers, rows: over_json(servers[1], rows),
    "fallback, binary": lambda servers, rows: over_binary(servers[1], rows),
    "fallback, BentoML's predict": lambda servers, rows: by_bentos_own_route(servers[1], rows),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
@pytest.mark.parametrize("count", [1, 300])
def test_every_way_in_gives_the_same_bits(servers: list[Server], package: Package, way: Way, count: int) -> None:
    rows = customers(count, seed=8)
    assert way(servers, rows) == package.scorer.score(rows)


def test_errors_by_grpc_have_a_code_and_no_values(servers: list[Server]) -> None:
    message = grpc_codec.encode_request(customers(1), SCHEMA)
    message.inputs[1].contents.fp64_contents[0] = 4711.0
    with pytest.raises(grpc.RpcError) as caught:
        call(servers[0], message.SerializeToString())
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert caught.value.details() == "tenure[0]: above the maximum of 120"
    message.model_name = "other"
    with pytest.raises(grpc.RpcError) as caught:
        call(servers[0], message.SerializeToString())
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


def test_metadata_by_grpc(servers: list[Server]) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{servers[0].grpc_port}") as channel:
        path = "/inference.GRPCInferenceService/ModelMetadata"
        method = channel.unary_unary(path, None, ModelMetadataResponse.FromString)
        answer = method(ModelMetadataRequest(name="churn-telecom").SerializeToString(), timeout=60)
    assert [tensor.name for tensor in answer.inputs] == list(SCHEMA.names)


@pytest.mark.parametrize("which", [0, 1])
def test_bad_records_get_a_4xx_by_the_frameworks_own_routes_and_stay_out_of_the_log(
    servers: list[Server], which: int
) -> None:
    server, path, key = (
        servers[which],
        ["/v1/models/churn-telecom:predict", "/predict"][which],
        ["instances", "customers"][which],
    )
    bad: list[object] = [[{"tenure": "Smith-4711"}], [], [3], "Smith-4711", None]
    for value in bad:
        answer = httpx.post(server.url + path, json={key: value})
        assert 400 <= answer.status_code < 500, (value, answer.text)
        assert "Smith" not in answer.text
    assert "Smith" not in server.log.read_text()


@pytest.mark.parametrize("which", [0, 1])
def test_metrics_are_on_a_port_of_their_own(servers: list[Server], which: int, package: Package) -> None:
    over_json(servers[which], customers(1))
    text = httpx.get(f"http://127.0.0.1:{servers[which].metrics_port}/metrics").text
    assert f'churn_model_info{{digest="{package.digest}",name="churn-telecom",version="1"}} 1.0' in text
    assert 'churn_model_server_requests_total{code="200",protocol="http"}' in text


def test_what_is_not_ours_is_the_frameworks(servers: list[Server]) -> None:
    assert httpx.get(f"{servers[0].url}/v1/models").json() == {"models": ["churn-telecom"]}
    assert httpx.get(f"{servers[1].url}/livez").status_code == 200

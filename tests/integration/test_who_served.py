"""Whoever speaks V2 sees who served it in the answer's own parameters, in every form of the protocol."""

from collections.abc import Iterator
from typing import Any

import grpc
import httpx
import pytest

from churn_serving.oip import grpc_codec, json_codec
from churn_serving.oip import open_inference_grpc_pb2 as messages
from sample_package import sample_rows, sample_schema

PATH = "/v2/models/churn-sample/infer"
ROWS = sample_rows(3, 4)


def over_json(system: Any) -> str:
    answer = httpx.post(system.gateway_url + PATH, content=json_codec.encode_request(ROWS, sample_schema()),
                        headers={"content-type": "application/json"}, timeout=5)  # fmt: skip
    served_by: str = answer.json()["parameters"]["served_by"]
    assert answer.headers["x-served-by"] == served_by
    return served_by


def over_json_with_binary_answers(system: Any) -> str:
    body = json_codec.encode_request(ROWS, sample_schema())[:-1] + b',"parameters":{"binary_data_output":true}}'
    answer = httpx.post(
        system.gateway_url + PATH, content=body, headers={"content-type": "application/json"}, timeout=5
    )
    length = int(answer.headers["inference-header-content-length"])
    assert length < len(answer.content)
    served_by: str = httpx.Response(200, content=answer.content[:length]).json()["parameters"]["served_by"]
    return served_by


def over_grpc(system: Any) -> str:
    with grpc.insecure_channel(f"127.0.0.1:{system.ports['gateway_grpc']}") as channel:
        call = channel.unary_unary(
            "/inference.GRPCInferenceService/ModelInfer",
            request_serializer=messages.ModelInferRequest.SerializeToString,
            response_deserializer=messages.ModelInferResponse.FromString,
        )
        answer = call(grpc_codec.encode_request(ROWS, sample_schema()), timeout=5)
    served_by: str = answer.parameters["served_by"].string_param
    return served_by


DOORS = [over_json, over_json_with_binary_answers, over_grpc]


@pytest.fixture(scope="module")
def left_alone(system: Any) -> Iterator[Any]:
    """The system without its backends."""
    for service in (system.primary, system.fallback):
        service.stop()
    yield system
    for service in (system.primary, system.fallback):
        service.start()
        service.wait_ready()


@pytest.mark.parametrize("ask", DOORS)
def test_the_primary(system: Any, ask: Any) -> None:
    assert ask(system) == "primary"


@pytest.mark.parametrize("ask", DOORS)
def test_the_scorecard_says_that_it_is_only_that(left_alone: Any, ask: Any) -> None:
    assert ask(left_alone) == "degraded"

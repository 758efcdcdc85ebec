"""Ways to ask for scores of the same rows: V2 over HTTP and over gRPC, at whatever answers there.

Compared are bits: whoever answers, the same model gives the same probabilities.
"""

import time
from collections.abc import Callable
from typing import TypeVar

import grpc

from churn_model import Row
from churn_serving.oip import open_inference_grpc_pb2 as messages
from churn_serving.oip.grpc_codec import decode_response as decode_message
from churn_serving.oip.grpc_codec import encode_request as encode_message
from churn_serving.oip.json_codec import encode_request
from churn_serving.oip.json_reply import decode_response
from churn_serving.oip.messages import InferReply
from patience import post
from tests.e2e.customers import Customers
from tests.e2e.models import Model

COMPARED = 1000
BATCH = 250
FIRST_SECONDS = 60.0

Score = Callable[[list[Row]], InferReply]
Answer = TypeVar("Answer")


def over_http(url: str, key: str, customers: Customers) -> Score:
    """V2 over HTTP."""
    headers = {"content-type": "application/json", **({"authorization": f"Bearer {key}"} if key else {})}

    def score(rows: list[Row]) -> InferReply:
        content = encode_request(rows, customers.schema)
        answer = post(f"{url}/v2/models/churn-telecom/infer", content=content, headers=headers)
        assert answer.status_code == 200, answer.text[:300]
        return decode_response(answer.content)

    return score


def over_grpc(channel: grpc.Channel, key: str, customers: Customers) -> Score:
    """V2 over gRPC."""
    infer = channel.unary_unary(
        "/inference.GRPCInferenceService/ModelInfer",
        request_serializer=messages.ModelInferRequest.SerializeToString,
        response_deserializer=messages.ModelInferResponse.FromString,
    )
    metadata = (("x-api-key", key),) if key else ()

    def score(rows: list[Row]) -> InferReply:
        return decode_message(infer(encode_message(rows, customers.schema), timeout=30, metadata=metadata))

    return score


def scored(score: Score, customers: Customers, model: Model) -> list[float]:
    """Probabilities of all customers in batches, each by the right model."""
    probabilities: list[float] = []
    for start in range(0, COMPARED, BATCH):
        reply = by_the_first(score, customers.rows[start : start + BATCH])
        assert reply.digest == model.digest, reply.served_by
        probabilities += reply.probabilities
    return probabilities


def by_the_first(score: Score, rows: list[Row]) -> InferReply:
    """The answer to one batch by who is asked first."""
    return until_the_first(lambda: score(rows), lambda reply: reply.served_by)


def until_the_first(ask: Callable[[], Answer], served_by: Callable[[Answer], str]) -> Answer:
    """The first answer that no stand-in gave, or the last one.

    Where a chunk takes longer than its quarter of a second, a stand-in with another model answers and says so, and goes
    on for some seconds where that has happened often. On a busy machine it does, and says nothing about the bits; a
    stand-in that answers every time fails the test.
    """
    deadline = time.monotonic() + FIRST_SECONDS
    while served_by(answer := ask()) not in ("", "primary") and time.monotonic() < deadline:
        time.sleep(0.3)
    return answer

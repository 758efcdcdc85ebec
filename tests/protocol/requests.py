"""Sound requests for the sample model, in each form, for tests that spoil one thing in them; and where to send them."""

import json
from typing import Any

import grpc

from churn_serving.oip import grpc_codec, json_codec
from churn_serving.oip.open_inference_grpc_pb2 import ModelInferRequest
from real_processes import System
from sample_package import MODEL_NAME, sample_rows, sample_schema

PREDICTIONS = "/v1/predictions"
MODEL = f"/v2/models/{MODEL_NAME}"
INFER = f"{MODEL}/infer"
JSON = {"content-type": "application/json"}
FEATURES = {"tenure": 3, "Contract": "Month-to-month", "charges": 70.5, "Payment": "Check", "Senior Citizen": 0}
HTTP_DOORS = ("gateway", "primary", "fallback")
GRPC_DOORS = ("gateway", "primary")


def url(system: System, door: str) -> str:
    """Where a door's HTTP is."""
    address: str = getattr(system, f"{door}_url")
    return address


def channel(system: System, door: str) -> grpc.Channel:
    """A new connection to a door's gRPC."""
    return grpc.insecure_channel(f"127.0.0.1:{system.ports[f'{door}_grpc']}")


def call(to: grpc.Channel, method: str, message: bytes, **options: Any) -> bytes:
    """One unary call; the answer is not decoded."""
    answer: bytes = to.unary_unary(f"/inference.GRPCInferenceService/{method}", None, None)(
        message, timeout=60, **options
    )
    return answer


def document(rows: int = 1) -> dict[str, Any]:
    """A V2 request as JSON would hold it."""
    made: dict[str, Any] = json.loads(json_codec.encode_request(sample_rows(rows, 3), sample_schema()))
    return made


def message(rows: int = 1, *, raw: bool = False) -> ModelInferRequest:
    """A V2 request as gRPC's message."""
    made = grpc_codec.encode_request(sample_rows(rows, 3), sample_schema(), raw=raw)
    made.model_name = MODEL_NAME
    return made


def customers(count: int = 1, **features: Any) -> dict[str, Any]:
    """A request for predictions."""
    return {"customers": [{"customer_id": f"c{n}", "features": {**FEATURES, **features}} for n in range(count)]}

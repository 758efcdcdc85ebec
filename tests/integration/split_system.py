"""A system whose fallback is its canary too: what its gateway counts, and who asks it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import grpc
import httpx

from churn_serving.oip import grpc_codec, json_codec
from patience import PATIENT_CHANNEL, post, until
from real_processes import System
from sample_package import MODEL_NAME, sample_rows, sample_schema
from tests.integration.tcp_proxy import Holder

FEATURES = {"tenure": 3, "Contract": "Month-to-month", "charges": 70.5, "Payment": "Check", "Senior Citizen": 0}


@dataclass
class Split(System):
    """A system with what stands before its canary, and the folder of its answers."""

    between: Holder
    kept: Path


def wait_until(condition: Callable[[], bool], system: System) -> None:
    until(condition, system.gateway.tail)


def metrics(system: System, name: str) -> list[tuple[str, float]]:
    """Lines of metrics that begin so, and their values."""
    text = httpx.get(f"http://127.0.0.1:{system.ports['metrics']}/metrics", timeout=30).text
    lines = [line.rpartition(" ") for line in text.splitlines() if line.startswith(name)]
    return [(line, float(value)) for line, _, value in lines]


def metric(system: System, name: str) -> float:
    return next((value for _, value in metrics(system, name)), 0.0)


def total(system: System, name: str, *parts: str) -> float:
    """The sum of all series with these parts in their labels."""
    return sum(value for line, value in metrics(system, name) if all(part in line for part in parts))


def accounted(system: System) -> float:
    """Copies that came to an end, whichever."""
    return total(system, "churn_shadow_calls_total{") + metric(system, "churn_shadow_dropped_total")


def by_primary(system: System) -> float:
    return total(system, "churn_requests_total{", 'served_by="primary"', 'code="200"')


def ask_every_door(system: System) -> None:
    """A prediction, and the protocol over HTTP and gRPC."""
    rows, schema = sample_rows(1, 3), sample_schema()
    asked = {"customers": [{"customer_id": "a", "features": FEATURES}]}
    assert post(f"{system.gateway_url}/v1/predictions", json=asked).status_code == 200
    body = json_codec.encode_request(rows, schema)
    infer = f"{system.gateway_url}/v2/models/{MODEL_NAME}/infer"
    headers = {"content-type": "application/json"}
    assert post(infer, content=body, headers=headers).status_code == 200
    message = grpc_codec.encode_request(rows, schema)
    message.model_name = MODEL_NAME
    with grpc.insecure_channel(f"127.0.0.1:{system.ports['gateway_grpc']}", options=PATIENT_CHANNEL) as channel:
        method = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer", None, None)
        assert method(message.SerializeToString(), timeout=30)

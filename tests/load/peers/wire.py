"""One customer in every wire form that a server under test understands: the same row, nothing added, nothing left out.

Knows shapes of requests only; which server gets which form stands in `churnbench/contenders.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Customer = Mapping[str, str | float]


def flat(customer: Customer) -> dict[str, Any]:
    """FastAPI, Flask: the features themselves."""
    return dict(customer)


def split_frame(customer: Customer) -> dict[str, Any]:
    """MLflow's scoring server: the cheapest of its forms."""
    return {"dataframe_split": {"columns": list(customer), "data": [list(customer.values())]}}


def bento_one(customer: Customer) -> dict[str, Any]:
    """BentoML: arguments by name."""
    return {"customer": dict(customer)}


def bento_many(customer: Customer) -> dict[str, Any]:
    """BentoML, batchable: a list that the dispatcher joins with others."""
    return {"customers": [dict(customer)]}


def v2(customer: Customer) -> dict[str, Any]:
    """Open Inference Protocol, one tensor a feature: KServe and our predictor."""
    return {"inputs": [tensor(name, value) for name, value in customer.items()]}


def v2_mlserver(customer: Customer) -> dict[str, Any]:
    """The same with the hints that MLServer needs to build a frame."""
    request = v2(customer)
    for made in request["inputs"]:
        if made["datatype"] == "BYTES":
            made["parameters"] = {"content_type": "str"}
    return {"parameters": {"content_type": "pd"}, **request}


def tensor(name: str, value: str | float) -> dict[str, Any]:
    """A V2 tensor of one row: BYTES for categories, FP64 for numbers."""
    return {"name": name, "shape": [1], "datatype": "BYTES" if isinstance(value, str) else "FP64", "data": [value]}


def gateway(customer: Customer, identity: str) -> dict[str, Any]:
    """Our gateway's `POST /v1/predictions`."""
    return {"customers": [{"customer_id": identity, "features": dict(customer)}]}


def grpc_frame(customer: Customer, model: str) -> bytes:
    """A serialized `ModelInferRequest` behind its length, as the generator's `-grpc` reads it."""
    from kserve.protocol.grpc import grpc_predict_v2_pb2 as protocol  # seconds to import; no other form needs it

    request = protocol.ModelInferRequest(model_name=model)
    for name, value in customer.items():
        made = request.inputs.add(name=name, shape=[1])
        if isinstance(value, str):
            made.datatype = "BYTES"
            made.contents.bytes_contents.append(value.encode())
        else:
            made.datatype = "FP64"
            made.contents.fp64_contents.append(value)
    message: bytes = request.SerializeToString()
    return len(message).to_bytes(4, "big") + message

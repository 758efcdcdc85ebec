"""A model's tensors, as the protocol's metadata shows them over HTTP."""

from typing import Any

from churn_model.schema import Schema
from churn_serving.oip.messages import OUTPUT_DATATYPES


def describe_tensors(name: str, version: str, platform: str, digest: str, schema: Schema) -> dict[str, Any]:
    """The answer to ``GET /v2/models/{name}``; the number of rows is free (-1)."""
    return {
        "name": name,
        "versions": [version],
        "platform": platform,
        "inputs": [
            {"name": feature.name, "datatype": "FP64" if feature.type == "number" else "BYTES", "shape": [-1]}
            for feature in schema.features
        ],
        "outputs": [{"name": output, "datatype": kind, "shape": [-1]} for output, kind in OUTPUT_DATATYPES.items()],
        "parameters": {"digest": digest},
    }

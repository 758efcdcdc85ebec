"""How a model is shown to callers: ``GET /v1/model`` and the protocol's model metadata."""

from typing import Any

import msgspec

from churn_model import Description
from churn_serving.oip.messages import OUTPUT_DATATYPES


def describe_model(description: Description) -> dict[str, Any]:
    """Name, version and digest, where it learned, its features, segments and actions."""
    manifest = description.manifest
    return {
        "name": manifest.name,
        "version": manifest.version,
        "digest": description.digest,
        "usecase": description.schema.usecase,
        "created": manifest.created,
        "simulated": manifest.training_data.simulated,
        "estimator": manifest.estimator,
        "metrics": manifest.metrics,
        "features": [msgspec.to_builtins(feature) for feature in description.schema.features],
        "segments": [msgspec.to_builtins(profile) for profile in description.segmenter.profiles.values()],
        "actions": [msgspec.to_builtins(action) for action in description.actions.actions],
    }


def describe_tensors(description: Description) -> dict[str, Any]:
    """Model metadata as the Open Inference Protocol asks for it."""
    return {
        "name": description.name,
        "versions": [description.version],
        "platform": "churn_serving",
        "inputs": [
            {"name": f.name, "datatype": "FP64" if f.type == "number" else "BYTES", "shape": [-1]}
            for f in description.schema.features
        ],
        "outputs": [{"name": name, "datatype": kind, "shape": [-1]} for name, kind in OUTPUT_DATATYPES.items()],
    }

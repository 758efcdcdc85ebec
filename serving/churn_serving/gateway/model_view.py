"""How a model is shown to callers of ``GET /v1/model``."""

from typing import Any

import msgspec

from churn_model import Description


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

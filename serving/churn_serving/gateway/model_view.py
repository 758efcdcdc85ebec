"""How the served model is shown to callers of ``GET /v1/model``, and whether it is the one that a V2 request names."""

from typing import Any

import msgspec

from churn_model import Description, SchemaFeature
from churn_model.rules import ActionRule
from churn_model.segments import SegmentProfile
from churn_serving.oip.faults import UnknownModel

SHOWN_PARTS: dict[str, type[msgspec.Struct]] = {
    "features": SchemaFeature,
    "segments": SegmentProfile,
    "actions": ActionRule,
}
"""Of which type those are that are shown as lists, with every field."""


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


def require_served(description: Description, name: str, version: str) -> None:
    """Return if a request that names a model (an empty version is any) means the one that is served.

    Raises:
        UnknownModel: it means another one.
    """
    if name != description.name or version not in ("", description.version):
        raise UnknownModel("no such model or version; GET /v1/model tells what is served")

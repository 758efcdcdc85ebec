"""Customers who might be real, as examples in the API's documentation, and how a request for one looks in a shell.

They are made of what the model says of itself, never of anybody's record: of a segment's usual customer, where the
package knows one, else of levels and bounds. Callers who may know no model see a customer of no model.
"""

import json
from typing import Any

from churn_model import Description
from churn_model.schema import Schema, SchemaFeature
from churn_serving.oip.messages import PROBABILITY, SEGMENT

Features = dict[str, float | str | bool | None]
ANYBODY: Features = {"months_with_us": 3, "plan": "monthly", "monthly_spend": 70.5, "support_calls": 2}
"""A customer for callers who may not know the model."""
_CUSTOMER_ID = "C-1024"
_DATE, _DAYS = "2024-03-31", 365.0
_LONG = 50.0


def usual_customer(description: Description) -> Features:
    """A customer as the largest segment has them: usual levels and rounded means, within the schema's bounds."""
    schema = description.schema
    profiles = description.segmenter.profiles.values()
    profile = max(profiles, key=lambda each: each.size).profile if profiles else {}
    means, shares = profile.get("means") or {}, profile.get("shares") or {}
    features: Features = {
        feature.name: _usual_level(feature, shares) if feature.type == "category" else _usual_number(feature, means)
        for feature in schema.features
    }
    return features | dict.fromkeys(schema.snapshot_columns, _DATE)


def _usual_level(feature: SchemaFeature, shares: dict[str, dict[str, float]]) -> str | None:
    seen = shares.get(feature.name)
    if seen:
        return max(seen, key=lambda level: seen[level])
    return feature.categories[0] if feature.categories else None


def _usual_number(feature: SchemaFeature, means: dict[str, float | None]) -> float | str:
    if feature.date is not None:
        return _DATE
    mean, low, high = means.get(feature.name), feature.minimum, feature.maximum
    if mean is None:
        begin = (0.0 if high is None else min(0.0, high)) if low is None else low
        mean = (begin + min(begin + _LONG if high is None else high, begin + _LONG)) / 2
    rounded = round(mean) if abs(mean) >= 1 else round(mean, 2)
    return min(max(rounded, rounded if low is None else low), rounded if high is None else high)


def prediction_request(features: Features) -> dict[str, Any]:
    """A body of ``POST /v1/predictions``."""
    return {"customers": [{"customer_id": _CUSTOMER_ID, "features": features}], "explain": True}


def inference_request(features: Features, schema: Schema | None) -> dict[str, Any]:
    """The same customer as tensors of V2, by the datatypes of a schema; without one by those of the values."""
    if schema is None:
        tensors = [(name, "BYTES" if isinstance(value, str) else "FP64", value) for name, value in features.items()]
    else:  # where a record has a date, a tensor has days
        tensors = [
            (each.name, "FP64" if each.type == "number" else "BYTES", _DAYS if each.date else features[each.name])
            for each in schema.features
        ]
    inputs = [{"name": name, "datatype": kind, "shape": [1], "data": [value]} for name, kind, value in tensors]
    return {"id": _CUSTOMER_ID, "inputs": inputs, "outputs": [{"name": PROBABILITY}, {"name": SEGMENT}]}


def shell_sample(path: str, body: dict[str, Any], *, key: bool) -> dict[str, str]:
    """A request as a command to paste, in the form of the widespread extension ``x-codeSamples``."""
    text = json.dumps(body, ensure_ascii=False, indent=1).replace("'", "'\\''")
    lines = [f'curl --fail-with-body "$CHURN_URL{path}"', "-H 'Content-Type: application/json'"]
    lines += ['-H "Authorization: Bearer $CHURN_API_KEY"'] if key else []
    return {"lang": "Shell", "label": "curl", "source": " \\\n  ".join([*lines, f"-d '{text}'"])}

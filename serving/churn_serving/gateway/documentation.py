"""The hot routes in the API's documentation: their schemas come from the very types that decode and encode them."""

from typing import Any

import msgspec

from churn_serving.core.decisions import Predictions
from churn_serving.gateway.predictions import PATH
from churn_serving.gateway.problems import REFUSALS

_TEMPLATE = "#/components/schemas/{name}"
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}


def extend_openapi(document: dict[str, Any], body_type: type[msgspec.Struct]) -> dict[str, Any]:
    """A copy of FastAPI's document with ``POST /v1/predictions`` in it."""
    (request, answer), components = msgspec.json.schema_components([body_type, Predictions], ref_template=_TEMPLATE)
    refusals: dict[str, Any] = {}
    for kind in REFUSALS.values():
        refusals[str(kind.status)] = {
            "description": kind.title,
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    operation = {
        "summary": "Churn probability, risk, segment and action of one or many customers",
        "tags": ["predictions"],
        "operationId": "predict",
        "requestBody": {"required": True, "content": {"application/json": {"schema": request}}},
        "responses": {"200": {"description": "OK", "content": {"application/json": {"schema": answer}}}, **refusals},
    }
    schemas = {**document.get("components", {}).get("schemas", {}), **components, "Problem": _PROBLEM}
    return {
        **document,
        "paths": {PATH: {"post": operation}, **document["paths"]},
        "components": {**document.get("components", {}), "schemas": schemas},
    }

"""The hot routes in the API's documentation: their schemas come from the very types that decode and encode them."""

from typing import Any

import msgspec

from churn_serving.gateway.access import OPEN_PATHS
from churn_serving.gateway.answers import Predictions
from churn_serving.gateway.authentication import SECURITY, SECURITY_SCHEMES
from churn_serving.gateway.predictions import PATH
from churn_serving.gateway.problems import REFUSALS
from churn_serving.oip.messages import MAX_EXPLAINED_ROWS

_DESCRIPTION = (
    "With `explain: true` each customer's answer says why in `reasons`: up to three texts, what raises the churn most "
    "first, from Shapley values of the model that answered. "
    f"At most {MAX_EXPLAINED_ROWS} customers may be explained in one request. Reasons never cost an answer: where they "
    "cannot be had within a quarter of a second, or the answer is degraded, `reasons` is empty and `warnings` says why."
    " Without `explain` they are not computed at all."
)
_EXAMPLE = {
    "request_id": "0f3c5a9be1d2-1",
    "model": {"name": "churn-telecom", "version": "3", "digest": "sha256:" + "0" * 64, "simulated": False},
    "served_by": "primary",
    "predictions": [
        {
            "customer_id": "c-1",
            "churn_probability": 0.71,
            "risk": "high",
            "segment": {"id": 2, "name": "new and monthly"},
            "action": {"id": "call", "name": "Call", "expected_value": 96.5, "cost": 10.0, "source": "assumed"},
            "reasons": ["contract: Month-to-month (raises churn)", "months with us: 3 (raises churn)"],
        }
    ],
}
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
        "summary": "Churn probability, risk, segment, action and, if asked for, reasons of one or many customers",
        "description": _DESCRIPTION,
        "tags": ["predictions"],
        "operationId": "predict",
        "requestBody": {"required": True, "content": {"application/json": {"schema": request}}},
        "responses": {
            "200": {"description": "OK", "content": {"application/json": {"schema": answer, "example": _EXAMPLE}}},
            **refusals,
        },
    }
    schemas = {**document.get("components", {}).get("schemas", {}), **components, "Problem": _PROBLEM}
    return {
        **document,
        "paths": {PATH: {"post": operation}, **document["paths"]},
        "components": {**document.get("components", {}), "schemas": schemas},
    }


def add_security(document: dict[str, Any]) -> dict[str, Any]:
    """A copy of the document that says which operations need a key and how it is presented."""
    refusal = {"401": {"description": "No key that may call"}}
    paths = {
        path: {
            method: {**operation, "security": SECURITY, "responses": {**refusal, **operation["responses"]}}
            for method, operation in operations.items()
        }
        if path not in OPEN_PATHS
        else operations
        for path, operations in document["paths"].items()
    }
    components = {**document.get("components", {}), "securitySchemes": SECURITY_SCHEMES}
    return {**document, "paths": paths, "components": components}

"""The API's documentation as an OpenAPI document: hot routes with schemas from the very types that decode and encode
them, pages with what they show, and every refusal.

Without a model it is the same on every installation, so it can be committed, and compared with what callers were
promised.
"""

from typing import Any

import msgspec

from churn_model import Description
from churn_serving.gateway import documentation_inference
from churn_serving.gateway.access import OPEN_PATHS
from churn_serving.gateway.answers import Predictions
from churn_serving.gateway.authentication import SECURITY, SECURITY_SCHEMES
from churn_serving.gateway.documentation_examples import ANYBODY, prediction_request, shell_sample, usual_customer
from churn_serving.gateway.documentation_responses import PROBLEM, SHOWN, refusals_of
from churn_serving.gateway.predictions import PATH
from churn_serving.oip.messages import MAX_EXPLAINED_ROWS

_DESCRIPTION = (
    "With `explain: true` each customer's answer says why in `reasons`: up to three texts, what raises the churn most "
    "first, from Shapley values of the model that answered. "
    f"At most {MAX_EXPLAINED_ROWS} customers may be explained in one request. Reasons never cost an answer: where they "
    "cannot be had within a quarter of a second, or the answer is degraded, `reasons` is empty and `warnings` says why."
    " Without `explain` they are not computed at all. No customer may come twice in a request. `served_by` is "
    "`degraded` while no model answers in time and the scorecard stands in: such an answer is worth less."
)
_EXAMPLE = {
    "request_id": "0f3c5a9be1d2-1",
    "model": {"name": "churn-telecom", "version": "3", "digest": "sha256:" + "0" * 64, "simulated": False},
    "served_by": "primary",
    "predictions": [
        {
            "customer_id": "C-1024",
            "churn_probability": 0.71,
            "risk": "high",
            "segment": {"id": 2, "name": "new and monthly"},
            "action": {"id": "call", "name": "Call", "expected_value": 96.5, "cost": 10.0, "source": "assumed"},
            "reasons": ["contract: Month-to-month (raises churn)", "months with us: 3 (raises churn)"],
        }
    ],
}
_TEMPLATE = "#/components/schemas/{name}"


def extend_openapi(
    document: dict[str, Any],
    body_type: type[msgspec.Struct],
    description: Description | None = None,
    *,
    key: bool = False,
) -> dict[str, Any]:
    """A copy of FastAPI's document with the hot routes in it, what every operation answers, and examples.

    ``description`` is the model that the examples are of, None for callers who may know none; ``key`` says that callers
    need a key.
    """
    (request, answer), components = msgspec.json.schema_components([body_type, Predictions], ref_template=_TEMPLATE)
    features = ANYBODY if description is None else usual_customer(description)
    example = prediction_request(features)
    operation = {
        "summary": "Churn probability, risk, segment, action and, if asked for, reasons of one or many customers",
        "description": _DESCRIPTION,
        "tags": ["predictions"],
        "operationId": "predict",
        "requestBody": {"required": True, "content": {"application/json": {"schema": request, "example": example}}},
        "responses": {"200": _ok({"schema": answer, "example": _EXAMPLE})},
        "x-codeSamples": [shell_sample(PATH, example, key=key)],
    }
    infer = documentation_inference.operations(features, description, key=key)
    paths = _named({PATH: {"post": operation}, **_pages(document["paths"]), **infer}, description)
    tensors = documentation_inference.schemas(None if description is None else description.schema)
    schemas = {**components, **tensors, "Problem": PROBLEM}
    return {
        **document,
        "paths": {path: _with_refusals(path, operations, key=key) for path, operations in paths.items()},
        "components": {"schemas": dict(sorted(schemas.items()))},
    }


def add_security(document: dict[str, Any]) -> dict[str, Any]:
    """A copy of the document that says which operations need a key and how it is presented."""
    paths = {
        path: {method: {**operation, "security": SECURITY} for method, operation in operations.items()}
        if path not in OPEN_PATHS
        else operations
        for path, operations in document["paths"].items()
    }
    components = {**document.get("components", {}), "securitySchemes": SECURITY_SCHEMES}
    return {**document, "paths": paths, "components": components}


def _ok(content: dict[str, Any]) -> dict[str, Any]:
    return {"description": "OK", "content": {"application/json": content}}


def _pages(paths: dict[str, Any]) -> dict[str, Any]:
    """Pages with what they show; of the framework's own words on answers none is kept, since none comes true."""
    pages: dict[str, Any] = {}
    for path, operations in paths.items():
        shown = {"200": _ok({"schema": SHOWN[path]})}
        pages[path] = {method: {**operation, "responses": shown} for method, operation in operations.items()}
    return pages


def _named(paths: dict[str, Any], description: Description | None) -> dict[str, Any]:
    """Paths whose parameters have the model's own name and version as examples."""
    known = {} if description is None else {"name": description.name, "version": description.version}

    def shown(operation: dict[str, Any]) -> dict[str, Any]:
        parameters = [
            {**each, "example": known[each["name"]]} if each["name"] in known else each
            for each in operation.get("parameters", ())
        ]
        return {**operation, "parameters": parameters} if parameters else operation

    return {path: {method: shown(each) for method, each in found.items()} for path, found in paths.items()}


def _with_refusals(path: str, operations: dict[str, Any], *, key: bool) -> dict[str, Any]:
    completed = {}
    for method, operation in operations.items():
        refusals = refusals_of(path, body="requestBody" in operation, key=key)
        completed[method] = {**operation, "responses": {**operation["responses"], **refusals}}
    return completed

"""Open Inference Protocol V2 in the API's documentation: its bodies as schemas, from the protocol package's own limits
and names. It must not know how a body is read."""

from typing import Any

from churn_model import Description
from churn_model.schema import MAXIMUM_TEXT, Schema
from churn_serving.gateway.documentation_examples import Features, inference_request, shell_sample
from churn_serving.oip.messages import MAX_ID, MAX_ROWS, OUTPUT_DATATYPES
from churn_serving.oip.tensors import CATEGORY_DATATYPES

BY_NAME, BY_VERSION = "/v2/models/{name}/infer", "/v2/models/{name}/versions/{version}/infer"
TAG = "open inference protocol"
ERROR = {
    "title": "ProtocolError",
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string", "description": "All that is wrong, in one line."}},
}
_DESCRIPTION = (
    "One tensor a feature, as `GET /v2/models/{name}` lists them, of shape `[rows]` or `[rows, 1]` and all of the same "
    f"number of rows, at most {MAX_ROWS}. A missing value is `null`. The protocol's binary form is read too: JSON, "
    "then raw tensor contents, with the header `Inference-Header-Content-Length`. "
    "`parameters.served_by` and the header `X-Served-By` say who answered: `primary`, `canary`, `fallback`, or "
    "`degraded` where a scorecard stood in. A customer's side of a canary follows the request's `id`."
)
_TEXT_OR_NONE = {"anyOf": [{"type": "string", "maxLength": MAX_ID}, {"type": "null"}]}
_PARAMETERS = {
    "anyOf": [{"type": "object"}, {"type": "null"}],
    "description": "Extensions of the protocol; what is not known here is ignored.",
}
_VALUE = {
    "anyOf": [{"type": "string", "maxLength": MAXIMUM_TEXT}, {"type": "number"}, {"type": "boolean"}, {"type": "null"}]
}
_NESTED = {"type": "array", "items": _VALUE, "minItems": 1, "maxItems": 1}
_OUTPUT_NAMES = {"type": "string", "enum": list(OUTPUT_DATATYPES)}


def schemas(schema: Schema | None) -> dict[str, Any]:
    """The schemas of both bodies by name; with the names of tensors where the model may be known."""
    rows = {"type": "integer", "minimum": 1, "maximum": MAX_ROWS}
    shape = {"type": "array", "prefixItems": [rows, {"const": 1}], "items": False, "minItems": 1}
    data = {"anyOf": [{"type": "array", "items": _VALUE}, {"type": "array", "items": _NESTED}]}
    tensor = {
        "name": {"type": "string"} if schema is None else {"type": "string", "enum": list(schema.names)},
        "datatype": {"type": "string", "enum": sorted(CATEGORY_DATATYPES)},
        "shape": shape,
        "data": {**data, "description": "Left out where `parameters.binary_data_size` says how many bytes it has."},
        "parameters": _PARAMETERS,
    }
    count = {"minItems": 1} if schema is None else {"minItems": len(schema.names), "maxItems": len(schema.names)}
    wanted = {"name": _OUTPUT_NAMES, "parameters": _PARAMETERS}
    request = {
        "id": {**_TEXT_OR_NONE, "description": "Any text; the answer repeats it."},
        "inputs": {"type": "array", **count, "items": _closed(tensor, "name", "datatype", "shape")},
        "outputs": {
            "anyOf": [{"type": "array", "items": _object(wanted, "name")}, {"type": "null"}],
            "description": "Those that are wanted; left out, all.",
        },
        "parameters": _PARAMETERS,
        "model_name": {**_TEXT_OR_NONE, "description": "As in the path."},
        "model_version": {**_TEXT_OR_NONE, "description": "As in the path."},
    }
    return {
        "InferRequest": _closed(request, "inputs"),
        "InferReply": _reply(),
        "ProtocolError": ERROR,
    }


def operations(features: Features, description: Description | None, *, key: bool) -> dict[str, Any]:
    """Both paths with their operation, which shows these features, of a model that may be known."""
    example = inference_request(features, None if description is None else description.schema)
    content = {
        "application/json": {"schema": {"$ref": "#/components/schemas/InferRequest"}, "example": example},
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    }
    answer = {
        "application/json": {"schema": {"$ref": "#/components/schemas/InferReply"}},
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    }
    path = BY_NAME.format(name="$CHURN_MODEL" if description is None else description.name)
    shown = {
        "summary": "Churn probability and segment of one or many customers, as tensors",
        "description": _DESCRIPTION,
        "tags": [TAG],
        "requestBody": {"required": True, "content": content},
        "responses": {"200": {"description": "OK", "content": answer}},
        "x-codeSamples": [shell_sample(path, example, key=key)],
    }
    name, version = _parameter("name"), _parameter("version")
    return {
        BY_NAME: {"post": {**shown, "operationId": "infer", "parameters": [name]}},
        BY_VERSION: {
            "post": {
                **shown,
                "summary": "The same, by one version and no other",
                "operationId": "infer_by_version",
                "parameters": [name, version],
                "x-codeSamples": [],
            }
        },
    }


def _reply() -> dict[str, Any]:
    output = {
        "name": _OUTPUT_NAMES,
        "datatype": {"type": "string", "enum": sorted(OUTPUT_DATATYPES.values())},
        "shape": {"type": "array", "items": {"type": "integer", "minimum": 1}},
        "data": {"type": "array", "items": {"type": "number"}},
        "parameters": {"type": "object"},
    }
    told = {
        "digest": {"type": "string", "description": "Of the package that answered."},
        "served_by": {"type": "string", "description": "`primary`, `canary`, `fallback` or `degraded`."},
        "warnings": {"type": "string", "description": "JSON: levels that training never saw, by row."},
    }
    reply = {
        "model_name": {"type": "string"},
        "model_version": {"type": "string"},
        "id": {"type": "string"},
        "outputs": {"type": "array", "items": _object(output, "name", "datatype", "shape")},
        "parameters": _object(told, "digest", "served_by"),
    }
    return _object(reply, "model_name", "model_version", "outputs", "parameters")


def _parameter(name: str) -> dict[str, Any]:
    schema = {"type": "string", "minLength": 1}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _object(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


def _closed(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {**_object(properties, *required), "additionalProperties": False}

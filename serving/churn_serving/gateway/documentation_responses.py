"""What every operation may answer, in the API's documentation: refusals by the one table of ``problems``, those of a
connection, and what pages show. It must not know a model.
"""

from http import HTTPStatus
from typing import Any

import msgspec

from churn_serving.gateway.access import OPEN_PATHS
from churn_serving.gateway.authentication import Unauthenticated
from churn_serving.gateway.model_view import SHOWN_PARTS
from churn_serving.gateway.problems import REFUSALS, UNEXPECTED
from churn_serving.oip.faults import UnknownModel

PROBLEM = {
    "type": "object",
    "description": "A refusal (RFC 9457) that says what to do.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "A URN that stays the same for a kind of refusal."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What the caller should do."},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "description": "Every field that is wrong; a message never quotes a value.",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
_NOT_SHOWN = frozenset({"title", "description", "default", "additionalProperties"})
_TEXT, _NUMBER, _OBJECT = {"type": "string"}, {"type": "number"}, {"type": "object"}
_PROTOCOL, _LIVE = "/v2", "/v2/health/live"
_CONNECTION = {
    400: "not HTTP as it should be, or two keys",
    408: "The request came too slowly",
    414: "The target is too long",
    431: "The header is too large",
    503: "Too much to do, or not ready: try again after Retry-After seconds",
}
_RETRY_AFTER = {"retry-after": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 0}}}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _with(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


def _as_shown(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """A type's own schema where every field is always there, as `msgspec.to_builtins` shows them."""
    ((reference,), found) = msgspec.json.schema_components([kind], ref_template="{name}")

    def shown(schema: Any) -> Any:
        if isinstance(schema, list):
            return [shown(each) for each in schema]
        if not isinstance(schema, dict):
            return schema
        if "$ref" in schema:
            return shown(found[schema["$ref"]])
        # Titles and docstrings are for those who read the code, defaults for those who write the file.
        inner = {key: shown(each) for key, each in schema.items() if key not in {*_NOT_SHOWN, "properties"}}
        alike = inner.pop("prefixItems", None)
        if alike is not None:  # as many as there are of one kind, which more programs read than one kind each
            inner["items"] = alike[0]
        if "enum" in inner:
            inner["type"] = "string"
        if "properties" in schema:
            inner["properties"] = {name: shown(each) for name, each in schema["properties"].items()}
            inner["required"] = list(schema["properties"])
        return inner

    whole: dict[str, Any] = shown(reference)
    return whole


_TENSOR = _with(name=_TEXT, datatype=_TEXT, shape=_list({"type": "integer"}))
_MODEL = _with(
    name=_TEXT, version=_TEXT, digest=_TEXT, usecase=_TEXT, created=_TEXT, simulated={"type": "boolean"},
    estimator=_TEXT, metrics={"type": "object", "additionalProperties": _NUMBER},
    **{name: _list(_as_shown(kind)) for name, kind in SHOWN_PARTS.items()},
)  # fmt: skip
_READINESS = _with(status={"type": "string", "enum": ["ready", "degraded"]})
_FOR_SOME = {**_TEXT, "description": "For callers who may know it: with a key, where one is needed."}
_READINESS["properties"] |= {"model": _FOR_SOME, "version": _FOR_SOME}
_METADATA = _with(
    name=_TEXT, versions=_list(_TEXT), platform=_TEXT, inputs=_list(_TENSOR), outputs=_list(_TENSOR), parameters=_OBJECT
)
_READY = _with(name=_TEXT, ready={"type": "boolean"})
SHOWN: dict[str, dict[str, Any]] = {
    "/livez": _with(status=_TEXT),
    "/readyz": _READINESS,
    "/v1/model": _MODEL,
    "/v2": _with(name=_TEXT, version=_TEXT, extensions=_list(_TEXT)),
    _LIVE: _with(live={"type": "boolean"}),
    "/v2/health/ready": _with(ready={"type": "boolean"}),
    "/v2/models": _with(models=_list(_TEXT)),
    "/v2/repository/index": _list(_with(name=_TEXT, version=_TEXT, state=_TEXT, reason=_TEXT)),
    "/v2/models/{name}": _METADATA,
    "/v2/models/{name}/versions/{version}": _METADATA,
    "/v2/models/{name}/ready": _READY,
    "/v2/models/{name}/versions/{version}/ready": _READY,
}
"""What each page answers with 200."""


def refusals_of(path: str, *, body: bool, key: bool) -> dict[str, Any]:
    """The refusals of an operation by status: with ``body`` of those that read one, with ``key`` where callers need
    one."""
    protocol = path == _PROTOCOL or path.startswith(f"{_PROTOCOL}/")
    told = dict(_CONNECTION) | {UNEXPECTED.status: UNEXPECTED.title}
    for kind in REFUSALS.values():
        if body and (kind.status in (413, 415) or (kind.status == HTTPStatus.UNPROCESSABLE_ENTITY and not protocol)):
            told.setdefault(kind.status, kind.title)
    if "{" in path:
        told[404] = REFUSALS[UnknownModel].title
    if key and path not in OPEN_PATHS:
        told[401] = REFUSALS[Unauthenticated].title
    if body:
        told[400] = f"{'The body does not fit the model' if protocol else 'The body is not JSON'}; {_CONNECTION[400]}"
    found = {str(status): _refusal(status, title, protocol=protocol) for status, title in sorted(told.items())}
    if path == _LIVE:
        found["503"]["content"]["application/json"] = {"schema": SHOWN[_LIVE]}
    return found


def _refusal(status: int, title: str, *, protocol: bool) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    if protocol:
        content["application/json"] = {"schema": {"$ref": "#/components/schemas/ProtocolError"}}
    response: dict[str, Any] = {"description": title, "content": content}
    return {**response, "headers": _RETRY_AFTER} if status == HTTPStatus.SERVICE_UNAVAILABLE else response

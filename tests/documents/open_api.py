"""What a run has shown of an OpenAPI document, and what it has not."""

import json
import re
from typing import Any

from tests.documents.runs import Exchange

# Of the server, before it looks at the path: what was seen at one is true of all that tell of it.
SHARED = {"400", "414", "431"}
# What no request of a collection can bring about, with the reason; a star stands for every path.
OUT_OF_REACH = {
    ("*", "408"): "half a request, which Postman cannot send; tests/web has it",
    ("*", "500"): "a failure of the service itself",
    ("/livez", "503"): "a background task that cannot be kept alive, or too many connections",
    ("/v2/health/live", "503"): "as above",
    ("/v2", "503"): "too many connections",
}
# Fields that no answer of a run holds, with the reason.
UNSEEN = {
    "InferReply.outputs[].parameters": "of binary answers, which Postman cannot read; tests/backends reads them",
    **dict.fromkeys(
        (
            f"get /v1/model 200.features[].date.{name}"
            for name in ("spelling", "snapshot", "snapshot_column", "snapshot_spelling")
        ),
        "of dates, which the telecom's customers have none of; tests/gateway/test_date_records.py has",
    ),
}


class Coverage:
    """Operations, statuses and fields of a document, seen or not. A field of a schema that has a name is seen once for
    all answers that hold it."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._seen: set[tuple[str, str, str]] = set()
        self._fields: set[str] = set()
        self.undocumented: set[str] = set()

    def see(self, exchange: Exchange) -> None:
        """Take down an exchange; those of other servers, by their paths, are the same protocol."""
        template = self._template("/" + exchange.url.split("/", 3)[3])
        method, status = exchange.method.lower(), str(exchange.status)
        response = self._document["paths"].get(template, {}).get(method, {"responses": {}})["responses"].get(status)
        if response is None:
            return
        self._seen.add((template, method, status))
        schema = response.get("content", {}).get(exchange.content_type, {}).get("schema")
        if schema:
            self._walk(schema, json.loads(exchange.body), f"{method} {template} {status}")

    def missing(self) -> list[str]:
        """What the document tells of and nobody has seen."""
        shown = {status for _, _, status in self._seen}
        found: list[str] = []
        told: set[str] = set()
        for path, operations in self._document["paths"].items():
            for method, operation in operations.items():
                for status, response in operation["responses"].items():
                    if (path, method, status) in self._seen:
                        for kind in response.get("content", {}).values():
                            self._tell(kind.get("schema", {}), f"{method} {path} {status}", told)
                    elif not (
                        (status in SHARED and status in shown) or {(path, status), ("*", status)} & set(OUT_OF_REACH)
                    ):
                        found.append(f"{method} {path} {status}")
        return [*found, *sorted(told - self._fields - set(UNSEEN))]

    def _template(self, path: str) -> str:
        templates = self._document["paths"]
        if path in templates:
            return path
        fits = (one for one in templates if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", one), path))
        return next(fits, "")

    def _resolved(self, schema: dict[str, Any], place: str) -> tuple[dict[str, Any], str]:
        """What a schema refers to, and under which name its fields are seen."""
        while "$ref" in schema:
            place = schema["$ref"].rpartition("/")[2]
            schema = self._document["components"]["schemas"][place]
        return schema, place

    def _tell(self, schema: dict[str, Any], place: str, told: set[str]) -> None:
        """Take down all fields that a schema names."""
        schema, place = self._resolved(schema, place)
        for part in _parts(schema):
            self._tell(part, place, told)
        for name, inner in schema.get("properties", {}).items():
            if f"{place}.{name}" not in told:
                told.add(f"{place}.{name}")
                self._tell(inner, f"{place}.{name}", told)
        if isinstance(schema.get("items"), dict):
            self._tell(schema["items"], f"{place}[]", told)

    def _walk(self, schema: dict[str, Any], value: Any, place: str) -> None:
        """Take down which fields a value has, and which of them no schema names."""
        schema, place = self._resolved(schema, place)
        parts = _parts(schema)
        for part in parts:
            self._walk(part, value, place)
        if isinstance(value, dict):
            properties = schema.get("properties", {})
            for name, inner in value.items():
                if name in properties:
                    self._fields.add(f"{place}.{name}")
                    self._walk(properties[name], inner, f"{place}.{name}")
                elif properties and not parts:
                    self.undocumented.add(f"{place}.{name}")
        if isinstance(value, list) and isinstance(schema.get("items"), dict):
            for inner in value:
                self._walk(schema["items"], inner, f"{place}[]")


def _parts(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return [part for word in ("anyOf", "allOf", "oneOf") for part in schema.get(word, ())]

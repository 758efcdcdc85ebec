"""The gateway's OpenAPI document as Markdown: what may be asked, what is answered, field by field.

It knows the document alone; that the gateway says the same is proven where it is made (ci/generate-openapi).
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Schema = dict[str, Any]


def reference(path: Path) -> str:
    """The whole, an operation a section, then what is shared."""
    document = json.loads(path.read_text(encoding="utf-8"))
    lines: list[str] = []
    for address, operations in document["paths"].items():
        for method, operation in operations.items():
            lines += _operation(method.upper(), address, operation)
    lines += ["## Fields", ""]
    for name, schema in document["components"]["schemas"].items():
        lines += [f"### {name}", "", *_paragraph(schema), *_fields(schema), ""]
    return "\n".join(lines)


def _operation(method: str, address: str, operation: Schema) -> Iterator[str]:
    yield from (f"## `{method} {address}`", "", operation.get("summary", "") + ".", "", *_paragraph(operation))
    body = operation.get("requestBody", {}).get("content", {})
    for kind, content in body.items():
        yield from (f"Sent as `{kind}`: {_type(content.get('schema', {}))}.", "")
        if "example" in content:
            yield from ("```json", json.dumps(content["example"], indent=2), "```", "")
    yield from ("| status | meaning | body |", "|--:|---|---|")
    for status, response in operation["responses"].items():
        kinds = response.get("content", {})
        said = "; ".join(f"`{kind}` {_type(content.get('schema', {}))}".strip() for kind, content in kinds.items())
        yield f"| {status} | {_cell(response.get('description', ''))} | {said} |"
    yield ""
    if operation.get("security"):
        yield from ("It needs a key where the gateway asks for keys.", "")


def _paragraph(described: Schema) -> list[str]:
    return [described["description"], ""] if described.get("description") else []


def _fields(schema: Schema) -> list[str]:
    properties = schema.get("properties", {})
    if not properties:
        return [f"{_type(schema)}."]
    needed = schema.get("required", ())
    rows = [
        f"| `{name}` | {_type(inner)} | {'yes' if name in needed else ''} | {_cell(inner.get('description', ''))} |"
        for name, inner in properties.items()
    ]
    return ["| field | type | always there | |", "|---|---|---|---|", *rows]


def _type(schema: Schema) -> str:
    """A schema in some words, with links to those that have a name."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return " or ".join(dict.fromkeys(_type(part) for part in schema[key]))
    if "enum" in schema:
        return "one of " + ", ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    kind = schema.get("type", "anything")
    if kind == "array":
        return f"list of {_type(schema.get('items') or {})}"
    bounds = [f"{word} {schema[key]}" for key, word in _BOUNDS if key in schema]
    return " ".join([str(kind), *([f"({', '.join(bounds)})"] if bounds else [])])


_BOUNDS = (
    ("minimum", "from"),
    ("maximum", "to"),
    ("minLength", "at least"),
    ("maxLength", "at most"),
    ("minItems", "at least"),
    ("maxItems", "at most"),
)


def _cell(text: str) -> str:
    return text.replace("\n", " ").replace("|", "\\|")

"""The OpenAPI document as a page for people: one HTML text that loads nothing from anywhere and runs nothing.

The usual pages of documentation are programs from a host of somebody else, which most companies' networks do not reach
and whose code would run beside callers' keys. It must not know what is in the document.
"""

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2733; --page: #fff; --line: #d5dce3; --shade: #f3f6f8; --link: #1f5f8b }
@media (prefers-color-scheme: dark) {
:root { --ink: #dfe6ec; --page: #14191e; --line: #36414b; --shade: #1e262d; --link: #82bfe8 } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
color: var(--ink); background: var(--page); overflow-wrap: anywhere }
h1 { font-size: 1.6rem } h2 { font-size: 1.15rem; margin-top: 2.2rem; border-top: 1px solid var(--line) }
h2 { padding-top: 1rem } h3 { font-size: 1rem } a { color: var(--link) }
code, pre { font: 14px/1.45 ui-monospace, monospace }
pre { background: var(--shade); padding: .8rem; white-space: pre-wrap } nav ul { list-style: none; padding: 0 }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px } summary { cursor: pointer; padding: .3rem 0 }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 }
td, th { text-align: left; padding: .25rem .6rem; vertical-align: top }
th:first-child { width: 40% } .answers th:first-child { width: 5rem } tr:nth-child(even) { background: var(--shade) }
.method { background: #1f5f8b; color: #fff; padding: .1rem .5rem }
@media (max-width: 40rem) { tr, td { display: block } th { display: none } td + td { padding-top: 0 } }
"""
_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Content security policy (W3C CSP 3) of the page: its own style and nothing else, least of all a script."""
_BOUNDS = {
    "minimum": "at least",
    "maximum": "at most",
    "minLength": "length at least",
    "maxLength": "length at most",
    "minItems": "items at least",
    "maxItems": "items at most",
}
# Beyond these a bound is that of a computer's numbers, which tells a person nothing.
_MEANT = 1e15
_References = frozenset[str]


def page(document: Mapping[str, Any]) -> str:
    """The page of a document of OpenAPI 3.1: every operation, what it takes and what it answers."""
    title = escape(document["info"]["title"])
    listed = [(path, method, each) for path, found in document["paths"].items() for method, each in found.items()]
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,">',
        f'<meta name="viewport" content="width=device-width"><title>{title}</title><style>{_STYLE}</style>',
        f'</head><body><h1>{title}</h1><p>For programs: <a href="/openapi.json">/openapi.json</a>.</p>',
        '<nav aria-label="Operations"><ul>',
        *(
            f'<li><a href="#o{place}"><code>{escape(method.upper())} {escape(path)}</code></a></li>'
            for place, (path, method, _) in enumerate(listed)
        ),
        "</ul></nav><main>",
    ]
    for place, (path, method, operation) in enumerate(listed):
        parts.append(
            f'<h2 id="o{place}"><span class="method">{escape(method.upper())}</span> <code>{escape(path)}</code></h2>'
        )
        parts += _operation(operation, document)
    return "".join((*parts, "</main></body></html>"))


def _operation(operation: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[str]:
    yield f"<p><strong>{escape(operation.get('summary', ''))}</strong></p>"
    yield f"<p>{_with_code(operation.get('description', ''))}</p>" if operation.get("description") else ""
    if operation.get("security"):
        yield "<p>Needs a key: <code>Authorization: Bearer …</code> or <code>X-API-Key: …</code>.</p>"
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"<h3>Takes <code>{escape(kind)}</code></h3>{_shape(content.get('schema', {}), document)}"
    for sample in operation.get("x-codeSamples", ()):
        source = escape(sample["source"])
        yield f"<details open><summary>With {escape(sample['label'])}</summary><pre>{source}</pre></details>"
    yield '<h3>Answers</h3><table class="answers"><tr><th scope="col">status</th><th scope="col">answer</th></tr>'
    for status, response in sorted(operation.get("responses", {}).items()):
        yield f"<tr><td>{escape(status)}</td><td>{escape(response.get('description', ''))}</td></tr>"
    yield "</table>"
    for content in operation.get("responses", {}).get("200", {}).get("content", {}).values():
        yield f"<details><summary>What 200 holds</summary>{_shape(content.get('schema', {}), document)}</details>"
        if "example" in content:
            example = escape(json.dumps(content["example"], indent=2, ensure_ascii=False))
            yield f"<p>For instance:</p><pre>{example}</pre>"


def _shape(schema: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    """A table of the fields that a body may have, those of fields in fields behind a dot."""
    rows = list(_fields(schema, document, "", frozenset()))
    if not rows:
        return f"<pre>{escape(_words(schema))}</pre>"
    lines = "".join(f"<tr><td><code>{escape(name)}</code></td><td>{escape(words)}</td></tr>" for name, words in rows)
    return f"<table><tr><th>field</th><th>value</th></tr>{lines}</table>"


def _fields(
    schema: Mapping[str, Any], document: Mapping[str, Any], before: str, seen: _References
) -> Iterator[tuple[str, str]]:
    schema, seen = _resolved(schema, document, seen)
    if isinstance(schema.get("items"), Mapping):
        yield from _fields(schema["items"], document, f"{before}[]", seen)
    for name, field in schema.get("properties", {}).items():
        place = f"{before}.{name}" if before else name
        required = "" if name in schema.get("required", ()) else ", may be left out"
        yield place, f"{_words(_resolved(field, document, seen)[0])}{required}"
        yield from _fields(field, document, place, seen)


def _resolved(
    schema: Mapping[str, Any], document: Mapping[str, Any], seen: _References
) -> tuple[Mapping[str, Any], _References]:
    reference = schema.get("$ref")
    if reference is None:
        return schema, seen
    if reference in seen:  # a schema that holds itself
        return {}, seen
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found, seen | {reference}


def _words(schema: Mapping[str, Any]) -> str:
    """What a value may be, in a few words."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_words(each) for each in schema["anyOf"]))
    if "enum" in schema:
        return "one of " + ", ".join(json.dumps(each, ensure_ascii=False) for each in schema["enum"])
    kind = schema.get("type", "object" if "$ref" in schema or "properties" in schema else "anything")
    kind = " or ".join(kind) if isinstance(kind, list) else kind
    told = [f"{words} {schema[key]:.15g}" for key, words in _BOUNDS.items() if abs(schema.get(key, _MEANT)) < _MEANT]
    if "examples" in schema:
        told.append("such as " + ", ".join(json.dumps(each, ensure_ascii=False) for each in schema["examples"]))
    said = f"{kind} ({', '.join(told)})" if told else kind
    return f"{said}: {schema['description'].rstrip('.')}" if "description" in schema else said


def _with_code(text: str) -> str:
    """Text in which names stand between backticks, as HTML."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts))

"""What a collection is made of (Postman's format 2.1.0): requests, folders, scripts; no request of our own."""

import json
from pathlib import Path
from typing import Any

Item = dict[str, Any]
SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
GATEWAY = "{{gateway}}"
_SCRIPTS = Path(__file__).with_name("scripts")


def script(name: str) -> list[str]:
    """The lines of a script of the folder ``scripts``."""
    return (_SCRIPTS / f"{name}.js").read_text(encoding="utf-8").splitlines()


def request(
    name: str,
    method: str,
    path: str,
    tests: list[str],
    *,
    base: str = GATEWAY,
    body: str | None = None,
    content_type: str = "application/json",
    before: list[str] | None = None,
) -> Item:
    """A request and what is expected of its answer.

    Args:
        name: What it shows, as a reader of the collection sees it.
        method: Of HTTP.
        path: From the first slash on; may hold variables of the collection.
        tests: Lines of JavaScript that run with the answer, ``said`` being its JSON or null.
        base: The variable that holds the address of whoever is asked.
        body: Sent as it is, its variables replaced.
        content_type: Of the body.
        before: Lines that run before it is sent.
    """
    sent: dict[str, Any] = {"method": method, "header": [], "url": f"{base}{path}"}
    if body is not None:
        sent["header"] = [{"key": "Content-Type", "value": content_type}]
        sent["body"] = {"mode": "raw", "raw": body}
    lines = ["const said = answered();", *tests]
    events = [_event("test", lines)]
    if before:
        events.insert(0, _event("prerequest", before))
    return {"name": name, "event": events, "request": sent, "response": []}


def explained(made: Item, about: str) -> Item:
    """The same request with what a reader should know, in Markdown."""
    return {**made, "request": {**made["request"], "description": about}}


def folder(name: str, about: str, items: list[Item], *, only_with: str = "") -> Item:
    """Requests under one name; with ``only_with`` they are left out where that variable is empty."""
    made: Item = {"name": name, "description": about, "item": items}
    if only_with:
        lines = [f"if (!pm.variables.get({json.dumps(only_with)})) {{", "  pm.execution.skipRequest();", "}"]
        made["event"] = [_event("prerequest", lines)]
    return made


def collection(name: str, about: str, items: list[Item]) -> Item:
    """The whole, with what runs around every request."""
    # Postman and newman hand a collection's functions to no script; as globals of the sandbox they reach all of them.
    events = [_event("prerequest", script("prepare")), _event("test", script("hold_to_document"))]
    return {"info": {"name": name, "description": about, "schema": SCHEMA}, "item": items, "event": events}


def environment(name: str, values: dict[str, str], secret: tuple[str, ...] = ()) -> Item:
    """Variables of one place where the system runs."""
    listed = [
        {"key": key, "value": value, "type": "secret" if key in secret else "default", "enabled": True}
        for key, value in values.items()
    ]
    return {"name": name, "values": listed, "_postman_variable_scope": "environment"}


def test(says: str, *lines: str) -> list[str]:
    """One named test of an answer."""
    return [f"pm.test({json.dumps(says)}, () => {{", *(f"  {line}" for line in lines), "});"]


def status(code: int) -> list[str]:
    """The answer's status."""
    return test(f"answers {code}", f"pm.expect(pm.response.code).to.equal({code});")


def _event(listen: str, lines: list[str]) -> dict[str, Any]:
    return {"listen": listen, "script": {"type": "text/javascript", "exec": lines}}

"""One JSON document that holds all customers, as interfaces answer and programs write frames, as one object a customer.

It must not know what columns mean, nor files.
"""

from typing import Any

_CALLED = {
    "data", "customers", "records", "rows", "items", "results", "result", "value", "values", "users", "accounts",
    "subscribers", "members", "clients", "content", "entries", "docs", "kunden", "clientes",
}  # fmt: skip
"""What a list of customers is called beside other members of a document."""
Customers = list[dict[str, Any]]


def customers_in(document: Any) -> tuple[Customers, str] | None:
    """The customers of a document, and where they were, as the end of a sentence; None where it is no document of them.

    Understood are a list of objects under a usual name or alone, and frames of pandas: a column an object of values by
    row (`to_json`), or `columns` and `data` (`orient="split"`).
    """
    if not isinstance(document, dict):
        return None
    return _frame(document) or _columns(document) or _listed(document)


def _listed(document: dict[str, Any]) -> tuple[Customers, str] | None:
    lists = [
        name
        for name, value in document.items()
        if isinstance(value, list) and value and all(isinstance(each, dict) for each in value)
    ]
    alone = len(document) == 1 == len(lists)
    named = [name for name in lists if name.lower() in _CALLED]
    name = next(iter(lists if alone else named), None)
    if name is None or len(named) > 1:
        return None
    return document[name], f'the objects in "{name[:40]}"'


def _frame(document: dict[str, Any]) -> tuple[Customers, str] | None:
    names, rows = document.get("columns"), document.get("data")
    if not isinstance(names, list) or not isinstance(rows, list) or not rows:
        return None
    if not all(isinstance(row, list) and len(row) == len(names) for row in rows):
        return None
    return [dict(zip(map(str, names), row, strict=True)) for row in rows], 'the lists in "data"'


def _columns(document: dict[str, Any]) -> tuple[Customers, str] | None:
    columns = list(document.values())
    if len(columns) < 2 or not all(isinstance(each, dict) and each for each in columns):  # noqa: PLR2004 - id and label
        return None
    keys = columns[0].keys()
    if any(each.keys() != keys for each in columns) or not all(map(str.isdecimal, keys)):
        return None
    return [{name: each[key] for name, each in document.items()} for key in keys], "values by column and row"

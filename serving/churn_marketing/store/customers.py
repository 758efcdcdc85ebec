"""Questions about single customers: lists that are filtered, sorted and paged by key, and one customer's row.

Pages are told apart by the key of the customer that they begin after, so that the millionth is as quick as the first,
and nothing of a customer stands in an address.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from churn_marketing.store.database import Prepared

PAGE_ROWS = 50
_NAMED = 1000
"""Customers who are named by their places; of more it is quicker to look at all."""
SORTS: dict[str, tuple[str, bool]] = {
    "at_risk": ("coalesce(at_risk, -1e300)", True),
    "probability": ("probability", True),
    "value": ("coalesce(value, -1e300)", True),
    "expected_value": ("coalesce(expected_value, -1e300)", True),
    "id": ("id", False),
}
"""By name: what is sorted by, and whether the largest come first."""
RISKS = ("low", "medium", "high")


@dataclass(frozen=True)
class Filters:
    """Whom to list: empty texts and None filter nothing; ``search`` (composed, NFC) is what ids begin with, or, where
    none does or it is to be looked for ``within`` them, any part of them."""

    risk: str = ""
    segment: int | None = None
    action: str = ""
    search: str = ""
    within: bool = False


@dataclass(frozen=True)
class Page:
    """Some customers in order, how many there are in all, and the keys of the pages beside this one. ``within``: what
    was searched for was looked for within ids."""

    rows: list[dict[str, Any]]
    count: int
    after: str = ""
    before: str = ""
    within: bool = False


def list_customers(
    database: Prepared, filters: Filters, sort: str, at: str = "", towards: Literal["after", "before"] = "after"
) -> Page:
    """The customers after (or before) the one whose key is ``at``; from the beginning without."""
    where, values = _where(filters)
    within = False
    if filters.search:
        condition, sought, within = _search(database, filters)
        where, values = f"{where} AND {condition}", [*values, *sought]
    count = database.row(f"SELECT count(*) AS n FROM customers WHERE {where}", values)
    total = int(count["n"]) if count else 0
    by, largest_first = SORTS[sort]
    onwards = towards == "after"
    down = largest_first == onwards
    direction, comparison = ("DESC", "<") if down else ("ASC", ">")
    beyond = ""
    begun = _place(database, by, at)
    if begun is not None:
        beyond = f"AND ({by}, key) {comparison} (?, ?)"
        values = [*values, begun["place"], begun["key"]]
    rows = database.rows(
        f"""SELECT key, id, probability, risk, segment, action, expected_value, value, at_risk FROM customers
        WHERE {where} {beyond} ORDER BY {by} {direction}, key {direction} LIMIT {PAGE_ROWS + 1}""",
        values,
    )
    more, rows = len(rows) > PAGE_ROWS, rows[:PAGE_ROWS]
    rows = [_shown(row) for row in (rows if onwards else reversed(rows))]
    if not rows:
        return Page([], total, within=within)
    further = more if onwards else begun is not None
    earlier = begun is not None if onwards else more
    return Page(rows, total, rows[-1]["key"] if further else "", rows[0]["key"] if earlier else "", within)


def find_customer(database: Prepared, key: str) -> dict[str, Any] | None:
    """All that is known of the customer with that key."""
    number = key_number(key)
    found = None if number is None else database.row("SELECT * FROM customers WHERE key = ? LIMIT 1", [number])
    return None if found is None else _shown(found)


def known_ids(database: Prepared, customers: Sequence[str]) -> frozenset[str]:
    """Which of some ids are customers of the batch."""
    query = "SELECT id FROM customers WHERE id IN (SELECT unnest(?::VARCHAR[]))"
    return frozenset(row["id"] for row in database.rows(query, [list(customers)]))


def _place(database: Prepared, by: str, key: str) -> dict[str, Any] | None:
    """Where in an order the customer with a key stands; None of nobody."""
    number = key_number(key)
    query = f"SELECT {by} AS place, key FROM customers WHERE key = ? LIMIT 1"
    return None if number is None else database.row(query, [number])


def key_text(key: int) -> str:
    """A key as addresses write it."""
    return f"{key:016x}"


def key_number(text: str) -> int | None:
    """The key that a text is; None if it is none."""
    try:
        return int(text, 16) if len(text) == 16 else None  # noqa: PLR2004 - 64 bits
    except ValueError:
        return None


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"key": key_text(row["key"]), "risk": RISKS[row["risk"]]}


def _where(filters: Filters) -> tuple[str, list[Any]]:
    parts = ["true"]
    values: list[Any] = []
    if filters.risk in RISKS:
        parts.append("risk = ?")
        values.append(RISKS.index(filters.risk))
    if filters.segment is not None:
        parts.append("segment = ?")
        values.append(filters.segment)
    if filters.action:
        parts.append("action = ?")
        values.append(filters.action)
    return " AND ".join(parts), values


def _search(database: Prepared, filters: Filters) -> tuple[str, list[Any], bool]:
    """Which rows have the ids that are searched for: a condition, its values, and whether it looks within ids.

    What ids begin with is a range of the sorted table of ids and costs a millisecond; few rows are then named by their
    places, so that nothing else of all customers is read.
    """
    sought = filters.search
    if not filters.within:
        beginning = "folded >= lower(?) AND folded <= lower(?) || chr(1114111)"  # the last character that there is
        found = _places(database, beginning, [sought, sought])
        if found:
            return (*_named(found, "starts_with(lower(nfc_normalize(id)), lower(?))", sought), False)
    found = _places(database, "contains(folded, lower(?))", [sought])
    return (*_named(found, "contains(lower(nfc_normalize(id)), lower(?))", sought), True)


def _places(database: Prepared, condition: str, values: list[Any]) -> list[int]:
    query = f"SELECT place FROM ids WHERE {condition} LIMIT {_NAMED + 1}"
    return [row["place"] for row in database.rows(query, values)]


def _named(places: list[int], condition: str, sought: str) -> tuple[str, list[Any]]:
    """The rows at these places; where they are too many to be named, those that meet a condition."""
    if len(places) > _NAMED:
        return condition, [sought]
    return "rowid IN (SELECT unnest(?::BIGINT[]))", [places]

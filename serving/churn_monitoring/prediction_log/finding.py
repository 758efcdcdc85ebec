"""Finds what is kept of one customer: every answer about them, and what was said of their leaving.

For whoever has to tell somebody what is known of them, or asks why they were treated so. It must not know how what is
found is shown, and it changes nothing.
"""

import io
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import pyarrow
import pyarrow.compute
import pyarrow.parquet

from churn_data.errors import DataError
from churn_model.prediction_log.pseudonyms import HASH_BYTES, PseudonymKey
from churn_monitoring.prediction_log.changes import outcomes_of, tables_of
from churn_monitoring.prediction_log.store import Store
from churn_monitoring.prediction_log.tables import CUSTOMER, FEATURE, TIME, is_kept_table

_USECASE = re.compile(r"(?:^|/)use_case=([^/]+)/")
Row = dict[str, Any]


class Kept(NamedTuple):
    """Plain data, the oldest first, each with its `use_case`: answers with their columns and those `features` that the
    log may keep; statements of what became of the customer; and lists of whom a month's answers were about that the
    customer is in, with the `time` of their last answer and the `first` one (microseconds since 1970)."""

    answers: list[Row]
    outcomes: list[Row]
    lists: list[Row]


def find(
    store: Store,
    customer_id: str,
    keys: Sequence[PseudonymKey],
    advance: Callable[[int, int], None] = lambda _done, _all: None,
) -> Kept:
    """All that the store holds of a customer, by every key that is known. What was not shipped yet is not among it.
    `advance` is told how many tables of how many were looked at.

    Raises:
        DataError, Unavailable: the store cannot be asked, or holds a table that is none.
    """
    hashes = pyarrow.array([key.of(customer_id) for key in keys], pyarrow.binary(HASH_BYTES))
    answers, beside = ([name for name, _ in tables] for tables in (tables_of(store), outcomes_of(store)))
    found = Kept([], [], [])
    for place, name in enumerate((*answers, *beside)):
        advance(place, len(answers) + len(beside))
        for row in _rows(store, name, hashes):
            (found.answers if place < len(answers) else found.outcomes if "churned" in row else found.lists).append(row)
    return Kept(*(sorted(rows, key=_order) for rows in found))


def _rows(store: Store, name: str, hashes: pyarrow.Array) -> list[Row]:
    content = store.get(name)
    if content is None:  # its time was over meanwhile
        return []
    try:
        file = pyarrow.parquet.ParquetFile(io.BytesIO(content))
        if not is_kept_table(file.schema_arrow):
            raise DataError(name, "is not a table of the prediction log (it has other columns)")
        theirs = pyarrow.compute.is_in(file.read([CUSTOMER])[CUSTOMER], hashes)
        if not pyarrow.compute.any(theirs).as_py():  # most tables: one column is read of them
            return []
        found = file.read().filter(theirs).to_pylist()
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(name, f"is not a table of the prediction log ({str(error).splitlines()[0][:80]})") from None
    usecase = matched[1] if (matched := _USECASE.search(name)) else None
    return [{"use_case": usecase, **_plain(row)} for row in found]


def _plain(row: Row) -> Row:
    """A row as JSON knows it, features apart from what the log says of every answer."""
    own = {name: _value(value) for name, value in row.items() if not name.startswith(FEATURE)}
    features = {name.removeprefix(FEATURE): value for name, value in row.items() if name.startswith(FEATURE)}
    return {**own, "features": features} if features else own


def _value(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if isinstance(value, (date, datetime)) else value


def _order(row: Row) -> tuple[Any, ...]:
    return (row[TIME], row.get("instance", ""), row.get("sequence", 0), row.get("position", 0))

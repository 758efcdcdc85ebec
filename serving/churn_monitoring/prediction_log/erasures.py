"""Customers who asked to be forgotten: their hashes, and until when their records go.

They are written down before anything is taken away and are looked at after anything is written, so that a table that is
made at the same time cannot bring anybody back. A note goes with the last records that it could concern.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec
import pyarrow
import pyarrow.compute

from churn_data.errors import DataError
from churn_monitoring.prediction_log.store import Store
from churn_monitoring.prediction_log.tables import CUSTOMER, TIME

FOLDER = "_erased"
_NAME = re.compile(rf"{FOLDER}/([0-9a-f]{{32}})\.([0-9]+)\Z")
Erasures = Mapping[bytes, int]
"""By hash the time, in microseconds since 1970, up to which records go."""


class _Note(msgspec.Struct):
    until: int


def note_erasure(store: Store, customer: bytes, until: int) -> None:
    """Write down that a customer's records up to a time (microseconds since 1970) go.

    Raises:
        DataError, Unavailable: it cannot be written.
    """
    store.put(f"{FOLDER}/{customer.hex()}.{until}", msgspec.json.encode(_Note(until)))


def erasures(store: Store) -> Erasures:
    """Everybody who is to be forgotten.

    Raises:
        DataError, Unavailable: the store cannot be asked.
    """
    found: dict[bytes, int] = {}
    for name in store.names(f"{FOLDER}/"):
        matched = _NAME.fullmatch(name)
        if matched is None:
            raise DataError(name, "is no note of an erasure")
        customer, until = bytes.fromhex(matched[1]), int(matched[2])
        found[customer] = max(until, found.get(customer, until))
    return found


def forget_notes(store: Store, before: int) -> int:
    """Take away notes that concern records before a time alone; returns how many.

    Raises:
        DataError, Unavailable: the store cannot be asked.
    """
    matched = [found for name in store.names(f"{FOLDER}/") if (found := _NAME.fullmatch(name))]
    old = [found[0] for found in matched if int(found[2]) < before]
    for name in old:
        store.delete(name)
    return len(old)


def without_erased(table: pyarrow.Table, erased: Erasures) -> pyarrow.Table:
    """The rows that stay, in their order; the table itself where all do."""
    if not erased:
        return table
    column: Any = table[CUSTOMER]
    customers = pyarrow.array(list(erased), column.type)
    until = pyarrow.array(list(erased.values()), pyarrow.int64())
    places = pyarrow.compute.index_in(column, customers)
    latest = pyarrow.compute.take(until, places)
    written = table[TIME].cast(pyarrow.int64())
    goes = pyarrow.compute.fill_null(pyarrow.compute.less_equal(written, latest), fill_value=False)
    if not pyarrow.compute.any(goes).as_py():
        return table
    return table.filter(pyarrow.compute.invert(goes))

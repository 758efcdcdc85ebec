"""Customers who asked to be forgotten: their hashes, and until when their records go.

They are written down before anything is taken away and are looked at after anything is written, so that a table that is
made at the same time cannot bring anybody back. A note goes with the last records that it could concern.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
import pyarrow
import pyarrow.compute

from churn_data.errors import DataError
from churn_monitoring.prediction_log.store import Store
from churn_monitoring.prediction_log.tables import CUSTOMER, TIME

FOLDER = "_erased"
_NAME = re.compile(rf"{FOLDER}/([0-9a-f]{{32}})\.([0-9]+)\Z")
_MICROSECONDS = 1_000_000
_BEFORE_EVERYTHING = -(2**63)
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


class Moments(NamedTuple):
    """When somebody last wrote to what a table is made of, and now; both in seconds since 1970, by a clock that may
    have been another one when the rows were written."""

    written: float
    now: float


def without_erased(table: pyarrow.Table, erased: Erasures, moments: Moments | None = None) -> pyarrow.Table:
    """The rows that stay, in their order; the table itself where all do. Rows are as old as they say, or as `moments`
    show: no later than the last writing. Where that is still to come the clock was ahead and nobody knows their age;
    they go, since what is kept of somebody who asked to be forgotten is worse than what is missing of one who came
    back."""
    if not erased:
        return table
    column: Any = table[CUSTOMER]
    customers = pyarrow.array(list(erased), column.type)
    until = pyarrow.array(list(erased.values()), pyarrow.int64())
    places = pyarrow.compute.index_in(column, customers)
    latest = pyarrow.compute.take(until, places)
    goes = pyarrow.compute.less_equal(_ages(table, moments), latest)
    goes = pyarrow.compute.fill_null(goes, fill_value=False)
    if not pyarrow.compute.any(goes).as_py():
        return table
    return table.filter(pyarrow.compute.invert(goes))


def _ages(table: pyarrow.Table, moments: Moments | None) -> Any:
    """When rows were written, in microseconds since 1970; before everything where nobody knows."""
    said = table[TIME].cast(pyarrow.int64())
    if moments is None:
        return said
    written, now = (round(seconds * _MICROSECONDS) for seconds in moments)
    known = pyarrow.compute.min_element_wise(said, written)
    return pyarrow.compute.if_else(pyarrow.compute.greater(known, now), _BEFORE_EVERYTHING, known)

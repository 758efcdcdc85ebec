"""What is done to tables that lie in the store already: old partitions go, and so do customers who ask to be forgotten.

Each file changes at once or not at all; stopped half-way, the same command finishes it.
"""

import calendar
import re
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import pyarrow

from churn_data.errors import DataError
from churn_model.prediction_log.pseudonyms import PseudonymKey
from churn_monitoring.prediction_log.erasures import (
    Erasures,
    erasures,
    forget_notes,
    note_erasure,
    without_erased,
)
from churn_monitoring.prediction_log.store import Store
from churn_monitoring.prediction_log.tables import OUTCOMES, from_parquet, is_kept_table, parquet

_PARTITION = re.compile(r"use_case=[^/]+/date=(\d{4}-\d{2}-\d{2})/hour=\d{2}/[^/]+\.parquet\Z")
_OUTCOMES = re.compile(rf"{OUTCOMES}/use_case=[^/]+/month=(\d{{4}}-\d{{2}})/[^/]+\.parquet\Z")
_MICROSECONDS = 1_000_000
_WHENEVER = 2**63 - 1


class Retained(NamedTuple):
    """What an end of retention took away."""

    files: int
    erasures: int


class Erased(NamedTuple):
    """What a customer's wish took away; `files` are those that held something of theirs."""

    rows: int
    files: int


def tables_of(store: Store, below: str = "") -> list[tuple[str, date]]:
    """Every table below a folder of the store, with the day that it is of, in the order of names.

    Raises:
        DataError, Unavailable: the store cannot be asked.
    """
    matched = [found for name in store.names(below) if (found := _PARTITION.fullmatch(name))]
    return [(found[0], day) for found in matched if (day := _day(found[1]))]


def outcomes_of(store: Store) -> list[tuple[str, date]]:
    """Every table of what became of customers with the last day of the month that it is of, in the order of names.

    Raises:
        DataError, Unavailable: the store cannot be asked.
    """
    matched = [found for name in store.names(f"{OUTCOMES}/") if (found := _OUTCOMES.fullmatch(name))]
    firsts = [(found[0], first) for found in matched if (first := _day(f"{found[1]}-01"))]
    return [(name, first.replace(day=calendar.monthrange(first.year, first.month)[1])) for name, first in firsts]


def _day(text: str) -> date | None:
    """The day of a folder; None where no calendar has it, so that nobody here has made the folder."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def retain(store: Store, days: int, today: date) -> Retained:
    """Keep the tables of the last `days` days, `today` among them, and of whatever a clock called later; what became of
    customers goes by whole months.

    Raises:
        DataError, Unavailable: the store cannot be asked.
    """
    first = today - timedelta(days=days - 1)
    old = [name for name, day in (*tables_of(store), *outcomes_of(store)) if day < first]
    for name in old:
        store.delete(name)
    store.clear()
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    return Retained(len(old), forget_notes(store, round(start.timestamp() * _MICROSECONDS)))


def erase(
    store: Store,
    customer_id: str,
    keys: Sequence[PseudonymKey],
    advance: Callable[[int, int], None] = lambda _done, _all: None,
    clock: Callable[[], float] = time.time,
) -> Erased:
    """Take away every record of a customer up to now, by every key that is known, and what is known of their leaving.
    Records that are in the store go whatever time they say, for a clock may have been ahead; those up to now that are
    not there yet never get there, nor those of a clock that was put back before. What a machine brings whose clock is
    ahead all the time goes when the same is asked again. `advance` is told how many tables of how many were looked at.

    Raises:
        DataError, Unavailable: the store cannot be asked, or holds a table that is none; out of all others the
        customer is gone then.
    """
    until = round(clock() * _MICROSECONDS)
    own = dict.fromkeys((key.of(customer_id) for key in keys), _WHENEVER)
    for pseudonym in own:
        note_erasure(store, pseudonym, until)
    rows = files = 0
    erased = erasures(store)
    store.clear()
    while True:
        names = [name for name, _ in (*tables_of(store), *outcomes_of(store))]
        goes = {**erased, **own}
        refused: DataError | None = None
        for place, name in enumerate(names):
            advance(place, len(names))
            try:
                gone = _erase_from(store, name, goes)
            except _NoTable as error:  # nothing can be taken out of it, and much out of the others
                refused = refused or error
                continue
            rows, files = rows + gone, files + bool(gone)
        now = erasures(store)
        if now != erased:
            erased = now  # somebody else was erased meanwhile, and may have been written back by this very run
        elif refused:
            raise refused
        else:
            return Erased(rows, files)


class _NoTable(DataError):
    """A file that lies among tables and is none."""


def _erase_from(store: Store, name: str, erased: Erasures) -> int:
    content = store.get(name)
    if content is None:  # its time was over meanwhile
        return 0
    try:
        table = from_parquet(content)
    except (pyarrow.ArrowException, OSError) as error:
        raise _NoTable(name, f"is not a table of the prediction log ({str(error).splitlines()[0][:80]})") from None
    if not is_kept_table(table.schema):
        raise _NoTable(name, "is not a table of the prediction log (it has other columns)")
    kept = without_erased(table, erased)
    if kept.num_rows == table.num_rows:
        return 0
    if kept.num_rows:
        store.put(name, parquet(kept))
    else:
        store.delete(name)
    return int(table.num_rows - kept.num_rows)

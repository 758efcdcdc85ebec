"""Who asks to be forgotten is, in every table and by every key, also where tables are made at the same time; what is
older than the last days goes."""

import os
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from churn_data.errors import DataError
from churn_model.prediction_log.pseudonyms import PseudonymKey
from churn_monitoring.prediction_log.changes import Erased, Retained, erase, retain
from churn_monitoring.prediction_log.metrics import ShipperMetrics
from churn_monitoring.prediction_log.shipping import ship
from churn_monitoring.prediction_log.store import Store
from tests.prediction_log.shipped import KEY, NOON, answer, column, tables, write_segment

OLDER = PseudonymKey("older", b"o" * 32)
KEYS = (OLDER, KEY)
DAY = 86_400.0


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "log")


def folder(store: Store) -> Path:
    assert isinstance(store.root, Path)
    return store.root


def shipped(store: Store, *notes: object) -> int:
    segments = folder(store).parent / "segments"
    write_segment(segments, *notes)  # type: ignore[arg-type]
    return ship(segments, store, ShipperMetrics(), print).rows


def test_a_customer_is_gone_by_every_key_and_nobody_else_is(store: Store) -> None:
    shipped(store, answer("a", "b"), answer("a", key=OLDER), answer("c"))
    shipped(store, answer("d"), answer("a", time=NOON - DAY))
    untouched = {name: (folder(store) / name).read_bytes() for name in tables(folder(store))}
    assert erase(store, " a ", KEYS, clock=lambda: NOON + 1) == Erased(3, 2)
    assert set(column(folder(store), "customer")) == {KEY.of(name) for name in "bcd"}
    assert len(tables(folder(store))) == 2  # the one that held nobody else is gone
    assert erase(store, "a", KEYS, clock=lambda: NOON + 1) == Erased(0, 0)
    assert erase(store, "nobody", KEYS, clock=lambda: NOON + 1) == Erased(0, 0)
    changed = {name for name in tables(folder(store)) if (folder(store) / name).read_bytes() != untouched[name]}
    assert len(changed) == 1


def test_what_was_not_shipped_yet_never_gets_there_and_a_customer_who_comes_back_is_kept(store: Store) -> None:
    segments = folder(store).parent / "segments"
    write_segment(segments, answer("a", "b", time=NOON), answer("a", time=NOON + 10))
    write_segment(segments, answer("a", time=NOON))
    assert erase(store, "a", KEYS, clock=lambda: NOON + 5) == Erased(0, 0)
    assert ship(segments, store, ShipperMetrics(), print).rows == 2
    assert sorted(column(folder(store), "customer")) == sorted([KEY.of("a"), KEY.of("b")])  # type: ignore[type-var]
    assert len(tables(folder(store))) == 1


def test_what_was_written_while_a_clock_was_ahead_never_gets_there_either(store: Store) -> None:
    segments, now = folder(store).parent / "segments", time.time()
    write_segment(segments, answer("a", "b", time=now + DAY))
    erase(store, "a", KEYS, clock=lambda: now)
    assert ship(segments, store, ShipperMetrics(), print).rows == 1
    assert column(folder(store), "customer") == [KEY.of("b")]


def test_a_segment_that_waits_until_its_times_have_come_was_written_when_its_file_says(store: Store) -> None:
    segments = folder(store).parent / "segments"
    early = write_segment(segments, answer("a", "b", time=NOON + DAY))
    os.utime(early, (NOON, NOON))
    late = write_segment(segments, answer("a", time=NOON + DAY))
    os.utime(late, (NOON + 2, NOON + 2))
    erase(store, "a", KEYS, clock=lambda: NOON + 1)
    assert ship(segments, store, ShipperMetrics(), print).rows == 2
    assert sorted(column(folder(store), "customer")) == sorted([KEY.of("a"), KEY.of("b")])  # type: ignore[type-var]


def test_what_came_from_a_clock_that_is_still_ahead_goes_with_the_same_wish_again(store: Store) -> None:
    segments = folder(store).parent / "segments"
    write_segment(segments, answer("a", "b", time=NOON + DAY))
    erase(store, "a", KEYS, clock=lambda: NOON)
    assert ship(segments, store, ShipperMetrics(), print).rows == 2
    assert erase(store, "a", KEYS, clock=lambda: NOON + 1) == Erased(1, 1)
    assert column(folder(store), "customer") == [KEY.of("b")]


def _nothing() -> None:
    pass


class Interrupting(Store):
    """A store in which something else happens right after a table was written."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.then: Callable[[], None] = _nothing

    def put(self, name: str, content: bytes) -> None:
        super().put(name, content)
        if name.endswith(".parquet"):
            then, self.then = self.then, _nothing
            then()


def test_who_is_erased_while_a_table_is_made_is_not_in_it(tmp_path: Path) -> None:
    store = Interrupting(tmp_path / "log")

    def forgotten() -> None:
        erase(Store(tmp_path / "log"), "a", KEYS, clock=lambda: NOON + 1)

    store.then = forgotten
    assert shipped(store, answer("a", "b")) == 1
    assert column(tmp_path / "log", "customer") == [KEY.of("b")]


def test_two_who_are_erased_at_the_same_time_both_are(tmp_path: Path) -> None:
    store = Interrupting(tmp_path / "log")
    shipped(store, answer("a", "b", "c"))
    before = {name: (tmp_path / "log" / name).read_bytes() for name in tables(tmp_path / "log")}

    def another() -> None:
        plain = Store(tmp_path / "log")
        erase(plain, "b", KEYS, clock=lambda: NOON + 1)
        for name, content in before.items():  # as if ours had been written last, from what it had read before
            plain.put(name, content)

    store.then = another
    erase(store, "a", KEYS, clock=lambda: NOON + 1)
    assert column(tmp_path / "log", "customer") == [KEY.of("c")]


def test_the_last_days_stay_and_notes_go_with_what_they_concern(store: Store) -> None:
    times = [NOON - 40 * DAY, NOON - 2 * DAY, NOON - DAY, NOON, NOON + 400 * DAY, 0.0]
    shipped(store, *(answer(f"c{number}", time=time) for number, time in enumerate(times)))
    erase(store, "c0", KEYS, clock=lambda: NOON - 30 * DAY)
    erase(store, "c1", KEYS, clock=lambda: NOON + 1)
    assert retain(store, 2, date(2026, 9, 21)) == Retained(1, 2)
    assert {name.split("/")[1] for name in tables(folder(store))} == {
        "date=2026-09-20",
        "date=2026-09-21",
        "date=2027-10-26",
    }
    assert len(store.names("_erased/")) == 2
    assert retain(store, 2, date(2026, 9, 21)) == Retained(0, 0)


def test_a_table_that_is_none_is_named(store: Store) -> None:
    store.put("use_case=sample/date=2026-09-21/hour=13/x-00000001.parquet", b"no table")
    with pytest.raises(DataError, match=r"x-00000001.parquet: is not a table of the prediction log"):
        erase(store, "a", KEYS)

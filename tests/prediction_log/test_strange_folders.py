"""Whatever lies where segments or tables lie: what is ours is taken away, the rest is left alone, and named where it is
in the way."""

import fcntl
import shutil
from datetime import date
from pathlib import Path

import pytest

from churn_data.errors import DataError
from churn_model.prediction_log.frames import frame
from churn_model.prediction_log.records import ModelNote, encode_note
from churn_monitoring.prediction_log.changes import Erased, erase, outcomes_of, retain, tables_of
from churn_monitoring.prediction_log.metrics import ShipperMetrics
from churn_monitoring.prediction_log.segments import waiting
from churn_monitoring.prediction_log.shipping import Shipped, ship
from churn_monitoring.prediction_log.store import Store
from tests.prediction_log.shipped import KEY, NOON, answer, column, tables, write_segment
from tests.prediction_log.test_commands import churn

TODAY = date(2026, 9, 21)


@pytest.fixture
def segments(tmp_path: Path) -> Path:
    return tmp_path / "predictions" / "segments"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "predictions" / "log")


def root(store: Store) -> Path:
    assert isinstance(store.root, Path)
    return store.root


def shipped(segments: Path, store: Store) -> Shipped:
    return ship(segments, store, ShipperMetrics(), print)


def test_what_no_process_of_ours_has_made_is_left_alone(segments: Path, store: Store) -> None:
    """A disk of its own has a `lost+found`, which nobody but root may open."""
    write_segment(segments, answer("a"))
    for name in ("lost+found/lock", "empty", "notes/of/somebody"):
        (segments / name).mkdir(parents=True)
    assert shipped(segments, store) == Shipped(1, 1, 0)
    assert sorted(path.relative_to(segments).as_posix() for path in segments.rglob("*")) == [
        "empty", "lost+found", "lost+found/lock", "notes", "notes/of", "notes/of/somebody",
    ]  # fmt: skip


def test_a_folder_that_cannot_be_looked_after_is_named_and_does_not_stand_in_the_way(
    tmp_path: Path, segments: Path, store: Store
) -> None:
    odd = write_segment(segments, answer("a"))
    (odd.parent / "lock").unlink(missing_ok=True)
    (odd.parent / "lock").mkdir()  # nobody opens that for writing, not even root
    write_segment(segments, answer("b"))
    found = shipped(segments, store)
    assert (found.rows, found.problem) == (1, f"{odd.parent}: cannot be looked after (Is a directory)")
    assert odd.exists()
    done = churn(tmp_path, "ship", "--once")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, f"churn: {found.problem}")
    assert churn(tmp_path, "status").returncode == 0


def test_a_file_in_place_of_the_folder_is_named(segments: Path, store: Store) -> None:
    segments.parent.mkdir(parents=True)
    segments.write_text("a file")
    assert shipped(segments, store) == Shipped(0, 0, 0, f"{segments}: cannot be looked into (Not a directory)")
    with pytest.raises(DataError, match="cannot be looked into"):
        waiting(segments)


def test_a_record_that_a_disk_has_spoilt_costs_no_other(segments: Path, store: Store) -> None:
    path = write_segment(segments, *(answer(f"c{number}") for number in range(5)))
    content = bytearray(path.read_bytes())
    content[-300] ^= 1
    path.write_bytes(content)
    assert shipped(segments, store) == Shipped(1, 4, 0)


def test_answers_of_a_model_whose_introduction_is_spoilt_are_counted_and_others_kept(
    segments: Path, store: Store
) -> None:
    other = ModelNote(1, "sample", "churn-sample", "2", "sha256:01", ("tenure",), (True,))
    path = write_segment(segments, answer("a"), other, answer("b", model=1), answer("c"))
    content, introduction = path.read_bytes(), frame(encode_note(other))
    path.write_bytes(content.replace(introduction, introduction[:-1] + b"?"))
    assert shipped(segments, store) == Shipped(1, 2, 0)
    assert column(root(store), "customer") == [KEY.of("a"), KEY.of("c")]


def test_a_segment_of_a_version_to_come_is_kept_for_it(segments: Path, store: Store) -> None:
    path = write_segment(segments, answer("a"))
    path.write_bytes(path.read_bytes().replace(b"predictions 1", b"predictions 2"))
    found = shipped(segments, store)
    assert (found.rows, found.left) == (0, 1)
    assert "another version" in found.problem
    assert path.exists()


@pytest.mark.parametrize(
    "name",
    [
        "use_case=sample/date=2026-02-30/hour=01/x.parquet",
        "use_case=sample/date=0000-01-01/hour=01/x.parquet",
        "_outcomes/use_case=sample/month=2026-13/1-0.parquet",
    ],
)
def test_days_that_no_calendar_has_are_nobodys_tables(store: Store, name: str) -> None:
    store.put(name, b"somebody else's")
    assert (tables_of(store), outcomes_of(store)) == ([], [])
    retain(store, 1, TODAY)
    assert store.names() == [name]


def test_the_last_month_that_a_calendar_has_ends_too(store: Store) -> None:
    store.put("_outcomes/use_case=sample/month=9999-12/1-0.parquet", b"")
    assert [day for _, day in outcomes_of(store)] == [date(9999, 12, 31)]


def test_who_is_forgotten_is_so_whatever_time_a_clock_said(segments: Path, store: Store) -> None:
    write_segment(segments, *(answer("a", "b", time=time) for time in (NOON, NOON + 86_400 * 365, 4e9)))
    shipped(segments, store)
    assert erase(store, "a", [KEY], clock=lambda: NOON + 1) == Erased(3, 3)
    assert set(column(root(store), "customer")) == {KEY.of("b")}


def test_a_file_that_is_no_table_keeps_nobody_else_from_being_forgotten(segments: Path, store: Store) -> None:
    write_segment(segments, answer("a", "b"), answer("a", time=NOON + 7200))
    shipped(segments, store)
    first, _ = tables(root(store))
    foreign = str(Path(first).with_name("0.parquet"))
    store.put(foreign, b"no table")
    with pytest.raises(DataError, match=r"0\.parquet: is not a table"):
        erase(store, "a", [KEY])
    store.delete(foreign)
    assert set(column(root(store), "customer")) == {KEY.of("b")}


def test_what_a_killed_process_had_begun_to_write_goes_and_what_a_living_one_writes_stays(
    segments: Path, store: Store
) -> None:
    write_segment(segments, answer("a"))
    shipped(segments, store)
    (name,) = tables(root(store))
    table = root(store) / name
    left, begun = (table.with_name(f".{table.name}.{process}") for process in (1, 2))
    for path in (left, begun):
        shutil.copy(table, path)
    with begun.open("rb") as writing:
        fcntl.flock(writing, fcntl.LOCK_EX)
        erase(store, "a", [KEY])
        assert (left.exists(), begun.exists()) == (False, True)
    retain(store, 1, TODAY)
    assert not begun.exists()


def test_nobody_cannot_be_forgotten(tmp_path: Path) -> None:
    assert churn(tmp_path, "new-key").returncode == 0
    done = churn(tmp_path, "erase", "--customer", "  ")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        2, "churn: --customer: is empty, the id of a customer was expected",
    )  # fmt: skip

"""Segments become tables exactly once, whatever they are like and however often shipping is stopped."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pyarrow
import pytest

from churn_model.prediction_log.frames import HEADER, frame
from churn_model.prediction_log.records import ModelNote
from churn_monitoring.prediction_log.metrics import ShipperMetrics
from churn_monitoring.prediction_log.shipping import Shipped, ship
from churn_monitoring.prediction_log.store import Store
from churn_serving.adapters.segment_writer import SegmentLimits, SegmentWriter
from tests.prediction_log.shipped import KEY, MODEL, NOON, answer, column, tables, write_segment


class Shipping:
    """Segments and a store in a folder."""

    def __init__(self, home: Path) -> None:
        self.segments, self.store = home / "segments", home / "log"
        self.metrics = ShipperMetrics()
        self.said: list[str] = []

    def __call__(self) -> Shipped:
        return ship(self.segments, Store(self.store), self.metrics, self.said.append)

    def metric(self, name: str) -> float:
        return self.metrics.registry.get_sample_value(f"churn_prediction_log_{name}") or 0.0


@pytest.fixture
def shipping(tmp_path: Path) -> Shipping:
    return Shipping(tmp_path)


def test_a_row_says_all_that_was_answered(shipping: Shipping) -> None:
    note = answer("a", "b")
    segment = write_segment(shipping.segments, note)
    instance = segment.parent.name
    assert shipping() == Shipped(1, 2, 0)
    ((name, table),) = tables(shipping.store).items()
    assert name == f"use_case=sample/date=2026-09-21/hour=14/{instance}-00000001.parquet"
    assert table.to_pylist()[1] == {
        "time": datetime.fromtimestamp(NOON, UTC), "request_id": note.request_id, "route": "/v1/predictions",
        "customer": KEY.of("b"), "key": "first", "model": "churn-sample", "version": "1", "digest": "sha256:00",
        "served_by": "primary", "arm": None, "churn_probability": note.customers[1].probability, "segment": 1,
        "action": "call", "expected_value": 3.5, "milliseconds": 1.5, "instance": instance, "sequence": 1,
        "position": 1, "feature.tenure": note.customers[1].values[0], "feature.Contract": "One year",
    }  # fmt: skip
    assert list(shipping.segments.iterdir()) == []
    assert (shipping.metric("shipped_total"), shipping.metric("waiting_segments")) == (2, 0)


def test_the_same_segment_again_is_no_second_copy(shipping: Shipping, tmp_path: Path) -> None:
    segment = write_segment(shipping.segments, *(answer(f"c{number}") for number in range(50)))
    shutil.copytree(segment.parent, tmp_path / "kept")
    shipping()
    first = {name: (shipping.store / name).read_bytes() for name in tables(shipping.store)}
    shutil.copytree(tmp_path / "kept", segment.parent)  # it was killed before the segment was gone
    assert shipping().rows == 50
    assert {name: (shipping.store / name).read_bytes() for name in tables(shipping.store)} == first


@pytest.mark.parametrize(
    "rest", [b"\0", b"garbage", frame(b"cut off")[:-1], bytes(4096)], ids=["zero", "words", "cut", "zeros"]
)
def test_a_broken_end_is_cut_off_and_counted(shipping: Shipping, rest: bytes) -> None:
    write_segment(shipping.segments, answer("a"), rest=rest)
    assert shipping() == Shipped(1, 1, 0)
    assert shipping.metric("broken_bytes_total") == len(rest)
    assert f"{len(rest)} bytes of it are no whole record" in shipping.said[0]


def test_a_file_that_is_no_segment_at_all_is_counted(shipping: Shipping) -> None:
    write_segment(shipping.segments, answer("a")).write_bytes(b"power was lost")
    assert shipping() == Shipped(1, 0, 0)
    assert shipping.metric("broken_bytes_total") == len(b"power was lost")
    assert tables(shipping.store) == {}


def test_records_of_another_version_are_kept_where_they_are(shipping: Shipping) -> None:
    odd = write_segment(shipping.segments, answer("a"), rest=frame(b"\x92\x07\x01"))
    write_segment(shipping.segments, answer("b"))
    shipped = shipping()
    assert (shipped.rows, shipped.left) == (1, 1)
    assert "another version" in shipped.problem
    assert odd.exists()
    assert shipping.metric("ship_failures_total") == 1


def test_one_that_no_table_can_be_made_of_does_not_stand_in_the_way_of_others(shipping: Shipping) -> None:
    """Nor does it end the process: a sidecar that ends again and again would take its gateway out of service."""
    broken = write_segment(shipping.segments, answer("a", time=1e18))
    write_segment(shipping.segments, answer("b"))
    shipped = shipping()
    assert (shipped.rows, shipped.left) == (1, 1)
    assert str(broken) in shipped.problem
    assert broken.exists()
    assert shipping.metric("ship_failures_total") == 1


def test_a_clock_that_jumps_changes_neither_order_nor_names(shipping: Shipping) -> None:
    times = [NOON, NOON - 7200, 5.0, NOON + 1, 4_000_000_000.0, NOON]
    write_segment(shipping.segments, *(answer(f"c{number}", time=time) for number, time in enumerate(times)))
    assert shipping().rows == 6
    assert [moment.timestamp() for moment in column(shipping.store, "time")] == times  # type: ignore[attr-defined]
    assert {name.split("/")[1] for name in tables(shipping.store)} == {
        "date=1970-01-01",
        "date=2026-09-21",
        "date=2096-10-02",
    }
    assert len({name.rsplit("/", 1)[1] for name in tables(shipping.store)}) == 1


def test_models_of_different_features_share_a_file(shipping: Shipping) -> None:
    other = ModelNote(1, "sample", "churn-sample", "2", "sha256:01", ("Contract", "region"), (True, False))
    second = answer("b", model=1)
    write_segment(shipping.segments, answer("a"), other, second)
    shipping()
    (table,) = tables(shipping.store).values()
    assert table.schema.field("feature.Contract").type == pyarrow.string()  # a number to one, a category to the other
    assert [row["feature.region"] for row in table.to_pylist()] == [None, "One year"]
    assert [row["version"] for row in table.to_pylist()] == ["1", "2"]


def test_missing_values_are_missing(shipping: Shipping) -> None:
    note = answer("a")
    gone = msgspec.structs.replace(note.customers[0], values=(float("nan"), None), customer=None)
    write_segment(shipping.segments, msgspec.structs.replace(note, customers=(gone,)))
    shipping()
    (row,) = next(iter(tables(shipping.store).values())).to_pylist()
    assert (row["feature.tenure"], row["feature.Contract"], row["customer"]) == (None, None, None)


def test_what_a_living_process_writes_is_left_to_it_and_taken_when_it_is_dead(shipping: Shipping) -> None:
    from churn_model.prediction_log.records import encode_note

    writer = SegmentWriter(shipping.segments, SegmentLimits(10_000, 3600.0, 10_000_000))
    writer.append(frame(encode_note(MODEL)) + frame(encode_note(answer("a"))))
    assert shipping() == Shipped(0, 0, 0)
    writer._release()  # as the kernel does for a process that was killed
    assert shipping() == Shipped(1, 1, 0)
    assert list(shipping.segments.iterdir()) == []


def test_a_dead_process_that_wrote_nothing_leaves_nothing(shipping: Shipping) -> None:
    writer = SegmentWriter(shipping.segments, SegmentLimits(10_000, 3600.0, 10_000_000))
    (path,) = shipping.segments.glob("*/*.open")
    assert path.read_bytes() == HEADER
    writer._release()
    assert shipping() == Shipped(0, 0, 0)
    assert list(shipping.segments.iterdir()) == []


def test_while_the_store_cannot_be_written_everything_waits(shipping: Shipping) -> None:
    shipping.store.write_text("a file where the store should be")
    for name in "abc":
        write_segment(shipping.segments, answer(name))
    shipped = shipping()
    assert (shipped.segments, shipped.left) == (0, 3)
    assert str(shipping.store) in shipped.problem
    assert shipping.metric("waiting_segments") == 3
    shipping.store.unlink()
    assert shipping() == Shipped(3, 3, 0)


def test_no_folder_is_nothing_to_do(shipping: Shipping) -> None:
    assert shipping() == Shipped(0, 0, 0)

"""Segments as they are written: done by size and age, bounded, whole whatever the disk takes, named by no clock."""

import asyncio
import contextlib
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from awaiting import until
from churn_model.prediction_log.frames import HEADER, frame, frames
from churn_model.prediction_log.places import take_lock
from churn_serving.adapters import segment_writer
from churn_serving.adapters.segment_file import SegmentFile
from churn_serving.adapters.segment_writer import NotKept, SegmentLimits, SegmentWriter
from tests.prediction_log.segments import segments

LIMITS = SegmentLimits(segment_bytes=1000, segment_seconds=3600.0, maximum_bytes=100_000)


def contents(folder: Path) -> list[bytes]:
    return [found for path in segments(folder) for found in frames(path.read_bytes()).contents]


@contextlib.contextmanager
def largest_file(size: int) -> Iterator[None]:
    """The kernel takes what fits and refuses the rest, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_segment_is_done_by_its_size_and_the_last_one_at_the_end(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path, LIMITS)
    records = [b"%03d" % number + bytes(297) for number in range(8)]
    for record in records:
        writer.append(frame(record))
    assert [path.name for path in segments(tmp_path)] == ["00000001.segment", "00000002.segment", "00000003.open"]
    assert contents(tmp_path) == records
    writer.close()
    assert [path.name for path in segments(tmp_path)] == [f"0000000{number}.segment" for number in (1, 2)]


async def test_a_segment_is_done_by_its_age_unless_nothing_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segment_writer, "LOOK_SECONDS", 0.01)
    measured: list[int] = []
    writer = SegmentWriter(tmp_path, LIMITS._replace(segment_seconds=0.05, sync_seconds=0.01), measured.append)
    tasks = [asyncio.create_task(work()) for work in (writer.run, writer.run_sync)]
    await until(lambda: len(measured) > 10)
    assert [path.name for path in segments(tmp_path)] == ["00000001.open"]
    writer.append(frame(b"one"))
    await until(lambda: bool(segments(tmp_path, ".segment")))
    await until(lambda: measured[-1] == 2 * len(HEADER) + len(frame(b"one")))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    writer.close()
    assert contents(tmp_path) == [b"one"]


def test_beyond_the_bound_nothing_is_written_whoever_wrote_the_rest(tmp_path: Path) -> None:
    (tmp_path / "of-another-process").mkdir()
    (tmp_path / "of-another-process" / "00000001.segment").write_bytes(bytes(90_000))
    writer = SegmentWriter(tmp_path, LIMITS)
    kept = 0
    with contextlib.suppress(NotKept):
        while kept < 100:
            writer.append(frame(bytes(992)))
            kept += 1
    with pytest.raises(NotKept, match="full"):
        writer.append(frame(bytes(992)))
    assert 5 <= kept <= 10
    assert sum(path.stat().st_size for path in segments(tmp_path)) <= LIMITS.maximum_bytes + LIMITS.segment_bytes


def test_what_a_full_disk_takes_in_part_is_taken_back_and_writing_goes_on_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segment_writer, "_PAUSE_SECONDS", 0.0)
    writer = SegmentWriter(tmp_path, LIMITS)
    writer.append(frame(b"before" + bytes(100)))
    with largest_file(400):
        with pytest.raises(NotKept, match="unwritable"):
            writer.append(frame(bytes(500)))
        writer.append(frame(b"fits" + bytes(100)))
    writer.append(frame(b"after" + bytes(100)))
    assert [each.rstrip(b"\0") for each in contents(tmp_path)] == [b"before", b"fits", b"after"]


def test_while_the_disk_refuses_it_is_not_asked_again_at_once(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path, LIMITS)
    with largest_file(100), pytest.raises(NotKept, match="unwritable"):
        writer.append(frame(bytes(500)))
    with pytest.raises(NotKept, match="unwritable"):
        writer.append(frame(b"fits"))
    assert contents(tmp_path) == []


class SlowDisk:
    """A clock that goes on by what each write takes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.takes = 1000.0, 0.0
        monkeypatch.setattr(segment_writer, "time", SimpleNamespace(monotonic=lambda: self.now))
        append = SegmentFile.append

        def slowly(file: SegmentFile, content: bytes) -> None:
            append(file, content)
            self.now += self.takes

        monkeypatch.setattr(SegmentFile, "append", slowly)


def test_one_write_that_takes_long_leaves_nothing_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for the processor in the middle of a write, as under a limit, has waited for no disk."""
    disk, writer = SlowDisk(monkeypatch), SegmentWriter(tmp_path, LIMITS)
    records = [b"%d" % number for number in range(6)]
    for record, disk.takes in zip(records, (0.09, 0.0, 0.09, 0.0, 0.09, 0.0), strict=True):
        writer.append(frame(record))
    assert contents(tmp_path) == records


def test_a_disk_that_stays_slow_is_left_alone_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk, writer = SlowDisk(monkeypatch), SegmentWriter(tmp_path, LIMITS)
    disk.takes = 0.09
    writer.append(frame(b"a"))
    writer.append(frame(b"b"))
    with pytest.raises(NotKept, match="unwritable"):
        writer.append(frame(b"left out"))
    disk.now += 2.0
    writer.append(frame(b"c"))
    with pytest.raises(NotKept, match="unwritable"):
        writer.append(frame(b"left out: still as slow"))
    disk.now, disk.takes = disk.now + 2.0, 0.0
    for record in (b"d", b"e"):
        writer.append(frame(record))
    assert contents(tmp_path) == [b"a", b"b", b"c", b"d", b"e"]


async def test_a_folder_that_somebody_takes_away_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment_writer, "LOOK_SECONDS", 0.01)
    writer = SegmentWriter(tmp_path / "log", LIMITS)
    writer.append(frame(b"lost with the folder"))
    task = asyncio.create_task(writer.run())
    shutil.rmtree(tmp_path / "log")

    def writes() -> bool:
        before = writer.sequence
        with contextlib.suppress(NotKept):
            writer.append(frame(b"kept"))
        return bool(segments(tmp_path / "log")) and writer.sequence >= before

    await until(writes)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert b"kept" in contents(tmp_path / "log")


def test_a_process_that_lives_holds_its_folder_and_every_process_has_another(tmp_path: Path) -> None:
    one, other = SegmentWriter(tmp_path, LIMITS), SegmentWriter(tmp_path, LIMITS)
    folders = sorted(tmp_path.iterdir())
    assert len(folders) == 2
    assert [take_lock(folder) for folder in folders] == [None, None]
    one.close()
    other.close()
    assert None not in [take_lock(folder) for folder in folders]


def test_a_folder_that_cannot_be_written_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OSError, match="File exists"):
        SegmentWriter(tmp_path / "file", LIMITS)

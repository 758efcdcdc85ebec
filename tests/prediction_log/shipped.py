"""Segments made of notes, and what of them is in a store."""

import itertools
import random
from collections.abc import Sequence
from pathlib import Path

import pyarrow
import pyarrow.compute
import pyarrow.parquet

from churn_model.prediction_log.frames import frame
from churn_model.prediction_log.pseudonyms import PseudonymKey
from churn_model.prediction_log.records import AnswerNote, CustomerNote, ModelNote, encode_note
from churn_serving.adapters.segment_writer import SegmentLimits, SegmentWriter

KEY = PseudonymKey("first", b"k" * 32)
NOON = 1_790_000_400.0
"""2026-09-21T13:00:00 UTC."""
MODEL = ModelNote(0, "sample", "churn-sample", "1", "sha256:00", ("tenure", "Contract"), (True, False))
_LIMITS = SegmentLimits(10_000_000, 3600.0, 100_000_000)
_COUNT = itertools.count()


def answer(*customer_ids: str, time: float = NOON, model: int = 0, key: PseudonymKey = KEY) -> AnswerNote:
    """An answer to these customers, of random values."""
    made = tuple(
        CustomerNote(key.of(name), (random.random(), "One year"), random.random(), 1, "call", 3.5)
        for name in customer_ids
    )
    return AnswerNote(time, f"r{next(_COUNT)}", "/v1/predictions", model, "primary", None, 1.5, key.id, made)


def write_segment(folder: Path, *notes: AnswerNote | ModelNote, rest: bytes = b"") -> Path:
    """A segment of a process that has ended."""
    before = set(folder.glob("*/*.segment"))
    writer = SegmentWriter(folder, _LIMITS)
    writer.append(b"".join(frame(encode_note(note)) for note in (MODEL, *notes)) + rest)
    writer.close()
    (path,) = set(folder.glob("*/*.segment")) - before
    return path


def tables(store: Path) -> dict[str, pyarrow.Table]:
    return {
        path.relative_to(store).as_posix(): pyarrow.parquet.ParquetFile(path).read()
        for path in sorted(store.rglob("*.parquet"))
    }


def mentions(table: pyarrow.Table, word: str) -> bool:
    """Whether a text or bytes of a table hold a word; its file is compressed, so looking there may not find it."""
    named = [table[name] for name in table.column_names]
    texts = [each for each in named if pyarrow.types.is_string(each.type) or pyarrow.types.is_binary(each.type)]
    assert texts
    fixed = [each.cast(pyarrow.binary()) for each in named if pyarrow.types.is_fixed_size_binary(each.type)]
    return any(pyarrow.compute.any(pyarrow.compute.match_substring(each, word)).as_py() for each in texts + fixed)


def column(store: Path, name: str) -> list[object]:
    """A column of all tables, in the order in which each process wrote."""
    rows: list[tuple[str, int, int, object]] = []
    for table in tables(store).values():
        places: Sequence[list[object]] = [
            table[each].to_pylist() for each in ("instance", "sequence", "position", name)
        ]
        rows += zip(*places, strict=True)
    return [row[3] for row in sorted(rows, key=lambda row: row[:3])]

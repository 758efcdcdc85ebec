"""Scores a file of customers with a model package, chunk by chunk, by the scorer that every server uses.

It reads cells by the rules of training. It must not hold a whole file in memory or leave half an answer behind.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy
import pyarrow

from churn_data.arrow_files import arrow_file
from churn_data.errors import DataError
from churn_data.leavers_left_in import LeaversLeftIn
from churn_data.notices import Notices
from churn_data.schema_columns import SchemaColumns, texts_of
from churn_data.tables import open_table
from churn_data.written_files import Columns, Kind
from churn_model.column_actions import decide_columns
from churn_model.column_rows import ColumnRows
from churn_model.package import Package
from churn_model.rules import RISKS, Label

Advance = Callable[[float], None]
_ANSWERING = 2
"""Chunks that are answered at once: enough for two processors beside the reader, few enough for memory."""


_KINDS: dict[str, Kind] = {
    "churn_probability": "number",
    "segment": "whole number",
    "expected_value": "number",
    "cost": "number",
}
_NAMES = (
    "id", "churn_probability", "risk", "segment", "segment_name", "action", "action_name", "expected_value", "cost"
)  # fmt: skip
COLUMNS: Columns = [(name, _KINDS.get(name, "text")) for name in _NAMES]
"""Of the file of answers."""


@dataclass(frozen=True)
class Scored:
    """How many customers were scored, and by feature how many of them had a level that training never saw, and how many
    no value."""

    rows: int
    unseen: dict[str, int]
    missing: dict[str, int]


def score_file(
    package: Package,
    source: Path,
    target: Path,
    missing: Iterable[str],
    advance: Advance,
    notices: Notices | None = None,
    *,
    row_group: int | None = None,
    label: Label | None = None,
) -> Scored:
    """Write the answers for every customer of `source` to `target`, in the same order.

    Args:
        package: an opened model package.
        source: CSV or Parquet with every column that the model needs; further columns are ignored.
        target: CSV or Parquet by its ending.
        missing: texts that mean "not known" beside blank ones and those that the model knows.
        advance: told how many rows are done with each chunk.
        notices: told what was recognised and counted.
        row_group: of a Parquet file the one to score; None: all.
        label: where the file has its column, it is told how many have left already; it changes no answer.

    Raises:
        DataError: one line that names file, row and column; `target` is as before.
    """
    if target.exists() and source.exists() and target.samefile(source):
        raise DataError(str(target), "is the input too, another output file was expected")
    done, heard = 0, notices if notices is not None else Notices(str(source))
    with open_table(source, notices=heard, row_group=row_group) as table, arrow_file(target, COLUMNS) as write:
        reader = SchemaColumns(table, package.manifest.schema, missing)
        leavers = LeaversLeftIn(table, label, missing)
        for arrays in _answered(package, map(reader.read, leavers.seen(table.chunks))):
            write(arrays)
            done += len(arrays[0])
            advance(len(arrays[0]))
    reader.tell(heard)
    leavers.tell(heard)
    return Scored(done, +reader.unseen, +reader.missing)


def answer(package: Package, ids: pyarrow.Array, rows: ColumnRows) -> list[pyarrow.Array]:
    """Probability, segment and action of each customer, in the order of :data:`COLUMNS`."""
    probabilities, segments = package.scorer.score(rows)
    profiles = package.description.segmenter.profiles
    decisions = decide_columns(package.description.actions, probabilities, segments, rows)
    kinds, chosen = decisions.kinds, decisions.chosen
    names = [profiles[segment].name if segment in profiles else "" for segment in range(max(profiles) + 1)]
    return [
        ids,
        pyarrow.array(probabilities),
        texts_of(RISKS, decisions.risk),
        pyarrow.array(segments, pyarrow.int64()),
        texts_of(names, numpy.array(segments)),
        texts_of([kind.id for kind in kinds], chosen),
        texts_of([kind.name for kind in kinds], chosen),
        pyarrow.array(decisions.expected_value, from_pandas=True),
        pyarrow.DictionaryArray.from_arrays(
            pyarrow.array(chosen, pyarrow.int32()), pyarrow.array([kind.cost for kind in kinds], pyarrow.float64())
        ),
    ]


def _answered(package: Package, chunks: Iterator[tuple[pyarrow.Array, ColumnRows]]) -> Iterator[list[pyarrow.Array]]:
    """The answers to each chunk, in order: while one is written, the next few are answered and one more is read.

    Arrow, numpy and CatBoost leave other threads alone while they compute, so all processors have work.
    """
    waiting: deque[Future[list[pyarrow.Array]]] = deque()
    with (
        ThreadPoolExecutor(1, thread_name_prefix="reading") as reading,
        ThreadPoolExecutor(_ANSWERING, thread_name_prefix="answering") as answering,
    ):
        following = reading.submit(next, chunks, None)
        while (chunk := following.result()) is not None:
            following = reading.submit(next, chunks, None)
            waiting.append(answering.submit(answer, package, *chunk))
            if len(waiting) > _ANSWERING:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

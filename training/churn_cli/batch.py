"""Scores a file of customers with a model package, chunk by chunk, by the scorer that every server uses.

It reads cells by the rules of training. It must not hold a whole file in memory or leave half an answer behind.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from churn_data.cells import Cell, categories, clean, numbers
from churn_data.errors import DataError
from churn_data.tables import Chunk, Table, open_table
from churn_data.written_files import Columns, Kind, table_file
from churn_model.package import Package
from churn_model.schema import Row, SchemaFeature
from churn_model.spelling import Levels

Advance = Callable[[float], None]


class Answers(NamedTuple):
    """Answers by column, one entry a customer; the field names are the columns of the file."""

    id: Sequence[str]
    churn_probability: Sequence[float]
    risk: Sequence[str]
    segment: Sequence[int]
    segment_name: Sequence[str]
    action: Sequence[str]
    action_name: Sequence[str]
    expected_value: Sequence[float]
    cost: Sequence[float]


_KINDS: dict[str, Kind] = {
    "churn_probability": "number",
    "segment": "whole number",
    "expected_value": "number",
    "cost": "number",
}
COLUMNS: Columns = [(name, _KINDS.get(name, "text")) for name in Answers._fields]


def score_file(package: Package, source: Path, target: Path, missing: Iterable[str], advance: Advance) -> int:
    """Write the answers for every customer of `source` to `target`, in the same order; returns how many.

    Args:
        package: an opened model package.
        source: CSV or Parquet with the id column and every feature; further columns are ignored.
        target: CSV or Parquet by its ending.
        missing: texts that mean "not known" beside blank ones.
        advance: told how many rows are done with each chunk.

    Raises:
        DataError: one line that names file, row and column; `target` is as before.
    """
    if target.exists() and source.exists() and target.samefile(source):
        raise DataError(str(target), "is the input too, another output file was expected")
    done = 0
    with open_table(source) as table:
        reader = _Reader(table, package, frozenset(missing))
        with table_file(target, COLUMNS) as write:
            for chunk in table.chunks:
                ids, rows = reader.read(chunk)
                write(answer(package, ids, rows))
                done += len(ids)
                advance(len(ids))
    return done


def answer(package: Package, ids: Sequence[str], rows: Sequence[Row]) -> Answers:
    """Probability, segment and action of each customer."""
    probabilities, segments = package.scorer.score(rows)
    actions, profiles = package.description.actions, package.description.segmenter.profiles
    decisions = list(map(actions.decide, probabilities, segments, rows))
    return Answers(
        id=ids,
        churn_probability=probabilities,
        risk=[decision.risk for decision in decisions],
        segment=segments,
        segment_name=[profiles[segment].name for segment in segments],
        action=[decision.id for decision in decisions],
        action_name=[decision.name for decision in decisions],
        expected_value=[decision.expected_value for decision in decisions],
        cost=[decision.cost for decision in decisions],
    )


class _Reader:
    """Turns chunks of a table into ids and rows in the schema's order."""

    def __init__(self, table: Table, package: Package, missing: frozenset[str]) -> None:
        self._file, self._missing = table.file, missing
        schema = package.manifest.schema
        self._id, self._features, self._levels = schema.id, schema.features, schema.spelling.levels
        for name in (schema.id, *schema.names):
            if name not in table.header:
                raise DataError(table.file, "no such column in the header, the model needs it", column=name, row=1)
        self._places = {name: table.header.index(name) for name in (schema.id, *schema.names)}

    def read(self, chunk: Chunk) -> tuple[list[str], list[Row]]:
        """Ids and rows; raises DataError for the first bad cell of a column."""
        columns = [
            self._typed(chunk, feature, levels) for feature, levels in zip(self._features, self._levels, strict=True)
        ]
        return self._ids(chunk), list(zip(*columns, strict=True))

    def _ids(self, chunk: Chunk) -> list[str]:
        ids: list[str] = []
        for cell, row in zip(self._cells(chunk, self._id), chunk.rows, strict=True):
            if cell is None:
                raise DataError(self._file, "the id is missing", column=self._id, row=row)
            ids.append(cell)
        return ids

    def _typed(self, chunk: Chunk, feature: SchemaFeature, levels: Levels | None) -> Sequence[float | Cell]:
        cells = self._cells(chunk, feature.name)
        if levels is not None:
            return categories(cells, chunk.rows, self._file, feature.name, levels)
        return numbers(cells, chunk.rows, self._file, feature.name, feature.minimum, feature.maximum)

    def _cells(self, chunk: Chunk, name: str) -> list[Cell]:
        return clean(chunk.columns[self._places[name]], self._missing)

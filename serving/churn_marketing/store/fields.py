"""Customers' own fields and what keeping them is worth, as scoring reads them: a table a chunk of the file.

By the readers of scoring, so that a cell means here what it meant to the model. It must not know databases.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy
import pyarrow

from churn_data.file_kinds import kind_of
from churn_data.folders import parts_of
from churn_data.leavers_left_in import LeaversLeftIn
from churn_data.notices import Notices, unheard
from churn_data.schema_columns import SchemaColumns
from churn_data.tables import Chunk, Table, open_table
from churn_model.column_actions import customer_values
from churn_model.column_rows import CategoryColumn, ColumnRows
from churn_model.package import Package
from churn_model.rules import Label


class Meaning(msgspec.Struct, frozen=True):
    """What a use case says of files of customers: texts that mean "not known" beside blank ones, and who has left."""

    missing: tuple[str, ...] = ()
    label: Label | None = None


class Leavers:
    """Counts customers of some files who have left already, by the label: ``left`` of ``rows``."""

    def __init__(self, meaning: Meaning) -> None:
        self._meaning, self.left, self.rows = meaning, 0, 0

    def seen(self, table: Table) -> Iterator[Chunk]:
        """The chunks of a file, counted."""
        counts = LeaversLeftIn(table, self._meaning.label, self._meaning.missing)
        yield from counts.seen(table.chunks)
        self.left += counts.left
        self.rows += counts.rows


def fields_of(package: Package) -> list[dict[str, str]]:
    """The column of each feature, with the feature's name, type and words."""
    return [
        {"column": f"f{number}", "name": each.name, "type": each.type, "label": each.label or each.name}
        for number, each in enumerate(package.manifest.schema.features)
    ]


def field_tables(place: Path, package: Package, meaning: Meaning, leavers: Leavers) -> Iterator[pyarrow.Table]:
    """``id``, ``value`` and a column a feature for the customers of a file, or of all files in a folder; ``leavers``
    counts who of them has left.

    Raises:
        DataError: one line that names file, row and column.
    """
    files = {part.place: None for part in parts_of(place)} if place.is_dir() else {place: None}
    for file in files:
        assert isinstance(file, Path)  # noqa: S101 - the parts of a folder on this machine lie on this machine
        kind_of(file)
        with open_table(file, notices=Notices(file.name, unheard)) as table:
            reader = SchemaColumns(table, package.manifest.schema, meaning.missing)
            for chunk in leavers.seen(table):
                ids, rows = reader.read(chunk)
                yield _table(ids, rows, package)


def _table(ids: pyarrow.Array, rows: ColumnRows, package: Package) -> pyarrow.Table:
    content: dict[str, Any] = {"id": ids, "value": pyarrow.array(_values(rows, package), from_pandas=True)}
    for number, column in enumerate(rows.columns):
        content[f"f{number}"] = _array(column)
    return pyarrow.table(content)


def _array(column: Any) -> pyarrow.Array:
    if isinstance(column, CategoryColumn):
        levels = pyarrow.array(column.levels, pyarrow.string())
        return levels.take(pyarrow.array(column.codes))
    return pyarrow.array(column, pyarrow.float64(), from_pandas=True)


def _values(rows: ColumnRows, package: Package) -> numpy.ndarray:
    """What keeping each customer is worth, NaN where nobody said."""
    values = customer_values(package.description.actions, rows)
    return numpy.full(len(rows), numpy.nan) if values is None else values

"""The same customers as another model reads them: a file read once more, by that model's schema.

A column that training now takes for something else, or leaves out, is still in the file. A cell that the other model
could not be asked with is no reason not to ask it about anybody else. It must not know models or why they are asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy

from churn_data.cells import Cell
from churn_data.dataset import Origin
from churn_data.errors import DataError
from churn_data.notices import Notices
from churn_data.schema_cells import Values, feature_values, needed_columns
from churn_data.whole_tables import read_cells
from churn_model.schema import NAN, Row, Schema
from churn_model.spelling import canonical


@dataclass(frozen=True)
class OtherRows:
    """Customers by another schema: `rows` in its order; `readable` says of each whether all its cells fit, what does
    not is missing in the row; `keys` by which they are known again, None where that schema has no id; `remarks` are
    what reading found in columns of the schema, one sentence each."""

    rows: list[Row]
    readable: numpy.ndarray
    keys: numpy.ndarray | None
    remarks: tuple[str, ...]


def read_other_rows(schema: Schema, origin: Origin) -> OtherRows:
    """Read the rows of `origin` by a schema.

    Raises:
        DataError: the file lacks a column of it, or cannot be read any more.
    """
    notices = Notices(origin.path.name)
    texts = [feature.name for feature in schema.features if feature.type == "category" or feature.date is not None]
    as_written = (schema.id, *texts, *schema.snapshot_columns)
    cells = read_cells(origin.path, schema.missing, notices, as_written=as_written, strict=False)
    for name in needed_columns(schema):
        if name not in cells.columns:
            raise DataError(origin.path.name, "there is no such column", column=name, row=1)
    places = origin.places.tolist()
    columns = {name: [cells.columns[name][place] for place in places] for name in needed_columns(schema)}
    numbers = [cells.rows[place] for place in places]
    readable = numpy.ones(len(places), dtype=bool)
    values = [_one_feature(schema, index, columns, numbers, readable) for index in range(len(schema.features))]
    keys = _keys(columns[schema.id], readable) if schema.id else None
    remarks = tuple(notice.line for notice in notices if notice.column in schema.names)
    return OtherRows(list(zip(*values, strict=True)), readable, keys, remarks)


def read_ids(column: str, missing: Sequence[str], origin: Origin) -> numpy.ndarray:
    """The ids of all rows of the file that `origin` is a part of, texts in one spelling, empty where one is missing.

    Raises:
        DataError: the file lacks the column, or cannot be read any more.
    """
    cells = read_cells(origin.path, missing, Notices(origin.path.name), as_written=(column,), strict=False)
    if column not in cells.columns:
        raise DataError(origin.path.name, "there is no such column", column=column, row=1)
    return numpy.array([canonical(cell) or "" for cell in cells.columns[column]], dtype=object)


def _keys(ids: Sequence[Cell], readable: numpy.ndarray) -> numpy.ndarray:
    """The customers' ids; who has none is nobody that another model could know."""
    keys = numpy.array([canonical(cell) or "" for cell in ids], dtype=object)
    readable &= keys != ""
    return keys


def _one_feature(
    schema: Schema, index: int, columns: Mapping[str, Sequence[Cell]], rows: Sequence[int], readable: numpy.ndarray
) -> Values:
    """A feature's values; where a cell does not fit, the row is marked and the value is missing."""
    feature = schema.features[index]
    alone = Schema(schema.usecase, "", (feature,), schema.missing)
    try:
        return feature_values(alone, columns, rows, "")[0]
    except DataError:
        missing = NAN if feature.type == "number" else None
        return [_one_cell(alone, place, columns, rows, readable, missing) for place in range(len(rows))]


def _one_cell(
    alone: Schema,
    place: int,
    columns: Mapping[str, Sequence[Cell]],
    rows: Sequence[int],
    readable: numpy.ndarray,
    missing: float | None,
) -> float | Cell:
    single = {name: [columns[name][place]] for name in needed_columns(alone)}
    try:
        return feature_values(alone, single, [rows[place]], "")[0][0]
    except DataError:
        readable[place] = False
        return missing

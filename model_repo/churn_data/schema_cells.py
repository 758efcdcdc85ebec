"""The cells of a file as a model's features: what batch scoring and campaigns read, by the rules of training.

It must not know models or what is done with the rows.
"""

from collections.abc import Mapping, Sequence

from churn_data.cells import Cell, categories, numbers
from churn_data.dialects import Decimal
from churn_data.errors import DataError
from churn_data.number_texts import NumberColumn
from churn_data.snapshots import date_numbers, snapshots_of
from churn_model.schema import Schema

Values = Sequence[float | Cell]


def needed_columns(schema: Schema) -> tuple[str, ...]:
    """The columns that a file must have for this model: the id, if its customers have one, the features, and the
    snapshot where dates need a column of it."""
    names = dict.fromkeys((schema.id, *schema.names, *schema.snapshot_columns))
    return tuple(name for name in names if name)


def written_numbers(schema: Schema, decimal: Decimal) -> dict[str, NumberColumn]:
    """What is known of a file's columns of numbers before the first is read, by feature."""
    amounts = (feature for feature in schema.features if feature.type == "number" and feature.date is None)
    return {feature.name: NumberColumn(decimal) for feature in amounts}


def feature_values(
    schema: Schema,
    columns: Mapping[str, Sequence[Cell]],
    rows: Sequence[int],
    file: str,
    written: Mapping[str, NumberColumn] | None = None,
) -> list[Values]:
    """Each feature's values in the schema's order: floats with NaN for missing, or texts with None.

    Args:
        schema: of the model.
        columns: cleaned cells by the names of `needed_columns`.
        rows: numbers of the rows, for messages.
        file: for messages.
        written: how numbers were written in earlier parts of the file, by `written_numbers`; learns from this one.

    Raises:
        DataError: names the first cell of a column that does not fit.
    """
    return [
        _values(schema, place, columns, rows, file, (written or {}).get(name))
        for place, name in enumerate(schema.names)
    ]


def row_ids(schema: Schema, columns: Mapping[str, Sequence[Cell]], rows: Sequence[int], file: str) -> list[str]:
    """The customers' ids; where they have none, the numbers of their rows.

    Raises:
        DataError: an id is missing.
    """
    if not schema.id:
        return [str(row) for row in rows]
    ids: list[str] = []
    for cell, row in zip(columns[schema.id], rows, strict=True):
        if cell is None:
            raise DataError(file, "the id is missing", column=schema.id, row=row)
        ids.append(cell)
    return ids


def _values(
    schema: Schema,
    place: int,
    columns: Mapping[str, Sequence[Cell]],
    rows: Sequence[int],
    file: str,
    written: NumberColumn | None,
) -> Values:
    feature, levels = schema.features[place], schema.spelling.levels[place]
    cells = columns[feature.name]
    if levels is not None:
        return categories(cells, rows, file, feature.name, levels)
    if feature.date is not None:
        snapshots = snapshots_of(feature.date, columns, rows, file)
        return date_numbers(cells, snapshots, rows, file, feature.name, feature.date)
    bounds = (feature.minimum, feature.maximum)
    values = numbers(cells, rows, file, feature.name, *bounds, written=written, unknown=schema.spelling.unknown)
    amounts: list[float] = values.tolist()
    return amounts

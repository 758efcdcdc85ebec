"""Reads customers from a file as the use case describes them, and refuses with one line what cannot be trained on.

It decides what columns mean; how a file is parsed is tables.py's business, what a cell means cells.py's.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy
import pandas

from churn_data.cells import Cell, categories, numbers, parse_number
from churn_data.csv_head import suggestion
from churn_data.dataset import Dataset, Source
from churn_data.errors import DataError, glimpse
from churn_data.inference import Notice, infer_features, unheard
from churn_data.notices import Notices
from churn_data.tables import file_sha256
from churn_data.whole_tables import read_cells
from churn_model.spelling import Levels, canonical
from churn_model.usecase import UseCase

SIMULATED = "simulated"
"""In a file's name or at the start of its ids, this word marks customers who do not exist."""


def read_customers(path: Path, usecase: UseCase, notice: Notice = unheard) -> Dataset:
    """Read a CSV or Parquet file of labelled customers.

    Args:
        path: the file; Parquet by its ending, else CSV with a header and commas.
        usecase: with features, or without: then they are inferred.
        notice: told one line about each thing worth knowing, such as a column that is left out.

    Raises:
        DataError: one line that names file, column and row.
        UseCaseError: the inferred features do not fit the rest of the use case.
    """
    digest = file_sha256(path)
    file = str(path)
    columns, rows = _read_columns(path, usecase, Notices(file, notice))
    _require_columns(columns, [usecase.label.column, usecase.id], file)
    churned = _labels(columns[usecase.label.column], rows, usecase, file)
    if not usecase.features:
        usecase = usecase.with_features(infer_features(columns, usecase, file, notice))
    _require_columns(columns, [feature.name for feature in usecase.features], file)
    frame = _frame(columns, rows, usecase, file)
    ids = columns[usecase.id]
    source = Source(path.name, digest, _is_simulated(path, ids))
    return Dataset(usecase, frame, churned, _groups(ids), source)


def _read_columns(path: Path, usecase: UseCase, notices: Notices) -> tuple[dict[str, list[Cell]], Sequence[int]]:
    categories_named = (feature.name for feature in usecase.features if feature.type == "category")
    as_written = (usecase.id, usecase.label.column, *categories_named)
    cells = read_cells(path, usecase.missing, notices, as_written=as_written)
    return cells.columns, cells.rows


def _require_columns(columns: Iterable[str], wanted: Sequence[str], file: str) -> None:
    for name in wanted:
        if name not in columns:
            found = suggestion(name, tuple(columns)) or f" (found: {glimpse(', '.join(columns))})"
            raise DataError(file, f"no such column in the header{found}", column=name, row=1)


def _labels(cells: Sequence[Cell], rows: Sequence[int], usecase: UseCase, file: str) -> numpy.ndarray:
    label = usecase.label
    negative = label.negative
    expected = f'"{label.positive}"' + (f' or "{negative}"' if negative is not None else "")
    churned = numpy.zeros(len(cells), dtype=numpy.int64)
    for index, (cell, row) in enumerate(zip(cells, rows, strict=True)):
        if cell is None:
            raise DataError(file, f"the label is missing, {expected} was expected", column=label.column, row=row)
        if _same(cell, label.positive):
            churned[index] = 1
        elif negative is None:
            negative = cell
            expected = f'"{label.positive}" or "{glimpse(negative)}"'
        elif not _same(cell, negative):
            problem = f'"{glimpse(cell)}" is not a label, {expected} was expected'
            raise DataError(file, problem, column=label.column, row=row)
    if churned.min() == churned.max():
        problem = f'every row has the label "{glimpse(cells[0] or "")}", customers who left and who stayed are needed'
        raise DataError(file, problem, column=label.column)
    return churned


@lru_cache(1024)  # a million rows have two labels
def _same(cell: str, label: str) -> bool:
    """Equal in their one spelling, or as numbers."""
    if canonical(cell) == canonical(label):
        return True
    try:
        return parse_number(cell) == parse_number(label)
    except ValueError:
        return False


def _frame(columns: dict[str, list[Cell]], rows: Sequence[int], usecase: UseCase, file: str) -> pandas.DataFrame:
    typed: dict[str, pandas.Series] = {}
    spelling = Levels((), usecase.missing)
    for feature in usecase.features:
        cells = columns[feature.name]
        if all(cell is None for cell in cells):
            raise DataError(file, "every value is missing", column=feature.name)
        if feature.type == "number":
            values = numbers(cells, rows, file, feature.name, feature.minimum, feature.maximum)
            typed[feature.name] = pandas.Series(values, dtype="float64")
        else:
            cells = categories(cells, rows, file, feature.name, spelling)
            typed[feature.name] = pandas.Series([numpy.nan if cell is None else cell for cell in cells], dtype=object)
    return pandas.DataFrame(typed)


def _groups(ids: Sequence[Cell]) -> numpy.ndarray:
    """A number a customer; a row without id is a customer of its own."""
    known: dict[str, int] = {}
    groups = numpy.empty(len(ids), dtype=numpy.int64)
    for index, customer in enumerate(ids):
        groups[index] = -1 - index if customer is None else known.setdefault(customer, len(known))
    return groups


def _is_simulated(path: Path, ids: Sequence[Cell]) -> bool:
    return SIMULATED in path.name.lower() or (ids[0] or "").startswith(f"{SIMULATED}-")

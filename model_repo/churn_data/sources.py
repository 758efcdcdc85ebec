"""Reads customers from a file as the use case describes them, and refuses with one line what cannot be trained on.

It decides what columns mean; how a file is parsed is tables.py's business, what a cell means cells.py's.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy
import pandas
from numpy.typing import NDArray

from churn_data.cells import Cell, categories, numbers
from churn_data.coded_cells import CodedCells, coded
from churn_data.csv_head import suggestion
from churn_data.customer_ids import check_ids, pseudonyms_by
from churn_data.customer_keys import customer_keys
from churn_data.dataset import Dataset, Origin, Source
from churn_data.dialects import Decimal
from churn_data.errors import DataError, NoSuchColumn, glimpse
from churn_data.files import file_sha256
from churn_data.groups import groups_of
from churn_data.inference import check_listed, infer_features
from churn_data.labels import labels_of
from churn_data.notices import Listener, Notices
from churn_data.number_texts import NumberColumn
from churn_data.snapshots import Snapshots, date_numbers, date_rule, snapshots_of, with_snapshot
from churn_data.whole_tables import read_cells
from churn_model.spelling import Levels, numbers_of
from churn_model.usecase import Feature, UseCase

Typed = CodedCells | NDArray[numpy.float64]
"""A feature's values, a row each."""
SIMULATED = "simulated"
"""In a file's name or at the start of its ids, this word marks customers who do not exist."""


def read_customers(path: Path, usecase: UseCase, notice: Listener | None = None) -> Dataset:
    """Read a file of labelled customers.

    Args:
        path: the file, of any kind that `open_table` reads.
        usecase: with features, or without: then they are inferred.
        notice: told one line about each thing worth knowing, such as a column that is left out; without one whoever
            listens to the command.

    Raises:
        DataError: one line that names file, column and row.
        UseCaseError: the inferred features do not fit the rest of the use case.
    """
    digest = file_sha256(path)
    file = str(path)
    notices = Notices(file, notice)
    columns, rows = _read_columns(path, usecase, notices)
    _require_columns(columns, [usecase.label.column, *([usecase.id] if usecase.id else [])], file)
    check_ids(usecase.id, columns, rows, notices)
    churned = labels_of(columns[usecase.label.column], rows, usecase.label, file)
    if usecase.features:
        _require_columns(columns, [feature.name for feature in usecase.features], file)
        check_listed(columns, churned, usecase, notices)
    else:
        usecase = infer_features(columns, churned, usecase, notices)
    usecase = with_snapshot(columns, usecase, notices)
    snapshots = _snapshots(columns, rows, usecase, file)
    typed = _typed(columns, rows, usecase, snapshots, file)
    ids = columns.get(usecase.id)
    source = Source(path.name, digest, _is_simulated(path, ids), "" if ids is None else pseudonyms_by(ids))
    compared = pandas.DataFrame({name: _compared(values) for name, values in typed.items()})
    groups = groups_of(ids, compared, churned, notices)
    return Dataset(
        usecase,
        _frame(typed),
        churned,
        groups,
        source,
        _moments(snapshots),
        tuple(notices),
        keys=customer_keys(ids, compared),
        origin=Origin(path, numpy.arange(len(churned)), rows),
    )


def _read_columns(path: Path, usecase: UseCase, notices: Notices) -> tuple[dict[str, CodedCells], Sequence[int]]:
    texts = (feature.name for feature in usecase.features if feature.type != "number")
    snapshot = usecase.time.snapshot if usecase.time else ""
    as_written = (usecase.id, usecase.label.column, snapshot, *texts)
    cells = read_cells(path, usecase.missing, notices, as_written=as_written)
    return cells.columns, cells.rows


def _require_columns(columns: Iterable[str], wanted: Sequence[str], file: str) -> None:
    for name in wanted:
        if name not in columns:
            found = suggestion(name, tuple(columns)) or f" (found: {glimpse(', '.join(columns))})"
            raise NoSuchColumn(file, name, found)


def _snapshots(
    columns: Mapping[str, Sequence[Cell]], rows: Sequence[int], usecase: UseCase, file: str
) -> Snapshots | None:
    """As of when rows stand; None where nothing says so."""
    if usecase.time is None or not usecase.time.snapshot:
        return None
    return snapshots_of(date_rule(Feature("", "date"), usecase), columns, rows, file)


def _moments(snapshots: Snapshots | None) -> numpy.ndarray | None:
    if snapshots is None or isinstance(snapshots, datetime):
        return None
    return numpy.array([moment.toordinal() for moment in snapshots])


def columns_of_features(usecase: UseCase) -> list[str]:
    """The columns that features are made of: their own, and the snapshot's where dates need one."""
    names = [feature.name for feature in usecase.features]
    rule = usecase.time
    column = rule is not None and rule.snapshot_spelling and any(each.type == "date" for each in usecase.features)
    return [*names, rule.snapshot] if rule is not None and column else names


def frame_of(
    columns: Mapping[str, Sequence[Cell]], rows: Sequence[int], usecase: UseCase, file: str, decimal: Decimal = "."
) -> pandas.DataFrame:
    """The features as :class:`Dataset` holds them.

    Args:
        columns: cleaned cells by the names of `columns_of_features`.
        rows: numbers of the rows, for messages.
        usecase: with everything filled in, as reading labelled customers left it.
        file: for messages.
        decimal: the file's sign, where a column alone does not tell.

    Raises:
        DataError: names the first cell of a column that does not fit.
    """
    dates = any(feature.type == "date" for feature in usecase.features)
    snapshots = _snapshots(columns, rows, usecase, file) if dates else None
    return _frame(_typed(columns, rows, usecase, snapshots, file, decimal))


def _typed(
    columns: Mapping[str, Sequence[Cell]],
    rows: Sequence[int],
    usecase: UseCase,
    snapshots: Snapshots | None,
    file: str,
    decimal: Decimal = ".",
) -> dict[str, Typed]:
    typed: dict[str, Typed] = {}
    spelling = Levels((), usecase.missing)
    for feature in usecase.features:
        cells = columns[feature.name]
        if not coded(cells).found():
            raise DataError(file, "every value is missing", column=feature.name)
        if feature.type == "category":
            typed[feature.name] = categories(cells, rows, file, feature.name, spelling)
        elif feature.type == "date" and snapshots is not None:
            days = date_numbers(cells, snapshots, rows, file, feature.name, date_rule(feature, usecase))
            typed[feature.name] = numpy.array(days, dtype=float)
        else:
            written = NumberColumn(decimal)
            bounds = (feature.minimum, feature.maximum)
            typed[feature.name] = numbers(
                cells, rows, file, feature.name, *bounds, written=written, unknown=numbers_of(usecase.missing)
            )
    return typed


def _frame(typed: Mapping[str, Typed]) -> pandas.DataFrame:
    columns = {
        name: pandas.Series(values.objects(numpy.nan) if isinstance(values, CodedCells) else values)
        for name, values in typed.items()
    }
    return pandas.DataFrame(columns, copy=False)


def _compared(values: Typed) -> Any:
    """A column for comparing rows: as in the frame, but coded."""
    if not isinstance(values, CodedCells):
        return values
    levels = [level for level in values.levels if level is not None]
    places = {level: place for place, level in enumerate(levels)}
    codes = numpy.array([-1 if level is None else places[level] for level in values.levels])
    return pandas.Categorical.from_codes(values.taken(codes), pandas.Index(levels, dtype=object))  # type: ignore[arg-type]  # stubs ask for a list


def _is_simulated(path: Path, ids: Sequence[Cell] | None) -> bool:
    return SIMULATED in path.name.lower() or (ids is not None and (ids[0] or "").startswith(f"{SIMULATED}-"))

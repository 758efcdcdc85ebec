"""Reads the customers of `churn value`: those to learn from, and those who are still there.

It decides what a duration in a file may be; it must not know models of time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy
import pandas

from churn_campaigns.lifetime.observation import time_rule
from churn_data.cells import Cell, clean, numbers
from churn_data.dataset import Dataset
from churn_data.errors import DataError
from churn_data.notices import Listener
from churn_data.number_texts import NumberColumn
from churn_data.sources import columns_of_features, frame_of, read_customers
from churn_data.tables import open_table
from churn_model.usecase import TimeRule, UseCase


@dataclass(frozen=True)
class Current:
    """Customers who are still there, each once: ids as texts, and a frame typed as that of :class:`Dataset`."""

    ids: list[str]
    frame: pandas.DataFrame


@dataclass(frozen=True)
class Labelled:
    """Customers to learn from, and since which duration each was observed, float [customers] in units of the use case's
    time column, NaN where not known; None where the use case names no such column."""

    dataset: Dataset
    since: numpy.ndarray | None = None


def read_labelled(path: Path, usecase: UseCase, notice: Listener) -> Labelled:
    """Labelled customers, in whose use case durations are at least 0.

    Raises:
        DataError: as `read_customers`, for a negative duration, for one below that at which observation began, and for
            a customer who is there twice with the same duration, who would count as two.
    """
    dataset = read_customers(path, usecase, notice)
    bounded = _with_durations_from_zero(dataset.usecase)
    rule = time_rule(usecase)
    if (dataset.frame[rule.column] < 0).any():
        read_customers(path, bounded, notice)  # A frame has lost the numbers of its rows: the reader refuses by row.
    _require_apart(path, dataset, rule)
    since = _since(path, bounded, rule, dataset) if rule.observed_since else None
    return Labelled(replace(dataset, usecase=bounded), since)


def _require_apart(path: Path, dataset: Dataset, rule: TimeRule) -> None:
    """Rows of one customer are stretches of time, one after the other; the same one twice is a double."""
    if not dataset.repeats or dataset.keys is None:
        return
    stretches = pandas.DataFrame({"customer": dataset.keys, "duration": dataset.frame[rule.column].to_numpy()})
    again = numpy.flatnonzero(stretches.duplicated())
    if len(again):
        problem = f"the customer has a row with the same duration ({rule.column}) above, once was expected"
        raise DataError(str(path), problem, column=dataset.usecase.required_id(), row=dataset.row_number(int(again[0])))


def _since(path: Path, usecase: UseCase, rule: TimeRule, dataset: Dataset) -> numpy.ndarray:
    cells, rows, written = _column(path, rule.observed_since, frozenset(usecase.missing))
    since = numpy.array(numbers(cells, rows, str(path), rule.observed_since, minimum=0.0, written=written), dtype=float)
    late = numpy.flatnonzero(since > dataset.frame[rule.column].to_numpy())
    if len(late):
        problem = f"observed since a duration beyond the customer's own ({rule.column})"
        raise DataError(str(path), problem, column=rule.observed_since, row=rows[late[0]])
    return since


def _column(path: Path, name: str, missing: frozenset[str]) -> tuple[list[Cell], list[int], NumberColumn]:
    cells: list[Cell] = []
    rows: list[int] = []
    with open_table(path) as table:
        if name not in table.header:
            raise DataError(
                str(path), "no such column in the header, `time.observed_since` names it", column=name, row=1
            )
        for chunk in table.chunks:
            rows.extend(chunk.rows)
            cells.extend(clean(chunk.columns[table.header.index(name)], missing))
    return cells, rows, NumberColumn(table.decimal)


def read_current(path: Path, usecase: UseCase, there: numpy.ndarray | None = None) -> Current:
    """Everybody in a file with the id and every feature of the use case; a label is not looked at.

    Args:
        path: of the file.
        usecase: its columns.
        there: of which rows the customer is still there, bool [rows] (None: of all); others are not answered for.

    Raises:
        DataError: one line that names file, row and column, for a customer who is there twice too: which of two answers
            holds nobody could say.
    """
    missing, file = frozenset(usecase.missing), str(path)
    wanted = [usecase.required_id(), *columns_of_features(usecase)]
    cells: dict[str, list[Cell]] = {name: [] for name in wanted}
    rows: list[int] = []
    with open_table(path) as table:
        for name in wanted:
            if name not in table.header:
                raise DataError(file, "no such column in the header", column=name, row=1)
        places = {name: table.header.index(name) for name in wanted}
        for chunk in table.chunks:
            rows.extend(chunk.rows)
            for name in wanted:
                cells[name].extend(clean(chunk.columns[places[name]], missing))
    ids = _ids(cells[usecase.id], rows, file, usecase.id)
    frame = frame_of(cells, rows, usecase, file, table.decimal)
    chosen = numpy.arange(len(ids)) if there is None else numpy.flatnonzero(there)
    first: dict[str, int] = {}
    for place in chosen:
        row = first.setdefault(ids[place], rows[place])
        if row != rows[place]:
            problem = f"the customer stands in row {row} too; one row for each who is still there was expected"
            raise DataError(file, problem, column=usecase.id, row=rows[place])
    return Current(list(first), frame.iloc[chosen].reset_index(drop=True))


def _with_durations_from_zero(usecase: UseCase) -> UseCase:
    column = time_rule(usecase).column
    features = tuple(
        msgspec.structs.replace(feature, minimum=max(0.0, feature.minimum or 0.0))
        if feature.name == column
        else feature
        for feature in usecase.features
    )
    return msgspec.structs.replace(usecase, features=features)


def _ids(cells: Sequence[Cell], rows: Sequence[int], file: str, column: str) -> list[str]:
    ids: list[str] = []
    for cell, row in zip(cells, rows, strict=True):
        if cell is None:
            raise DataError(file, "the id is missing", column=column, row=row)
        ids.append(cell)
    return ids

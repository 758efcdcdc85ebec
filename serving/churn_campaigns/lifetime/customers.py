"""Reads the customers of `churn value`: those to learn from, and those who are still there.

It decides what a duration in a file may be; it must not know models of time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy
import pandas

from churn_data.cells import Cell, categories, clean, numbers
from churn_data.dataset import Dataset
from churn_data.errors import DataError
from churn_data.sources import read_customers
from churn_data.tables import open_table
from churn_model.errors import UseCaseError
from churn_model.spelling import Levels
from churn_model.usecase import Feature, TimeRule, UseCase


@dataclass(frozen=True)
class Current:
    """Customers who are still there: ids as texts, and a frame typed as that of :class:`Dataset`."""

    ids: list[str]
    frame: pandas.DataFrame

    def take(self, chosen: numpy.ndarray) -> "Current":
        """Those for whom `chosen` (a truth value a customer) holds."""
        ids = [customer for customer, wanted in zip(self.ids, chosen, strict=True) if wanted]
        return Current(ids, self.frame[chosen].reset_index(drop=True))


def time_rule(usecase: UseCase) -> TimeRule:
    """How the use case says durations.

    Raises:
        UseCaseError: it does not.
    """
    if usecase.time is None:
        problem = "`time` is missing, it names the column that says how long somebody has been a customer"
        raise UseCaseError(f"use case {usecase.name}: {problem}")
    return usecase.time


def read_labelled(path: Path, usecase: UseCase, notice: Callable[[str], None]) -> Dataset:
    """Labelled customers, in whose use case durations are at least 0.

    Raises:
        DataError: as `read_customers`, and for a negative duration.
    """
    dataset = read_customers(path, usecase, notice)
    bounded = _with_durations_from_zero(dataset.usecase)
    if (dataset.frame[time_rule(usecase).column] < 0).any():
        read_customers(path, bounded, notice)  # A frame has lost the numbers of its rows: the reader refuses by row.
    return replace(dataset, usecase=bounded)


def read_current(path: Path, usecase: UseCase) -> Current:
    """Everybody in a file with the id and every feature of the use case; a label is not looked at.

    Raises:
        DataError: one line that names file, row and column.
    """
    missing, file = frozenset(usecase.missing), str(path)
    wanted = [usecase.id, *(feature.name for feature in usecase.features)]
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
    spelling = Levels((), usecase.missing)
    typed = {feature.name: _typed(cells[feature.name], rows, file, feature, spelling) for feature in usecase.features}
    return Current(ids, pandas.DataFrame(typed))


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


def _typed(cells: Sequence[Cell], rows: Sequence[int], file: str, feature: Feature, spelling: Levels) -> pandas.Series:
    if feature.type == "number":
        values = numbers(cells, rows, file, feature.name, feature.minimum, feature.maximum)
        return pandas.Series(values, dtype="float64")
    levels = categories(cells, rows, file, feature.name, spelling)
    return pandas.Series([numpy.nan if level is None else level for level in levels], dtype=object)

"""Deals a file of customers to the arms of an experiment and writes who is where; the file appears whole or not at all.

It must not know what the arms get.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

from churn_campaigns.experiment.assignment import arm_of
from churn_campaigns.experiment.row_checks import ROW_CHECK, row_check
from churn_data.cells import Cell, clean
from churn_data.errors import DataError, NoSuchColumn
from churn_data.tables import Table, open_table
from churn_data.written_files import Columns, table_file
from churn_model.holdout import salt_id

ARM, SALT_ID, SHARE, ASSIGNED_ON, TREATED_ON = "arm", "salt_id", "share", "assigned_on", "treated_on"
"""Columns of an assignment beside the id: the arm, which salt dealt it, the arm's planned share (0 to 1), the day; and,
added by whoever runs the experiment, the day on which the customer was really contacted (empty: never)."""


class Draw(NamedTuple):
    """What every row of an assignment shares."""

    salt: str
    shares: Mapping[str, float]
    day: date


def assign(
    source: Path, target: Path, id_column: str, missing: Iterable[str], draw: Draw, advance: Callable[[float], None]
) -> dict[str, int]:
    """Write the arm of every customer of `source` to `target`, in the same order; returns arm to customers in it.

    Args:
        source: CSV or Parquet with the id column; further columns are ignored.
        target: CSV or Parquet by its ending.
        id_column: the use case's.
        missing: texts that mean "not known" beside blank ones.
        draw: salt, shares of the arms and the day of assignment.
        advance: told how many rows are done with each chunk.

    Raises:
        DataError: one line that names file, row and column; `target` is as before.
    """
    if not draw.salt.strip():
        raise DataError("--salt", "is empty, a name of the experiment was expected")
    if target.exists() and source.exists() and target.samefile(source):
        raise DataError(str(target), "is the input too, another output file was expected")
    sizes = dict.fromkeys(draw.shares, 0)
    name, day = salt_id(draw.salt), draw.day.isoformat()
    columns: Columns = [
        (id_column, "text"), (ARM, "text"), (SALT_ID, "text"), (SHARE, "number"), (ASSIGNED_ON, "text"),
        (ROW_CHECK, "text"),
    ]  # fmt: skip
    with open_table(source) as table, table_file(target, columns) as write:
        for ids in unique_ids(table, id_column, frozenset(missing)):
            arms = [arm_of(draw.salt, customer, draw.shares) for customer in ids]
            checks = [
                row_check((customer, arm, name, day), (draw.shares[arm],))
                for customer, arm in zip(ids, arms, strict=True)
            ]
            for arm in arms:
                sizes[arm] += 1
            count = len(ids)
            write([ids, arms, [name] * count, [draw.shares[arm] for arm in arms], [day] * count, checks])
            advance(count)
        if not sum(sizes.values()):
            raise DataError(str(source), "has a header but no rows")
        for arm, size in sizes.items():
            if not size:
                problem = f'{sum(sizes.values())} customers are so few that nobody is in the arm "{arm}"'
                raise DataError(str(source), f"{problem} with its share of {draw.shares[arm]:g}")
    return sizes


def unique_ids(table: Table, id_column: str, missing: frozenset[str]) -> Iterator[list[str]]:
    """The ids of a table, chunk by chunk; raises DataError for the first that is missing or there twice."""
    place = column_place(table, id_column, of_usecase=True)
    known: dict[str, int] = {}
    for chunk in table.chunks:
        ids: list[str] = []
        for cell, row in zip(clean(chunk.columns[place], missing), chunk.rows, strict=True):
            ids.append(new_id(cell, row, known, table.file, id_column))
        yield ids


def new_id(cell: Cell, row: int, known: dict[str, int], file: str, column: str) -> str:
    """The id in the cell, remembered in `known` with its row; raises DataError if it is missing or was there before."""
    if cell is None:
        raise DataError(file, "the id is missing", column=column, row=row)
    first = known.setdefault(cell, row)
    if first != row:
        raise DataError(file, f"the customer of row {first} is here again", column=column, row=row)
    return cell


def column_place(table: Table, name: str, *, of_usecase: bool = False) -> int:
    """Where a needed column is; raises DataError if it is not there: NoSuchColumn where a use case names it."""
    if name not in table.header:
        if of_usecase:
            raise NoSuchColumn(table.file, name)
        raise DataError(table.file, "no such column in the header", column=name, row=1)
    return table.header.index(name)

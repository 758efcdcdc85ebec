"""Who left, by the use case's label: values of a column, or the days on which customers left.

A value is known however it is spelt. It must not know files or what else is in them.
"""

from collections.abc import Sequence

import numpy

from churn_data.cells import Cell, parse_number
from churn_data.coded_cells import CodedCells, coded
from churn_data.column_facts import facts_of
from churn_data.date_columns import counted_date, date_column
from churn_data.errors import DataError, glimpse
from churn_model.dates import ISO, days_before, moment
from churn_model.not_known import says_never
from churn_model.rules import Label
from churn_model.spelling import canonical, truth_of

_SOME_DAY = moment("2000-01-01")


def labels_of(cells: Sequence[Cell], rows: Sequence[int], label: Label, file: str) -> numpy.ndarray:
    """Who left: 0 or 1 a row.

    Raises:
        DataError: a label is missing or no value of it, or all are alike.
    """
    found = coded(cells)
    left = numpy.zeros(len(found.levels), dtype=numpy.int64)
    reader = DatesOfLeaving(label, found, file) if label.is_date else ValuesOfLabel(label, file)
    for place in numpy.argsort(found.first).tolist()[: numpy.count_nonzero(found.counts)]:
        row, count = rows[found.first[place]], int(found.counts[place])
        left[place] = reader.read(found.levels[place], row, count)
    churned = found.taken(left)
    if churned.min() == churned.max():
        problem = f'every row has the label "{glimpse(cells[0] or "")}"'
        if label.is_date or len(label.leavers) > 1:
            problem = f"every customer {'left' if churned[0] else 'stayed'}"
        problem += ", customers who left and who stayed are needed"
        raise DataError(file, problem, column=label.column)
    return churned


class ValuesOfLabel:
    """Reads labels that are values; learns the one for customers who stayed where nobody has said it."""

    def __init__(self, label: Label, file: str, column: str = "") -> None:
        """`column` is where they stand, if not where the use case says."""
        self._leavers, self._stayers = label.leavers, label.stayers
        self._file, self._column = file, column or label.column

    def read(self, cell: Cell, row: int, count: int = 1) -> int:
        """1 for a customer who left, 0 for one who stayed. `row` is the first of `count` rows that say so.

        Raises:
            DataError: it is missing or another value.
        """
        expected = " or ".join(f'"{glimpse(value)}"' for value in (*self._leavers, *self._stayers))
        if cell is None and "" in self._stayers:
            return 0
        if cell is None:
            rows = "these rows" if count > 1 else "the row"
            problem = (
                f"the label is missing{_in_rows(count)}, {expected} was expected: fill it in, take {rows} out, or list "
                '"" in `label.negative` if who has none stayed'
            )
            raise DataError(self._file, problem, column=self._column, row=row)
        if any(same_label(cell, value) for value in self._leavers):
            return 1
        if not self._stayers:
            self._stayers = (cell,)
        elif not any(same_label(cell, value) for value in self._stayers):
            problem = f'"{glimpse(cell)}" is not a label{_in_rows(count)}, {expected} was expected'
            raise DataError(self._file, problem, column=self._column, row=row)
        return 0


class DatesOfLeaving:
    """Reads labels that are days: who has one left."""

    def __init__(self, label: Label, cells: CodedCells, file: str) -> None:
        """`cells` are all of the column, which show how it is spelt."""
        facts = facts_of(label.column, cells)
        found = date_column(facts)
        self._spelling = found.spelling if found else counted_date(facts, surely=True) or ISO
        self._file, self._column = file, label.column

    def read(self, cell: Cell, row: int, count: int = 1) -> int:
        """1 for a customer who left, 0 for one who stayed. `row` is the first of `count` rows that say so.

        Raises:
            DataError: it is no date.
        """
        if cell is None or says_never(cell):
            return 0
        try:
            days = days_before(_SOME_DAY, cell, self._spelling)
        except ValueError:
            problem = f'"{glimpse(cell)}" is no date{_in_rows(count)}, the day of leaving or nothing was expected'
            raise DataError(self._file, problem, column=self._column, row=row) from None
        return int(days == days)  # noqa: PLR0124 - NaN: it says that there is none


def _in_rows(count: int) -> str:
    return f" (in {count:,} rows, of which this is the first)" if count > 1 else ""


def same_label(cell: str, label: str) -> bool:
    """Equal in their one spelling, as truth values, or as numbers."""
    if canonical(cell) == canonical(label) or (truth_of(cell) or cell) == (truth_of(label) or label):
        return True
    try:
        return parse_number(cell) == parse_number(label)
    except ValueError:
        return False

"""Reads what became of the customers of an experiment and counts it by arm.

It must not know statistics, nor decide who belongs to the experiment: that is the assignment's business.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import NamedTuple

from churn_campaigns.experiment.assignment_file import column_place, new_id
from churn_campaigns.experiment.cohort import Cohort, Member, latest_day, past_day
from churn_campaigns.experiment.row_checks import lost_zeros
from churn_data.cells import Cell, clean
from churn_data.date_spellings import is_compact_date, spelling_of
from churn_data.errors import DataError, glimpse
from churn_data.labels import ValuesOfLabel
from churn_data.tables import open_table
from churn_model.not_known import says_never
from churn_model.usecase import Label, UseCase

OUTCOME_ON = "outcome_on"
"""The day on which a customer left, or on which it was seen that they had stayed."""


class OutcomeColumns(NamedTuple):
    """Columns of a file of outcomes: did the customer leave, and the day of that."""

    primary: str
    day: str = OUTCOME_ON


@dataclass
class OutcomeTally:
    """Arm to customers who are known to have left or stayed, arm to those of them who left, and how many outcomes were
    of customers who were never assigned."""

    known: Counter[str] = field(default_factory=Counter)
    churned: Counter[str] = field(default_factory=Counter)
    unassigned: int = 0


class OutcomeRow(NamedTuple):
    """A row of a file of outcomes: its number, id, label and day as they stand there; ``latest``: the last day that
    has begun anywhere."""

    row: int
    customer: str
    label: Cell
    day: Cell
    latest: date

    def on(self, file: str, column: str) -> date:
        """The day; raises DataError if there is none, or if it has not come yet."""
        return past_day(self.day, self.latest, file, column, self.row)


def read_outcomes(
    path: Path, usecase: UseCase, cohort: Cohort, columns: OutcomeColumns, *, ignore_unassigned: bool = False
) -> OutcomeTally:
    """Count outcomes by arm. A customer without a row, or with an empty label, has no known outcome.

    Args:
        path: CSV or Parquet with the use case's id, the label and the day of the outcome.
        usecase: names the id, the labels and what a missing cell looks like.
        cohort: who was assigned.
        columns: where label and day stand; in a column that is not the use case's label 1 and 0 are labels too.
        ignore_unassigned: count outcomes of customers who were never assigned instead of refusing them.

    Raises:
        DataError: one line that names file, row and column.
    """
    labels = Labels(usecase, str(path), columns.primary)
    tally, rows = OutcomeTally(), 0
    for row in outcome_rows(path, usecase, columns):
        rows += 1
        member = cohort.members.get(row.customer)
        if member is None:
            if not ignore_unassigned:
                problem = lost_zeros(row.customer, cohort.members.__contains__)
                problem = problem or "the customer was never assigned to an arm (--ignore-unassigned counts such rows)"
                raise DataError(str(path), problem, column=usecase.id, row=row.row)
            tally.unassigned += 1
        elif row.label is not None:
            churned = labels.churned(row.label, row.row)
            _check_day(row, member, str(path), columns.day)
            tally.known[member.arm] += 1
            tally.churned[member.arm] += churned
    if not rows:
        raise DataError(str(path), "has a header but no rows")
    return tally


def _check_day(row: OutcomeRow, member: Member, file: str, column: str) -> None:
    found = row.on(file, column)
    if found < member.since:
        problem = f"{found} lies before the assignment or contact on {member.since}"
        raise DataError(file, problem, column=column, row=row.row)


class Labels:
    """Tells who left by the use case's labels.

    Args:
        usecase: names them.
        file: to name in errors.
        column: where they stand; 1 and 0 are labels too where that is not the use case's own.
    """

    def __init__(self, usecase: UseCase, file: str, column: str) -> None:
        label = usecase.label
        own = column == label.column
        self._is_date = own and label.is_date
        ones, zeros = ((), ()) if own else (("1",), ("0",))
        usual = () if label.is_date else label.leavers
        values = Label(column, (*usual, *ones), (*(() if label.is_date else label.stayers), *zeros) or None)
        self._values = ValuesOfLabel(values, file)
        self._file, self._column = file, column
        self._known: dict[str, int] = {}

    def churned(self, label: str, row: int) -> int:
        """1 for a customer who left, 0 for one who stayed; raises DataError for anything else."""
        found = self._known.get(label)
        if found is None:
            found = self._known[label] = (
                self._on_some_day(label, row) if self._is_date else self._values.read(label, row)
            )
        return found

    def _on_some_day(self, label: str, row: int) -> int:
        if not label or says_never(label):
            return 0
        if spelling_of([label]) is None and not is_compact_date([label]):
            problem = f'"{glimpse(label)}" is no date, the day of leaving or nothing was expected'
            raise DataError(self._file, problem, column=self._column, row=row)
        return 1


def outcome_rows(path: Path, usecase: UseCase, columns: OutcomeColumns) -> Iterator[OutcomeRow]:
    """Every row of a file of outcomes; raises DataError for an id that is missing or there twice."""
    missing, latest = frozenset(usecase.missing), latest_day()
    with open_table(path) as table:
        places = [column_place(table, name, of_usecase=True) for name in (usecase.id, columns.primary)]
        places.append(column_place(table, columns.day))
        known: dict[str, int] = {}
        for chunk in table.chunks:
            ids, labels, days = (clean(chunk.columns[place], missing) for place in places)
            if usecase.label.is_date and columns.primary == usecase.label.column:
                labels = [label or "" for label in labels]  # who has no day of leaving stayed
            for row, customer, label, when in zip(chunk.rows, ids, labels, days, strict=True):
                yield OutcomeRow(row, new_id(customer, row, known, table.file, usecase.id), label, when, latest)

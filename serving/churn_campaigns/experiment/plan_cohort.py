"""Reads a plan as `churn campaign` wrote it, and refuses one that is no longer what was frozen.

Only customers for whom something was planned belong to the experiment. It must not know outcomes or statistics.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from churn_campaigns.experiment import plan_columns
from churn_campaigns.experiment.assignment import CONTROL
from churn_campaigns.experiment.assignment_file import column_place, new_id
from churn_campaigns.experiment.ledger import Ledger
from churn_campaigns.experiment.row_checks import ROW_CHECK, in_letters, lost_zeros, row_check
from churn_data.cells import Cell, clean, parse_number
from churn_data.errors import DataError, glimpse
from churn_data.tables import Chunk, Table, open_table

Numbers = tuple[float | None, ...]
_DAYS = ("%Y-%m-%d %H:%M:%S", "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d", "%m/%d/%y")


@dataclass
class PlanCohort:
    """The customers for whom something was planned, in the plan's order: id, planned action, whether it was to be done,
    churn probability of before, value, cost. ``place``: id to position. ``unplanned``: ids of all others."""

    ids: list[str] = field(default_factory=list)
    planned: list[str] = field(default_factory=list)
    treated: list[bool] = field(default_factory=list)
    propensity: list[float] = field(default_factory=list)
    score: list[float] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    cost: list[float] = field(default_factory=list)
    unplanned: set[str] = field(default_factory=set)

    @property
    def place(self) -> dict[str, int]:
        """Where each customer stands."""
        return {customer: position for position, customer in enumerate(self.ids)}


def is_plan(path: Path) -> bool:
    """Whether a file is a campaign's plan, by its header; raises DataError if it is no table."""
    with open_table(path) as table:
        return plan_columns.PLANNED in table.header or plan_columns.PROPENSITY in table.header


def is_day(cell: str, known: date) -> bool:
    """Whether a cell is that day as some country's spreadsheet spells it."""
    for spelling in _DAYS:
        try:
            if datetime.strptime(cell, spelling).date() == known:  # noqa: DTZ007 - a day has no time zone
                return True
        except ValueError:
            continue
    return False


def digest_of(checks: Iterable[str]) -> str:
    """What a ledger keeps of all rows, in whatever order somebody has sorted them."""
    return hashlib.sha256("\n".join(sorted(checks)).encode()).hexdigest()


def read_plan(path: Path, ledger: Ledger) -> PlanCohort:
    """Read a plan.

    Raises:
        DataError: one line that names file, row and column, for a customer who is there twice, another salt or use case
            than the ledger's, a row that was edited; for rows that are missing it says how many.
    """
    cohort, checks = PlanCohort(), []
    with open_table(path) as table:
        reader = _Plan(table, ledger, cohort)
        for chunk in table.chunks:
            checks += reader.read(chunk)
    if len(checks) != ledger.rows or digest_of(checks) != ledger.checks:
        problem = f"has {len(checks)} rows, {ledger.rows} were planned: a row is missing or was added"
        raise DataError(str(path), problem)
    if not any(cohort.treated) or all(cohort.treated):
        who = "control: nobody was held out" if all(cohort.treated) else "any arm but control"
        raise DataError(str(path), f"no customer is in {who}", column=plan_columns.ARM)
    return cohort


class _Plan:
    def __init__(self, table: Table, ledger: Ledger, cohort: PlanCohort) -> None:
        self._file, self._ledger, self._cohort = table.file, ledger, cohort
        self._decimal = table.decimal
        self._places = {name: column_place(table, name) for name in self._needed()}
        if plan_columns.ACTION in table.header:  # who reads a plan may leave it out: the arm says it
            self._places[plan_columns.ACTION] = column_place(table, plan_columns.ACTION)
        self._rows: dict[str, int] = {}

    @staticmethod
    def _needed() -> tuple[str, ...]:
        return (*plan_columns.TEXTS, *plan_columns.NUMBERS, ROW_CHECK)

    def read(self, chunk: Chunk) -> list[str]:
        """Adds a chunk's customers; returns its rows' checks."""
        # `none` and the like are answers here.
        columns = {name: clean(chunk.columns[place], frozenset()) for name, place in self._places.items()}
        for index, row in enumerate(chunk.rows):
            new_id(columns[plan_columns.ID][index], row, self._rows, self._file, plan_columns.ID)
            self._require_ledgers(columns, index, row)
            texts = tuple(columns[name][index] or "" for name in plan_columns.TEXTS)
            numbers = tuple(self._number(columns[name][index], name, row) for name in plan_columns.NUMBERS)
            self._require_unchanged(texts, numbers, columns[ROW_CHECK][index] or "", row)
            self._require_arms(columns, index, row)
            self._add(texts, numbers)
        return [check or "" for check in columns[ROW_CHECK]]

    def _require_ledgers(self, columns: dict[str, list[Cell]], index: int, row: int) -> None:
        expected = {
            plan_columns.SALT_ID: self._ledger.salt_id,
            plan_columns.USECASE: self._ledger.usecase,
            plan_columns.PLANNED_ON: self._ledger.planned_on.isoformat(),
        }
        for name, known in expected.items():
            cell = columns[name][index] or ""
            if cell != known and name == plan_columns.PLANNED_ON and is_day(cell, self._ledger.planned_on):
                columns[name][index] = known  # a spreadsheet spells days as its country does
            elif cell != known:
                problem = f'"{glimpse(cell)}" is not the ledger\'s "{glimpse(known)}"'
                raise DataError(self._file, problem, column=name, row=row)

    def _require_unchanged(self, texts: tuple[str, ...], numbers: Numbers, check: str, row: int) -> None:
        wanted = in_letters(check)
        if row_check(texts, numbers) == wanted:
            return
        customer, others = texts[0], texts[1:]
        lost = lost_zeros(customer, lambda whole: row_check((whole, *others), numbers) == wanted)
        if lost:
            hint = "keep the plan as .xlsx, or put the column back"
            raise DataError(self._file, f"{lost}; {hint}", column=plan_columns.ID, row=row)
        problem = "is not as it was planned: the row was edited"
        raise DataError(self._file, problem, column=ROW_CHECK, row=row)

    def _require_arms(self, columns: dict[str, list[Cell]], index: int, row: int) -> None:
        """What is done follows from the arm; whoever was given something else, the result would count by the plan."""
        if plan_columns.ACTION not in columns:
            return
        action, arm = (columns[name][index] or "" for name in (plan_columns.ACTION, plan_columns.ARM))
        if action != (plan_columns.NO_ACTION if arm == CONTROL else arm):
            problem = f'"{glimpse(action)}" is not what its arm "{glimpse(arm)}" gets: the row was edited'
            raise DataError(self._file, problem, column=plan_columns.ACTION, row=row)

    def _number(self, cell: Cell, name: str, row: int) -> float | None:
        if cell is None:
            return None
        try:
            return parse_number(cell, self._decimal)
        except ValueError as problem:
            raise DataError(self._file, f'"{glimpse(cell)}" {problem}', column=name, row=row) from None

    def _add(self, texts: tuple[str, ...], numbers: Numbers) -> None:
        customer, arm, planned = texts[:3]
        propensity, score, value, cost = (number or 0.0 for number in numbers)
        if planned == plan_columns.NO_ACTION:
            self._cohort.unplanned.add(customer)
            return
        self._cohort.ids.append(customer)
        self._cohort.planned.append(planned)
        self._cohort.treated.append(arm != CONTROL)
        self._cohort.propensity.append(propensity)
        self._cohort.score.append(score)
        self._cohort.value.append(value)
        self._cohort.cost.append(cost)

"""Reads who was assigned to which arm and what became of them, and counts; refuses with one line what cannot be right.

Everybody who was assigned counts in the arm of the assignment, contacted or not (intent to treat). It must not know
statistics.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from churn_campaigns.experiment.assignment import CONTROL
from churn_campaigns.experiment.assignment_file import (
    ARM,
    ASSIGNED_ON,
    SALT_ID,
    SHARE,
    TREATED_ON,
    column_place,
    new_id,
)
from churn_campaigns.experiment.row_checks import ROW_CHECK, row_check
from churn_data.cells import Cell, clean, parse_number
from churn_data.errors import DataError, glimpse
from churn_data.sources import SIMULATED
from churn_data.tables import Chunk, Table, open_table
from churn_model.usecase import UseCase

_TWO_ARMS = 2


@dataclass(frozen=True)
class Member:
    """A customer of the experiment: the arm, and the last day (of assignment or contact) before which no outcome of the
    experiment can lie."""

    arm: str
    since: date


@dataclass
class Cohort:
    """Everybody who was assigned: id to member; arm to customers treated; the arms' planned shares (None: the file does
    not say); whether these customers are simulated."""

    members: dict[str, Member] = field(default_factory=dict)
    treated: Counter[str] = field(default_factory=Counter)
    shares: dict[str, float] | None = None
    dates_of_treatment: bool = False
    simulated: bool = False

    @property
    def sizes(self) -> dict[str, int]:
        """Arm to customers assigned, control first, then by name."""
        sizes = Counter(member.arm for member in self.members.values())
        return {arm: sizes[arm] for arm in sorted(sizes, key=lambda arm: (arm != CONTROL, arm))}


def read_cohort(path: Path, usecase: UseCase, shares: Mapping[str, float] | None = None) -> Cohort:
    """Read an assignment as `churn experiment assign` writes it: the use case's id, arm, assigned_on; optional salt_id,
    share and treated_on.

    Args:
        path: CSV or Parquet.
        usecase: names the id column and what a missing cell looks like.
        shares: the planned shares if the file has no column of them; an arm that is not among them is refused.

    Raises:
        DataError: one line that names file, row and column.
    """
    cohort = Cohort(simulated=SIMULATED in path.name.lower())
    with open_table(path) as table:
        reader = _Assignments(table, usecase, cohort, shares)
        for chunk in table.chunks:
            reader.read(chunk)
    sizes = cohort.sizes
    if not sizes:
        raise DataError(str(path), "has a header but no rows")
    if len(sizes) < _TWO_ARMS:
        raise DataError(str(path), f'every customer is in the arm "{glimpse(next(iter(sizes)))}"', column=ARM)
    if CONTROL not in sizes:
        raise DataError(str(path), f'nobody is in the arm "{CONTROL}", which others are held against', column=ARM)
    reader.finish()
    return cohort


class _Assignments:
    def __init__(self, table: Table, usecase: UseCase, cohort: Cohort, shares: Mapping[str, float] | None) -> None:
        self._file, self._header, self._cohort = table.file, table.header, cohort
        self._decimal = table.decimal
        self._id, self._missing = usecase.id, frozenset(usecase.missing)
        for name in (usecase.id, ARM, ASSIGNED_ON):
            column_place(table, name)
        self._arms, self._planned = shares, dict(shares) if shares else {}
        self._rows: dict[str, int] = {}
        self._salt: Cell = None
        self._checked = ROW_CHECK in table.header
        cohort.dates_of_treatment = TREATED_ON in table.header

    def read(self, chunk: Chunk) -> None:
        ids, arms, assigned, treated, salts, shares, checks = (
            self._cells(chunk, name) for name in (self._id, ARM, ASSIGNED_ON, TREATED_ON, SALT_ID, SHARE, ROW_CHECK)
        )
        for index, row in enumerate(chunk.rows):
            customer = new_id(ids[index], row, self._rows, self._file, self._id)
            arm = self._arm(arms[index], row)
            since = self._day(assigned[index], ASSIGNED_ON, row)
            if treated[index] is not None:
                since = self._treatment(treated[index], since, row)
                self._cohort.treated[arm] += 1
            self._check_salt(salts[index], row)
            share = self._note_share(arm, shares[index], row)
            self._require_unchanged(
                checks[index], (customer, arm, salts[index] or "", assigned[index] or ""), share, row
            )
            self._cohort.members[customer] = Member(arm, since)
        if not self._cohort.simulated:
            self._cohort.simulated = (ids[0] or "").startswith(f"{SIMULATED}-")

    def finish(self) -> None:
        """Keep the planned shares, if they are a whole."""
        if self._planned:
            total = sum(self._planned.values())
            if abs(total - 1.0) > 1e-6:  # noqa: PLR2004 - shares are written as decimals
                problem = f"the shares of the arms add up to {total:g}, 1 was expected; is an arm left out?"
                raise DataError(self._file, problem, column=SHARE)
            self._cohort.shares = self._planned

    def _cells(self, chunk: Chunk, name: str) -> list[Cell]:
        if name not in self._header:
            return [None] * len(chunk.rows)
        return clean(chunk.columns[self._header.index(name)], self._missing)

    def _arm(self, cell: Cell, row: int) -> str:
        if cell is None:
            raise DataError(self._file, "the arm is missing", column=ARM, row=row)
        if self._arms is not None and cell not in self._arms:
            problem = f'"{glimpse(cell)}" is not an arm, {" or ".join(self._arms)} was expected'
            raise DataError(self._file, problem, column=ARM, row=row)
        return cell

    def _day(self, cell: Cell, column: str, row: int) -> date:
        return day(cell, self._file, column, row)

    def _treatment(self, cell: Cell, assigned: date, row: int) -> date:
        treated = self._day(cell, TREATED_ON, row)
        if treated < assigned:
            problem = f"{treated} lies before the assignment on {assigned}"
            raise DataError(self._file, problem, column=TREATED_ON, row=row)
        return treated

    def _check_salt(self, cell: Cell, row: int) -> None:
        self._salt = self._salt or cell
        if cell != self._salt:
            raise DataError(self._file, "another salt than in the rows before: two experiments in one file",
                            column=SALT_ID, row=row)  # fmt: skip

    def _require_unchanged(self, check: Cell, texts: tuple[str, ...], share: float | None, row: int) -> None:
        """Of what `churn experiment assign` wrote; a list of one's own has no checks."""
        if self._checked and row_check(texts, (share,)) != check:
            raise DataError(self._file, "is not as it was assigned: the row was edited", column=ROW_CHECK, row=row)

    def _note_share(self, arm: str, cell: Cell, row: int) -> float | None:
        if cell is None:
            return None
        try:
            share = parse_number(cell, self._decimal)
        except ValueError as error:
            raise DataError(self._file, f'"{glimpse(cell)}" {error}', column=SHARE, row=row) from None
        if self._arms is not None:
            return share
        if not 0.0 < share < 1.0 or self._planned.setdefault(arm, share) != share:
            problem = f"{share:g} is not one share between 0 and 1 for the whole arm"
            raise DataError(self._file, problem, column=SHARE, row=row)
        return share


def day(cell: Cell, file: str, column: str, row: int) -> date:
    """The day in the cell: ISO 8601, a time of day is cut off; raises DataError if there is none."""
    if cell is None:
        raise DataError(file, "the date is missing", column=column, row=row)
    try:
        return datetime.fromisoformat(cell).date()
    except ValueError:
        problem = f'"{glimpse(cell)}" is not a date such as 2026-01-31'
        raise DataError(file, problem, column=column, row=row) from None


def latest_day() -> date:
    """The last day that has begun anywhere."""
    return datetime.now(UTC).date() + timedelta(days=1)


def past_day(cell: Cell, latest: date, file: str, column: str, row: int) -> date:
    """The day in the cell of an outcome; raises DataError if there is none, or if it comes after the ``latest``."""
    found = day(cell, file, column, row)
    if found > latest:
        raise DataError(file, f"{found} lies in the future: an outcome is what has happened", column=column, row=row)
    return found

"""Reads past campaigns in which chance decided who got what: arms, outcomes, and with whom each customer is compared.

Campaigns may stand in one file, one after the other. It must not know budgets, the customers of the campaign to come,
or what is learned.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy
import pandas

from churn_campaigns.experiment.assignment import CONTROL
from churn_campaigns.experiment.cohort import day, latest_day, past_day
from churn_data.cells import Cell, clean, parse_number
from churn_data.dialects import Decimal
from churn_data.errors import DataError, glimpse
from churn_data.sources import read_customers
from churn_data.tables import Table, open_table
from churn_model.schema import Schema
from churn_model.usecase import Feature, UseCase

ARM, PLANNED, PROPENSITY, CAMPAIGN = "arm", "planned_action", "propensity", "salt_id"
"""Columns of a history: what a customer got; what was planned; with which probability (0 to 1) those for whom it was
planned got it; which campaign, by the name of its salt."""
SCORE = "churn_probability"
"""By the model of before, as a plan holds it."""
PLANNED_ON, OUTCOME_UNTIL = "planned_on", "outcome_until"
"""Days between which the outcome counts; only they let one customer be in two campaigns."""
NO_ACTION = "none"


@dataclass(frozen=True)
class Comparison:
    """The customers who got an action and those they are compared with: where they stand in the history, int; whether
    they got it, 0 or 1; the probability of that; and the stratum, int, within which it was the same."""

    rows: numpy.ndarray
    treated: numpy.ndarray
    propensity: numpy.ndarray
    strata: numpy.ndarray


@dataclass(frozen=True)
class History:
    """Past campaigns: features, 0 or 1 for who left; each customer's id, arm, the action that was planned (empty text:
    none in particular), the campaign (empty text: the file knows one only), and the probability of getting what was
    planned (NaN: the share that got it). ``scores``: churn probability by the model of before (None: not of all)."""

    file: str
    frame: pandas.DataFrame
    churned: numpy.ndarray
    ids: list[str]
    arms: numpy.ndarray
    planned: numpy.ndarray
    campaigns: numpy.ndarray
    propensity: numpy.ndarray
    scores: numpy.ndarray | None = None

    @property
    def customers(self) -> numpy.ndarray:
        """A number a customer, the same for all rows of one: int [rows]."""
        return numpy.unique(self.ids, return_inverse=True)[1]

    def tried(self, actions: Sequence[str]) -> list[str]:
        """Which of the actions somebody got."""
        return [action for action in actions if (self.arms == action).any()]

    def of(self, action: str) -> Comparison:
        """Whom the action can be judged by: within one campaign and one planned action, where some got it and some were
        held out. Whoever has nobody to be compared with is left out."""
        alike = (self.planned == action) | (self.planned == "")
        both = numpy.flatnonzero((self.arms == action) | ((self.arms == CONTROL) & alike))
        known = self.propensity[both]
        strata = self._strata(both, known)
        treated = (self.arms[both] == action).astype(int)
        shares = numpy.bincount(strata, treated) / numpy.bincount(strata)
        # What was planned may be given to nobody by chance, and a share of all or none tells nothing.
        mixed = (shares > 0.0) & (shares < 1.0)
        chance = numpy.where(numpy.isnan(known) | (self.planned[both] != action), shares[strata], known)
        kept = mixed[strata]
        return Comparison(both[kept], treated[kept], chance[kept], numpy.unique(strata[kept], return_inverse=True)[1])

    def _strata(self, rows: numpy.ndarray, chance: numpy.ndarray) -> numpy.ndarray:
        """Customers of one campaign for whom the same was planned with the same probability: int [rows]."""
        alike = (self.campaigns[rows], self.planned[rows], numpy.nan_to_num(chance))
        columns = [numpy.unique(values, return_inverse=True)[1] for values in alike]
        return numpy.asarray(numpy.unique(numpy.column_stack(columns), axis=0, return_inverse=True)[1]).ravel()


def read_history(path: Path, usecase: UseCase, schema: Schema, actions: Sequence[str]) -> History:
    """Read past campaigns: id, features, the label, and the column `arm` with an action's id or `control`; what
    `churn experiment read --history` writes has `planned_action`, `propensity`, `salt_id` and days beside them.

    Customers whose arm is `none` are left out of every comparison.

    Raises:
        DataError: one line that names file, column and row, among others for an arm that is no action, and for a
            customer who is there twice, in both arms say, or in two campaigns at the same time.
        UseCaseError: the use case does not fit the model's features.
    """
    known = usecase.with_features(
        tuple(
            Feature(feature.name, feature.type, feature.label, feature.minimum, feature.maximum)
            for feature in schema.features
        )
    )
    entries = list(_Entries(path, schema.id, frozenset(usecase.missing), actions).read())
    dataset = read_customers(path, known)
    scores = numpy.array([entry.score for entry in entries], dtype=float)
    return History(
        file=str(path),
        frame=dataset.frame,
        churned=dataset.churned,
        ids=[entry.customer for entry in entries],
        arms=numpy.array([entry.arm for entry in entries]),
        planned=numpy.array([entry.planned for entry in entries]),
        campaigns=numpy.array([entry.campaign for entry in entries]),
        propensity=numpy.array([entry.propensity for entry in entries], dtype=float),
        scores=None if numpy.isnan(scores).any() else scores,
    )


class _Entry(NamedTuple):
    customer: str
    arm: str
    planned: str
    campaign: str
    propensity: float
    score: float


class _Place(NamedTuple):
    """Where a customer was met: row, arm, campaign and the days between which the outcome counted (None: not known)."""

    row: int
    arm: str
    campaign: str
    days: tuple[date, date] | None


class _Entries:
    """The columns of a history that say who got what, row by row."""

    def __init__(self, path: Path, id_column: str, missing: frozenset[str], actions: Sequence[str]) -> None:
        self._path, self._id, self._missing, self._actions = path, id_column, missing, actions
        self._seen: dict[str, list[_Place]] = {}
        self._decimal: Decimal = "."
        self._latest = latest_day()

    def read(self) -> Iterator[_Entry]:
        """Every row; the first that cannot be right is refused."""
        with open_table(self._path) as table:
            for name in (self._id, ARM):
                if name not in table.header:
                    problem = "no such column in the header, --history needs it"
                    raise DataError(str(self._path), problem, column=name, row=1)
            self._decimal = table.decimal
            yield from self._rows(table)

    def _rows(self, table: Table) -> Iterator[_Entry]:
        for chunk in table.chunks:
            columns = dict(zip(table.header, chunk.columns, strict=True))
            nothing: list[Cell] = [None] * len(chunk.rows)
            # `none` may be a word for missing, here it is an answer.
            arms = clean(columns[ARM], frozenset())
            names = (self._id, PLANNED, CAMPAIGN, PROPENSITY, SCORE, PLANNED_ON, OUTCOME_UNTIL)
            others = [clean(columns.get(name, nothing), self._missing) for name in names]
            for arm, cells, row in zip(arms, zip(*others, strict=True), chunk.rows, strict=True):
                yield self._entry(arm, cells, row)

    def _entry(self, arm: Cell, cells: tuple[Cell, ...], row: int) -> _Entry:
        customer, planned, campaign, propensity, score, since, until = cells
        given = self._arm(arm, row)
        days = None
        if since is not None and until is not None:
            ended = past_day(until, self._latest, str(self._path), OUTCOME_UNTIL, row)
            days = (day(since, str(self._path), PLANNED_ON, row), ended)
            if days[1] < days[0]:
                problem = f"{days[1]} lies before the plan of {days[0]}"
                raise DataError(str(self._path), problem, column=OUTCOME_UNTIL, row=row)
        place = _Place(row, given, campaign or "", days)
        self._require_once(customer, place)
        action = planned if planned in self._actions else ""
        shares = self._share(propensity, PROPENSITY, row), self._share(score, SCORE, row, may_be_zero=True)
        return _Entry(customer or "", given, action or "", place.campaign, *shares)

    def _arm(self, cell: Cell, row: int) -> str:
        file = str(self._path)
        if cell is None:
            raise DataError(file, "the arm is missing", column=ARM, row=row)
        if cell not in (*self._actions, CONTROL, NO_ACTION):
            expected = ", ".join((*self._actions, CONTROL))
            problem = f'"{glimpse(cell)}" is no action, one of {expected} was expected'
            raise DataError(file, problem, column=ARM, row=row)
        return cell

    def _share(self, cell: Cell, column: str, row: int, *, may_be_zero: bool = False) -> float:
        if cell is None:
            return numpy.nan
        file = str(self._path)
        try:
            share = parse_number(cell, self._decimal)
        except ValueError as problem:
            raise DataError(file, f'"{glimpse(cell)}" {problem}', column=column, row=row) from None
        if not 0.0 <= share <= 1.0 or (share == 0.0 and not may_be_zero):
            least = "at least 0" if may_be_zero else "above 0"
            raise DataError(file, f"is a probability {least}, at most 1, is {share:g}", column=column, row=row)
        return share

    def _require_once(self, customer: Cell, place: _Place) -> None:
        file = str(self._path)
        if customer is None:
            raise DataError(file, "the id is missing", column=self._id, row=place.row)
        for other in self._seen.setdefault(customer, []):
            if not _apart(other, place):
                raise DataError(file, _twice(other, place), column=self._id, row=place.row)
        self._seen[customer].append(place)


def _apart(one: _Place, other: _Place) -> bool:
    """Whether two rows of one customer are of campaigns whose outcomes do not mix."""
    if one.campaign == other.campaign or one.days is None or other.days is None:
        return False
    return one.days[1] <= other.days[0] or other.days[1] <= one.days[0]


def _twice(first: _Place, here: _Place) -> str:
    problem = f"the same customer as in row {first.row}"
    if first.campaign != here.campaign:
        dates = "at the same time" if first.days and here.days else f"and {PLANNED_ON} or {OUTCOME_UNTIL} is missing"
        return f"{problem}, in two campaigns {dates}"
    return problem if first.arm == here.arm else f"{problem}, there in arm {first.arm}, here in arm {here.arm}"

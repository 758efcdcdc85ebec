"""Learns what each action changes from a past campaign in which chance decided who got it.

It reads arms and outcomes and hands them to the uplift learner; it must not know budgets or the customers of the
campaign to come.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy
import pandas

from churn_campaigns.experiment.assignment import CONTROL
from churn_campaigns.uplift.learner import UpliftModel, UpliftNotLearnable, fit_uplift
from churn_data.cells import Cell, clean
from churn_data.errors import DataError, glimpse
from churn_data.sources import read_customers
from churn_data.tables import open_table
from churn_model.schema import Schema
from churn_model.usecase import Feature, UseCase

ARM, PLANNED = "arm", "planned_action"
NO_ACTION = "none"


@dataclass(frozen=True)
class History:
    """A past campaign: features, 0 or 1 for who left, each customer's arm, and the action that a customer of the
    control arm would have got (empty text: any)."""

    file: str
    frame: pandas.DataFrame
    churned: numpy.ndarray
    arms: numpy.ndarray
    planned: numpy.ndarray

    def of(self, action: str) -> tuple[numpy.ndarray, numpy.ndarray]:
        """Positions of the customers who got the action, and of those they can be compared with."""
        alike = (self.planned == action) | (self.planned == "")
        return numpy.flatnonzero(self.arms == action), numpy.flatnonzero((self.arms == CONTROL) & alike)


def read_history(path: Path, usecase: UseCase, schema: Schema, actions: Sequence[str]) -> History:
    """Read a past campaign: id, features, the label, and the column `arm` with an action's id or `control`.

    A file that `churn campaign` wrote, with features and outcomes joined to it, can be read too: customers whose arm
    is `none` are left out, and its column `planned_action` says with whom a customer of the control arm is compared.

    Raises:
        DataError: one line that names file, column and row, among others for an arm that is no action, and for a
            customer who is there twice, in both arms say.
        UseCaseError: the use case does not fit the model's features.
    """
    known = usecase.with_features(
        tuple(
            Feature(feature.name, feature.type, feature.label, feature.minimum, feature.maximum)
            for feature in schema.features
        )
    )
    arms, planned = _arms(path, schema.id, frozenset(usecase.missing), actions)
    dataset = read_customers(path, known)
    return History(str(path), dataset.frame, dataset.churned, numpy.array(arms), numpy.array(planned))


def fit_history(history: History, actions: Sequence[str], seed: int) -> dict[str, UpliftModel]:
    """What each action of the history changes, by action id; actions that were not tried are left out.

    Raises:
        DataError: an action's customers, or those they are compared with, cannot tell what it changes.
    """
    return {action: _fitted(history, action, seed) for action in actions if (history.arms == action).any()}


def _fitted(history: History, action: str, seed: int) -> UpliftModel:
    treated, control = history.of(action)
    both = numpy.sort(numpy.concatenate([treated, control]))
    frame = history.frame.iloc[both].reset_index(drop=True)
    given = (history.arms[both] == action).astype(int)
    try:
        return fit_uplift(frame, given, history.churned[both], seed)
    except UpliftNotLearnable as error:
        raise DataError(history.file, f'the effect of action "{action}" cannot be learned: {error}') from None


def _arms(path: Path, id_column: str, missing: frozenset[str], actions: Sequence[str]) -> tuple[list[str], list[str]]:
    arms: list[str] = []
    planned: list[str] = []
    seen: dict[str, tuple[int, str]] = {}
    with open_table(path) as table:
        for name in (id_column, ARM):
            if name not in table.header:
                raise DataError(str(path), "no such column in the header, --history needs it", column=name, row=1)
        for chunk in table.chunks:
            columns = dict(zip(table.header, chunk.columns, strict=True))
            ids = clean(columns[id_column], missing)
            # `none` may be a word for missing, here it is an answer.
            found = clean(columns[ARM], frozenset())
            for customer, arm, row in zip(ids, found, chunk.rows, strict=True):
                arms.append(_arm(arm, actions, str(path), row))
                _require_once(customer, arms[-1], seen, str(path), id_column, row)
            planned += [_plan(cell, actions) for cell in columns.get(PLANNED, [None] * len(ids))]
    return arms, planned


def _arm(cell: Cell, actions: Sequence[str], file: str, row: int) -> str:
    if cell is None:
        raise DataError(file, "the arm is missing", column=ARM, row=row)
    if cell not in (*actions, CONTROL, NO_ACTION):
        expected = ", ".join((*actions, CONTROL))
        raise DataError(file, f'"{glimpse(cell)}" is no action, one of {expected} was expected', column=ARM, row=row)
    return cell


def _plan(cell: Cell, actions: Sequence[str]) -> str:
    name = (cell or "").strip()
    return name if name in actions else ""


def _require_once(
    customer: Cell, arm: str, seen: dict[str, tuple[int, str]], file: str, id_column: str, row: int
) -> None:
    if customer is None:
        raise DataError(file, "the id is missing", column=id_column, row=row)
    first, other = seen.setdefault(customer, (row, arm))
    if first != row:
        where = f", there in arm {other}, here in arm {arm}" if other != arm else ""
        raise DataError(file, f"the same customer as in row {first}{where}", column=id_column, row=row)

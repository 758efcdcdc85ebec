"""Which action pays, for many customers at once: the decisions of `actions`, in the same arithmetic, by column.

Customers of one segment and risk have the same actions to choose from. It must not know models or budgets.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy
from numpy.typing import NDArray

from churn_model.actions import ActionTable, Decision
from churn_model.column_rows import ColumnRows
from churn_model.money import net
from churn_model.rules import RISKS

_CLEAR = 1e5
"""Cents up to which, and one by this the distance from half a cent from which, the error of a product is too small to
matter."""


class Decisions(NamedTuple):
    """``risk`` of each customer as a place in :data:`~churn_model.rules.RISKS`, and ``chosen`` as one in ``kinds``;
    ``expected_value`` in money, NaN where nobody said what customers are worth. Of ``kinds`` the action, its name and
    its cost count."""

    risk: NDArray[numpy.intp]
    chosen: NDArray[numpy.intp]
    expected_value: NDArray[numpy.float64]
    kinds: list[Decision]


def risk_bands(table: ActionTable, probability: NDArray[numpy.float64]) -> NDArray[numpy.intp]:
    """The risk band of each churn probability, as a place in :data:`~churn_model.rules.RISKS`."""
    bands = table.to_json()["risk"]
    return numpy.where(probability >= bands["high"], 2, numpy.where(probability >= bands["medium"], 1, 0))


def customer_values(table: ActionTable, rows: ColumnRows) -> NDArray[numpy.float64] | None:
    """What :meth:`~churn_model.actions.ActionTable.value` says of each row; None where nobody said what customers are
    worth."""
    rule = table.to_json()["value"]
    if rule is None:
        return None
    amount = rows.columns[rule["index"]]
    known: NDArray[numpy.float64] = numpy.where(numpy.isnan(amount), rule["fill"], amount) * rule["factor"]
    return numpy.maximum(known, 0.0)


def decide_columns(
    table: ActionTable, probabilities: Sequence[float], segments: Sequence[int], rows: ColumnRows
) -> Decisions:
    """The decision of :meth:`~churn_model.actions.ActionTable.decide` for each row."""
    probability, segment = numpy.array(probabilities, dtype=float), numpy.array(segments)
    risk, value = risk_bands(table, probability), customer_values(table, rows)
    answer = Decisions(risk, numpy.zeros(len(rows), numpy.intp), numpy.zeros(len(rows)), [])
    groups = segment * len(RISKS) + risk
    for group in numpy.flatnonzero(numpy.bincount(groups)).tolist():
        places = numpy.flatnonzero(groups == group)
        of_segment, of_risk = divmod(group, len(RISKS))
        if value is None:
            _decide_without_money(table, probability, of_segment, places, answer)
        else:
            _decide(table, (of_segment, of_risk), probability[places], value[places], places, answer)
    return answer


def _decide(
    table: ActionTable,
    group: tuple[int, int],
    probability: NDArray[numpy.float64],
    value: NDArray[numpy.float64],
    places: NDArray[numpy.intp],
    answer: Decisions,
) -> None:
    segment, risk = group
    first = len(answer.kinds)
    answer.kinds.append(Decision(RISKS[risk], "none", "No action", 0.0, 0.0))
    best, chosen = numpy.zeros(len(places)), numpy.full(len(places), first)
    for action in table.eligible(segment, RISKS[risk]):
        expected = net(action.effect * probability, probability, value, action.contact, action.offer)
        better = (expected > best) & (value >= action.minimum_value)
        best, chosen = numpy.where(better, expected, best), numpy.where(better, len(answer.kinds), chosen)
        answer.kinds.append(Decision(RISKS[risk], action.id, action.name, 0.0, action.cost, action.source))
    answer.chosen[places] = chosen
    answer.expected_value[places] = _cents(best)


def _cents(amounts: NDArray[numpy.float64]) -> NDArray[numpy.float64]:
    """What `round(amount, 2)` says of each: a whole number of cents, divided, is the nearest number to it, wherever
    there is no doubt which whole number that is."""
    scaled = amounts * 100.0
    rounded: NDArray[numpy.float64] = numpy.rint(scaled) / 100.0
    clear = (numpy.abs(scaled) < _CLEAR) & (numpy.abs(scaled - numpy.floor(scaled) - 0.5) > 1.0 / _CLEAR)
    for place in numpy.flatnonzero(~clear).tolist():
        rounded[place] = round(float(amounts[place]), 2)
    return rounded


def _decide_without_money(
    table: ActionTable,
    probability: NDArray[numpy.float64],
    segment: int,
    places: NDArray[numpy.intp],
    answer: Decisions,
) -> None:
    """Nothing but segment and risk is looked at, so one customer speaks for all."""
    answer.kinds.append(table.decide(float(probability[places[0]]), segment, ()))
    answer.chosen[places] = len(answer.kinds) - 1
    answer.expected_value[places] = numpy.nan

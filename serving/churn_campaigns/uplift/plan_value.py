"""What a plan is worth, measured: from the doubly robust scores of customers of a past campaign to those of a plan.

The models say what each planned customer's effect is; past customers who look alike say by how much the models are
wrong. Each fold of the plan is held against the past customers of that very fold, whom none of its models has seen, so
nothing was chosen for the noise that it is judged by. The estimate is a bias-corrected match (Abadie and Imbens 2011)
of doubly robust scores, a transport of effects to another population (Dahabreh et al. 2020). It must not know files.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy
from scipy.spatial import cKDTree

from churn_campaigns.uplift.cross_fitting import FOLDS, CrossFitted
from churn_campaigns.uplift.evidence import Estimate

NEIGHBOURS = 25  # past customers whose scores are held against each planned one
_RISK = 1e-3

Array = numpy.ndarray


@dataclass(frozen=True)
class Part:
    """The customers of a plan who get one action whose effect was measured.

    Attributes:
        fitted: what the campaign showed.
        rows: int [past customers of the action], where each stands in the whole history.
        past_value: float [past customers], money lost when one leaves.
        effects, without, value, folds: [planned customers], predictions, worth and fold of each.
        cost: of the action for each planned customer (or for every one), whom it does not keep.
    """

    fitted: CrossFitted
    rows: Array
    past_value: Array
    effects: Array
    without: Array
    value: Array
    folds: Array
    cost: Array | float


def plan_value(parts: Iterable[Part], customers: Array) -> Estimate | None:
    """Money kept less cost, of all parts together, and its standard error; None where no part has anybody.

    Args:
        parts: one an action.
        customers: int [history], equal for rows of one customer, whose errors belong together.
    """
    total, found = 0.0, False
    influence = numpy.zeros(len(customers))
    for part in parts:
        if not len(part.value):
            continue
        found = True
        total += float((part.effects * part.value - part.cost).sum())
        corrections = _corrections(part)
        total += float(corrections.sum())
        numpy.add.at(influence, part.rows, corrections)
    if not found:
        return None
    together = numpy.bincount(customers, influence)
    return Estimate(total, float(numpy.sqrt((together**2).sum())))


def _corrections(part: Part) -> Array:
    """What each past customer adds: by how much the models were wrong there, times the money of the planned customers
    whom that customer stands for: float [past customers]."""
    fitted = part.fitted
    residuals = fitted.scores - fitted.effects
    added = numpy.zeros(len(residuals))
    for fold in range(FOLDS):
        past, planned = numpy.flatnonzero(fitted.folds == fold), numpy.flatnonzero(part.folds == fold)
        if not len(planned):
            continue
        known = _signature(fitted.effects[past], fitted.without[past], part.past_value[past])
        asked = _signature(part.effects[planned], part.without[planned], part.value[planned])
        spread = numpy.where(asked.std(axis=0) > 0.0, known.std(axis=0), 0.0)
        scale = numpy.where(spread > 0.0, spread, 1.0)
        count = min(NEIGHBOURS, len(past))
        near = cKDTree(known / scale).query(asked / scale, k=count)[1].reshape(len(planned), count)
        money = numpy.repeat(part.value[planned] / count, count)
        added[past] += numpy.bincount(near.ravel(), money, minlength=len(past))
    return numpy.asarray(added * residuals)


def _signature(effects: Array, without: Array, value: Array) -> Array:
    """What makes two customers alike where a plan chooses: effect, risk and worth."""
    risk = numpy.clip(without, _RISK, 1.0 - _RISK)
    return numpy.column_stack([effects, numpy.log(risk / (1.0 - risk)), numpy.log1p(numpy.maximum(value, 0.0))])

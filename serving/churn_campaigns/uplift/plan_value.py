"""What a plan is worth, measured: from the doubly robust scores of customers of a past campaign to those of a plan.

The models say what each planned customer's effect is; past customers who look alike say by how much the models are
wrong. Each fold of the plan is held against the past customers of that very fold, whom none of its models has seen, so
nothing was chosen for the noise that it is judged by. The estimate is a bias-corrected match (Abadie and Imbens 2011)
of doubly robust scores, a transport of effects to another population (Dahabreh et al. 2020). It must not know files.

Its error has two parts. The noise of each past customer's score counts as often as planned customers lean on it. And
folds teach each other: a lucky outcome in one fold makes its like be chosen in another, and the other way round, so
the errors of two folds are not independent (for cross-validation Bengio and Grandvalet 2004, section 4). Their
covariance is at most the noise times the variance of the weights over the other fold's outcomes (Bessel's inequality),
and this is half the mean square by which the weights change when that fold's outcomes take the place of others.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy
from scipy.spatial import cKDTree

from churn_campaigns.uplift.cross_fitting import FOLDS, CrossFitted
from churn_campaigns.uplift.evidence import Estimate

NEIGHBOURS = (25, 100)
"""Past customers whose scores are held against each planned one: a tenth of them, but between these two."""
ASKED = 20_000  # planned customers of a fold and action who are matched one by one; more are spread evenly among them
FLOOR = 0.05  # of the mean weight, by which who was not matched may count all the same to balance the rest
LINEAR = 2.0 / numpy.pi
"""Only what is linear in an outcome makes two folds' errors vary together; of the variance of a yes or no by a normal
margin that is at most this share (the first Hermite coefficient)."""
NEGLIGIBLE = 1e-6
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
    # What each row adds to the total, and what it would add, roughly, by the models of each fold, its own the first.
    added, rough = numpy.zeros(len(customers)), numpy.zeros((FOLDS, len(customers)))
    for part in parts:
        if not len(part.value):
            continue
        found = True
        weights, others = _weights(part)
        residuals = part.fitted.scores - part.fitted.effects
        total += float((part.effects * part.value - part.cost).sum() + weights @ residuals)
        numpy.add.at(added, part.rows, weights * residuals)
        numpy.add.at(rough.T, part.rows, (others * residuals).T)
    if not found:
        return None
    own, *swapped = (numpy.bincount(customers, row) for row in rough)
    hinging = sum(float(((own - other) ** 2).sum()) / 2.0 for other in swapped)
    noise = float((numpy.bincount(customers, added) ** 2).sum())
    return Estimate(total, float(numpy.sqrt(noise + LINEAR * hinging)))


def _weights(part: Part) -> tuple[Array, Array]:
    """The money of the planned customers for whom each past customer stands: float [past customers]; and, not balanced,
    by the models of the customer's own fold (first) and by those of the others: float [FOLDS, past customers]."""
    fitted = part.fitted
    weights, rough = numpy.zeros(len(part.rows)), numpy.zeros((FOLDS, len(part.rows)))
    for fold in range(FOLDS):
        past, planned = numpy.flatnonzero(fitted.folds == fold), numpy.flatnonzero(part.folds == fold)
        if not len(planned):
            continue
        asked, money = (
            _signature(part.effects[planned], part.without[planned], part.value[planned]),
            part.value[planned],
        )
        for place in range(FOLDS):
            effects, without = fitted.by_model[(fold + place) % FOLDS][:, past]
            known = _signature(effects, without, part.past_value[past])
            rough[place, past] = _matched(*_scaled(known, asked), money)
            if place == 0:
                weights[past] = _balanced(*_scaled(known, asked), money, rough[place, past])
    return weights, rough


def _scaled(known: Array, asked: Array) -> tuple[Array, Array]:
    """Signatures of past and planned customers in standard deviations of the past ones."""
    spread = known.std(axis=0)
    # Where one side is all the same, as by a model that gives everybody the average, nothing tells who is alike.
    differs = numpy.minimum(asked.std(axis=0), spread) > NEGLIGIBLE
    centre, scale = known.mean(axis=0), numpy.where(differs, spread, 1.0)
    past, planned = (numpy.where(differs, (side - centre) / scale, 0.0) for side in (known, asked))
    return past, planned


def _matched(known: Array, asked: Array, money: Array) -> Array:
    """Each planned customer's money dealt out to the past customers who are most alike: float [past customers]."""
    fewest, most = NEIGHBOURS
    count = min(max(fewest, min(most, len(known) // 10)), len(known))
    some = numpy.arange(0, len(asked), -(-len(asked) // ASKED))
    near = cKDTree(known).query(asked[some], k=count)[1].reshape(len(some), count)
    share = money[some] * (money.sum() / max(money[some].sum(), NEGLIGIBLE) / count)
    return numpy.bincount(near.ravel(), numpy.repeat(share, count), minlength=len(known))


def _balanced(known: Array, asked: Array, money: Array, weights: Array) -> Array:
    """The weights, moved as little as need be until past and planned customers agree in their means.

    At the edges, where plans choose, the most alike lie further inside: the linear bias correction of Abadie and
    Imbens, section 3, as weights.
    """
    past, planned = (numpy.column_stack([numpy.ones(len(side)), side]) for side in (known, asked))
    free = weights + FLOOR * weights.mean()
    missing = money @ planned - weights @ past
    return numpy.asarray(weights + free * (past @ (numpy.linalg.pinv(past.T @ (free[:, None] * past)) @ missing)))


def _signature(effects: Array, without: Array, value: Array) -> Array:
    """What makes two customers alike where a plan chooses: effect, risk and worth."""
    risk = numpy.clip(without, _RISK, 1.0 - _RISK)
    return numpy.column_stack([effects, numpy.log(risk / (1.0 - risk)), numpy.log1p(numpy.maximum(value, 0.0))])

"""How good an uplift model and a policy are, measured on a randomised campaign.

Nobody's own uplift can be seen, so all measures compare treated with untreated customers that a model ranks alike. The
outcome that counts is staying. It must not know how a model was learned; give it predictions for customers the model
had not seen.
"""

from dataclasses import dataclass

import numpy
from scipy.stats import norm

Array = numpy.ndarray


@dataclass(frozen=True)
class Curve:
    """`customers`: how many are contacted, those of highest uplift first, from 0 to all; ties come together.
    `kept`: how many more customers stay for it."""

    customers: Array
    kept: Array

    @property
    def area(self) -> float:
        """By the trapezoidal rule."""
        return float(numpy.trapezoid(self.kept, self.customers))

    @property
    def above_chance(self) -> float:
        """The area above contacting the same number by chance."""
        return self.area - float(self.customers[-1] * self.kept[-1] / 2.0)


@dataclass(frozen=True)
class PolicyValue:
    """The mean outcome per customer if everybody were treated as the policy says, with its interval.

    `matched`: how many customers had by chance been given what the policy says; the rest tell nothing.
    """

    mean: float
    low: float
    high: float
    matched: int


@dataclass(frozen=True)
class Decile:
    """One group of customers with like predictions: mean prediction, observed reduction of churn and its interval."""

    customers: int
    predicted: float
    observed: float
    low: float
    high: float


def qini_curve(churned: Array, treated: Array, uplift: Array) -> Curve:
    """Customers kept among the treated, less the untreated ones' stayers scaled to as many customers (Radcliffe 2007,
    "Using control groups to target on predicted lift", section 4).

    Args:
        churned: int [customers], 1 for left.
        treated: int [customers], 1 for treated, by chance.
        uplift: float [customers], predicted reduction of churn.
    """
    stayed, treated, customers = _running(churned, treated, uplift)
    ratio = _divided(treated[1], treated[0])
    return _from_zero(customers, stayed[1] - stayed[0] * ratio)


def uplift_curve(churned: Array, treated: Array, uplift: Array) -> Curve:
    """The difference between the rates of staying, times all customers so far (Devriendt et al. 2022, "Learning to rank
    for uplift modeling", joint and relative). Arguments as in `qini_curve`."""
    stayed, treated, customers = _running(churned, treated, uplift)
    difference = _divided(stayed[1], treated[1]) - _divided(stayed[0], treated[0])
    return _from_zero(customers, difference * customers)


def qini_coefficient(churned: Array, treated: Array, uplift: Array) -> float:
    """The Qini curve's area above chance as a share of the best order's, in which treated stayers and untreated leavers
    come first. At most 1, about 0 by chance, below 0 for an order that is worse. Arguments as in `qini_curve`."""
    stayed, treated = 1 - numpy.asarray(churned), numpy.asarray(treated)
    best = stayed * treated - stayed * (1 - treated)
    return qini_curve(churned, treated, uplift).above_chance / qini_curve(churned, treated, best).above_chance


def auuc(churned: Array, treated: Array, uplift: Array) -> float:
    """Area under the uplift curve, per customer and share contacted: the reduction of churn over the whole base when a
    share of it is contacted, averaged over all shares. Half the average effect by chance. Arguments as in
    `qini_curve`."""
    return uplift_curve(churned, treated, uplift).area / len(numpy.asarray(uplift)) ** 2


def policy_value(outcome: Array, given: Array, chosen: Array, propensity: Array, level: float = 0.95) -> PolicyValue:
    """A policy's value from customers who were given something by chance, by self-normalised inverse propensity
    weighting (Hájek's estimator; Swaminathan and Joachims 2015), its interval by linearisation.

    Args:
        outcome: float [customers], what counts: 1 for churned, or money kept less cost.
        given: int [customers], what each was given (-1: nothing).
        chosen: int [customers], what the policy would give.
        propensity: float [customers], the probability of `given`, above 0.
        level: of the interval.

    Raises:
        ValueError: a propensity outside (0, 1], or nobody was given what the policy says.
    """
    propensity = numpy.asarray(propensity, dtype=float)
    if not ((propensity > 0.0) & (propensity <= 1.0)).all():
        raise ValueError("propensities must be above 0 and at most 1")
    matched = numpy.asarray(given) == numpy.asarray(chosen)
    if not matched.any():
        raise ValueError("nobody was given what the policy says, so its value cannot be known")
    weights = matched / propensity
    mean = float(weights @ outcome / weights.sum())
    # The estimator is a ratio; to first order its error is the weighted mean of the deviations.
    error = float(numpy.sqrt(((weights * (outcome - mean)) ** 2).sum()) / weights.sum())
    reach = float(norm.ppf(0.5 + level / 2.0)) * error
    return PolicyValue(mean, mean - reach, mean + reach, int(matched.sum()))


def effect_by_decile(
    churned: Array, treated: Array, uplift: Array, groups: int = 10, level: float = 0.95
) -> tuple[Decile, ...]:
    """Predicted against observed effect in groups of equal size, highest prediction first; intervals by Newcombe
    (1998), method 10. A group without customers on either side is left out. Other arguments as in `qini_curve`."""
    order = numpy.argsort(-numpy.asarray(uplift), kind="stable")
    parts = numpy.array_split(order, groups)
    churned, treated, uplift = numpy.asarray(churned), numpy.asarray(treated), numpy.asarray(uplift)
    mixed = [rows for rows in parts if len(set(treated[rows])) > 1]
    return tuple(_decile(churned[rows], treated[rows], uplift[rows], level) for rows in mixed)


def _decile(churned: Array, treated: Array, uplift: Array, level: float) -> Decile:
    from statsmodels.stats.proportion import confint_proportions_2indep

    left = [int(churned[treated == arm].sum()) for arm in (0, 1)]
    count = [int((treated == arm).sum()) for arm in (0, 1)]
    low, high = confint_proportions_2indep(left[0], count[0], left[1], count[1], method="newcomb", alpha=1.0 - level)
    observed = left[0] / count[0] - left[1] / count[1]
    return Decile(len(uplift), float(uplift.mean()), observed, float(low), float(high))


def _running(churned: Array, treated: Array, uplift: Array) -> tuple[Array, Array, Array]:
    """Running numbers of stayers and of customers, each [untreated, treated], and of both, where predictions change."""
    order = numpy.argsort(-numpy.asarray(uplift), kind="stable")
    stayed, arm = 1 - numpy.asarray(churned)[order], numpy.asarray(treated)[order]
    # Customers with the same prediction cannot be told apart, so the curve has no point between them.
    last = numpy.append(numpy.flatnonzero(numpy.diff(numpy.asarray(uplift)[order])), len(order) - 1)
    sides = numpy.stack([1 - arm, arm])
    return numpy.cumsum(sides * stayed, axis=1)[:, last], numpy.cumsum(sides, axis=1)[:, last], last + 1


def _divided(number: Array, by: Array) -> Array:
    return numpy.asarray(numpy.divide(number, by, out=numpy.zeros(len(number)), where=by != 0))


def _from_zero(customers: Array, kept: Array) -> Curve:
    return Curve(numpy.append(0, customers), numpy.append(0.0, kept))

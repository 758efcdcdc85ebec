"""How good a set of churn probabilities is: ranking, calibration, money.

Pure functions of labels and probabilities; they must not know which model answered. Every measure is taken from the
tally of leavers and stayers by distinct probability, which is what makes a thousand bootstrap samples cheap.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy

from churn_model.profit import Tally, curve_of, empc_of, tally
from churn_model.usecase import ProfitRule

BINS = 10
LOWER_IS_BETTER = frozenset({"brier", "log_loss", "ece"})
DISTANCES = frozenset({"ece"})
"""Measures that noise can only raise: what is chance in one direction in one bin never makes up for another."""


@dataclass(frozen=True)
class Measure:
    """One number that says how good a model is, taken from its tally, and which direction is the better one."""

    name: str
    of: Callable[[Tally], float]
    lower_is_better: bool = False


def evaluate(churned: numpy.ndarray, probabilities: numpy.ndarray, rule: ProfitRule) -> dict[str, float]:
    """Metrics by name.

    `roc_auc`, `pr_auc` (average precision), `brier`, `log_loss`, `ece` (10 equal-frequency bins); `profit` (per
    customer at the best threshold, acceptance fixed at its mean) and `contacted` (the share of customers it takes);
    `empc` (expected maximum profit per customer) and `empc_contacted`; `budget_profit` (per customer when the rule's
    `budget_share` with the highest probabilities is contacted). Money in the currency of the use case. Where all
    customers left or all stayed, `roc_auc` is NaN; without a leaver `pr_auc` is NaN too.

    Args:
        churned: 0 or 1 a customer.
        probabilities: of churn, between 0 and 1.
        rule: the economics of the campaign.

    Raises:
        ValueError: there are no customers, or not as many probabilities.
    """
    return evaluate_tally(tally(churned, probabilities), rule)


def evaluate_tally(counted: Tally, rule: ProfitRule) -> dict[str, float]:
    """As `evaluate`, of a tally."""
    curve, expected = curve_of(counted, rule), empc_of(counted, rule)
    return {
        "roc_auc": roc_auc(counted),
        "pr_auc": pr_auc(counted),
        "brier": brier(counted),
        "log_loss": log_loss(counted),
        "ece": ece(counted),
        "profit": curve.best.profit,
        "contacted": curve.best.contacted,
        "empc": expected.profit,
        "empc_contacted": expected.contacted,
        "budget_profit": curve.at(rule.budget_share),
    }


def measure(name: str, rule: ProfitRule) -> Measure:
    """A measure by its name in `evaluate` (the two shares contacted are none: no direction of theirs is better).

    Raises:
        KeyError: there is no measure of this name.
    """
    functions: dict[str, Callable[[Tally], float]] = {
        "roc_auc": roc_auc,
        "pr_auc": pr_auc,
        "brier": brier,
        "log_loss": log_loss,
        "ece": ece,
        "profit": lambda counted: curve_of(counted, rule).best.profit,
        "empc": lambda counted: empc_of(counted, rule).profit,
        "budget_profit": lambda counted: curve_of(counted, rule).at(rule.budget_share),
    }
    return Measure(name, functions[name], name in LOWER_IS_BETTER)


def roc_auc(counted: Tally) -> float:
    """Share of pairs of a leaver and a stayer in which the leaver has the higher score, ties counting half."""
    above = numpy.cumsum(counted.leavers)
    pairs = above[-1] * counted.stayers.sum()
    return float(counted.stayers @ (above - counted.leavers / 2.0) / pairs) if pairs else float("nan")


def pr_auc(counted: Tally) -> float:
    """Average precision: precision at each score, weighted by the leavers who have it."""
    precision = numpy.cumsum(counted.leavers) / numpy.cumsum(counted.customers)
    total = counted.leavers.sum()
    return float(precision @ counted.leavers / total) if total else float("nan")


def brier(counted: Tally) -> float:
    """Mean squared distance of probability and outcome."""
    misses = counted.leavers @ (1.0 - counted.scores) ** 2 + counted.stayers @ counted.scores**2
    return float(misses / counted.customers.sum())


def log_loss(counted: Tally) -> float:
    """Mean negative log-likelihood; a certain miss counts as if one machine precision had been left."""
    least = numpy.finfo(float).eps
    likely = numpy.clip(counted.scores, least, 1.0 - least)
    total = counted.leavers @ numpy.log(likely) + counted.stayers @ numpy.log1p(-likely)
    return float(-total / counted.customers.sum())


def ece(counted: Tally) -> float:
    """Expected calibration error: mean distance of predicted and observed churn over 10 bins of equal frequency."""
    return _distance(*bins_of(counted, BINS))


def calibration_bins(
    churned: numpy.ndarray, probabilities: numpy.ndarray, bins: int = BINS
) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
    """Mean probability, churn rate and size of each of at most `bins` parts of equal size, by rising probability.

    Customers of equal probability at the edge of a bin are shared out in proportion.
    """
    return bins_of(tally(churned, probabilities), bins)


def bins_of(counted: Tally, bins: int) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
    """As `calibration_bins`, of a tally."""
    customers = counted.customers[::-1]
    size = round(customers.sum())
    whole, more = divmod(size, bins)
    sizes = numpy.array([whole + 1] * more + [whole] * (bins - more if whole else 0), dtype=float)
    ends, edges = numpy.cumsum(customers), numpy.cumsum(sizes)
    predicted = _between(ends, customers * counted.scores[::-1], edges)
    observed = _between(ends, counted.leavers[::-1], edges)
    return predicted / sizes, observed / sizes, sizes


def rate_intervals(rates: numpy.ndarray, sizes: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Lower and upper ends of 95 % intervals of churn rates observed on so many customers (Wilson 1927)."""
    from statsmodels.stats.proportion import proportion_confint

    lower, upper = proportion_confint(rates * sizes, sizes, alpha=0.05, method="wilson")
    return numpy.asarray(lower), numpy.asarray(upper)


def lift_by_part(counted: Tally, parts: int = BINS) -> numpy.ndarray:
    """Churn rate of each tenth (or other part) of the customers, highest scores first, over that of all customers.

    NaN where nobody left. Customers of equal score at an edge are shared out in proportion.
    """
    edges = numpy.linspace(0.0, 1.0, parts + 1)[1:]
    reached = numpy.interp(edges, *gains(counted))
    return numpy.asarray(numpy.diff(reached, prepend=0.0) * parts)


def gains(counted: Tally) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Cumulative gains: share of customers contacted, highest scores first, and the share of leavers among them.

    Both start at 0. The second is NaN past the start where nobody left.
    """
    contacted = numpy.concatenate(([0.0], numpy.cumsum(counted.customers))) / counted.customers.sum()
    total = counted.leavers.sum() or float("nan")
    return contacted, numpy.concatenate(([0.0], numpy.cumsum(counted.leavers) / total))


def _between(ends: numpy.ndarray, amounts: numpy.ndarray, edges: numpy.ndarray) -> numpy.ndarray:
    """How much of `amounts`, each spread evenly up to its end, lies before each edge and after the one before it."""
    sums = numpy.interp(edges, numpy.concatenate(([0.0], ends)), numpy.concatenate(([0.0], numpy.cumsum(amounts))))
    return numpy.diff(sums, prepend=0.0)


def _distance(predicted: numpy.ndarray, observed: numpy.ndarray, sizes: numpy.ndarray) -> float:
    return float(numpy.abs(predicted - observed) @ sizes / sizes.sum())

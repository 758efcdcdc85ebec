"""The rules of the gate about harm: a challenger's probabilities must not be shown to be worse, for nobody, and it must
not be slower than a caller bears.

Harm is what is shown to be more than chance at 5 %, by the standard error of a mean where the measure is one, by
resampling where it is none. It must not know the rules about gain.
"""

from collections.abc import Mapping

import numpy

from churn_model.evaluation import measure
from churn_model.profit import tally
from churn_model.usecase import ProfitRule
from churn_training.comparison.bootstrap import REPEATS, probability_better
from churn_training.comparison.fairness import SMALLEST_GROUP, group_members
from churn_training.comparison.significance import Lead, lead_of
from churn_training.comparison.verdict import Finding, JudgedModel

HARM = 0.05
"""Largest probability at which being worse is not called chance."""
# A quarter slower is what a caller may notice; below a millisecond nobody does.
SLOWER = 1.25
FAST_ENOUGH = 1.0


def brier_finding(
    churned: numpy.ndarray,
    champion: JudgedModel,
    challenger: JudgedModel,
    customers: numpy.ndarray | None = None,
) -> Finding:
    """Whether the squared error of the challenger's probabilities (Brier score) is not shown to be higher; arguments as
    of `gate.judge`."""
    old, new = (_squared(churned, one) for one in (champion, challenger))
    worse = lead_of(new - old, customers)
    passed = worse.chance() > HARM
    return Finding(
        "brier",
        passed,
        "With the new model the squared error of the probabilities (Brier score) is "
        f"{new.mean():.4f} instead of {old.mean():.4f}, {_interval(worse)}: "
        f"{'not ' if passed else ''}shown to be worse.",
    )


def ece_finding(
    churned: numpy.ndarray,
    rule: ProfitRule,
    champion: JudgedModel,
    challenger: JudgedModel,
    seed: int,
    customers: numpy.ndarray | None = None,
) -> Finding:
    """Whether the calibration error (ECE) is worse in less than 95 % of paired bootstrap samples of these customers
    (Efron and Tibshirani 1993), for it is no mean over customers; arguments as of `gate.judge`."""
    by = measure("ece", rule)
    worse = probability_better(churned, champion.probabilities, challenger.probabilities, by, seed, customers=customers)
    old, new = (by.of(tally(churned, one.probabilities)) for one in (champion, challenger))
    passed = worse < 1.0 - HARM
    return Finding(
        "ece",
        passed,
        f"With the new model the calibration error is {new:.4f} instead of {old:.4f}. It is worse in {worse:.1%} of "
        f"{REPEATS:,} bootstrap samples of these customers, {'less than' if passed else 'at least'} the "
        f"{1.0 - HARM:.0%} at which a model is turned down.",
    )


def latency_finding(old: float, new: float) -> Finding:
    """Whether an answer takes at most a quarter longer, or at most a millisecond; both in milliseconds."""
    limit = max(SLOWER * old, FAST_ENOUGH)
    passed = bool(new <= limit)
    return Finding(
        "latency",
        passed,
        f"The new model answers in {new:.2f} ms instead of {old:.2f} ms, {'within' if passed else 'above'} the limit "
        f"of {limit:.2f} ms.",
    )


def groups_finding(
    churned: numpy.ndarray,
    groups: Mapping[str, numpy.ndarray],
    champion: JudgedModel,
    challenger: JudgedModel,
    customers: numpy.ndarray | None = None,
) -> Finding:
    """Whether the challenger's Brier score is shown to be higher in no group, corrected for the number of groups by
    Holm's method (1979); arguments as of `gate.judge`."""
    everyone = list(group_members(groups))
    judged = [group for group in everyone if group[2].sum() >= SMALLEST_GROUP]
    lost = _squared(churned, challenger) - _squared(churned, champion)
    chances = [
        lead_of(lost[members], None if customers is None else customers[members]).chance() for _, _, members in judged
    ]
    worse = [f"{judged[number][0]} = {judged[number][1]}" for number in _rejected(chances)]
    return Finding("groups", not worse, _groups_in_words(worse, len(judged), len(everyone) - len(judged)))


def _squared(churned: numpy.ndarray, model: JudgedModel) -> numpy.ndarray:
    return numpy.asarray((model.probabilities - churned) ** 2)


def _interval(worse: Lead) -> str:
    lower, upper = worse.interval(2.0 * HARM)
    return f"{worse.mean:+.4f} with a {1.0 - 2.0 * HARM:.0%} interval from {lower:+.4f} to {upper:+.4f}"


def _rejected(chances: list[float]) -> list[int]:
    """The numbers of the groups that got worse, in their order: Holm's step-down method on the chances that each did
    not."""
    found: list[int] = []
    for step, number in enumerate(sorted(range(len(chances)), key=chances.__getitem__)):
        if chances[number] * (len(chances) - step) > HARM:
            break
        found.append(number)
    return sorted(found)


def _groups_in_words(worse: list[str], judged: int, small: int) -> str:
    too_small = f" {small} with fewer than {SMALLEST_GROUP} customers could not be judged." if small else ""
    if worse:
        return f"The new model's probabilities are worse for: {', '.join(worse)} ({judged} groups compared).{too_small}"
    if judged:
        return f"The new model's probabilities are demonstrably worse in none of {judged} groups.{too_small}"
    return f"No group of customers was compared.{too_small}"

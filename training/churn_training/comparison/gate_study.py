"""How often the gate promotes what it should not, and what it should: contests of simulated models, by its own rules.

Models differ as real ones do: all know the same part of why customers leave, each has an error of its own that stays
with a customer for ever, as the customers held out do. It must not know training or registries.
"""

from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy

from churn_data.progress import Reporter
from churn_model.usecase import ProfitRule
from churn_training.comparison.evaluation import roc_auc
from churn_training.comparison.gate import judge
from churn_training.comparison.lead_rules import base_rate_finding, profit_finding, profit_lead
from churn_training.comparison.profit import empc, tally
from churn_training.comparison.verdict import JudgedModel, Terms

INTERCEPT, KNOWN, UNKNOWN = -1.6, 1.75, 0.6
"""Log-odds of churn: a quarter leaves; standard deviations of what every model knows and of what none does."""
OWN = 0.35
"""Standard deviation of a model's own error in log-odds: two models agree as two trainings of one family do."""
MANY = 400_000
"""Customers by whom the true difference of two models is told."""

MONTHS = (1, 2, 5, 12, 50)
"""Numbers of a contest at which a better model's chances are told."""
MARGINS = (0.02, 0.05)
SIZE = (1000, 5000)
"""Customers held out at the first and at the last contest."""
POINTS = 1.5
"""Hundredths of ROC AUC by which a better model is better."""


@dataclass(frozen=True)
class Plan:
    """How many sequences of how many challengers, how many single better ones, and in how many processes."""

    worlds: int
    challengers: int
    better_worlds: int
    workers: int

    @property
    def steps(self) -> int:
        """How often progress is told."""
        return self.worlds * (1 + len(MARGINS)) + len(MONTHS) + len(MARGINS)


def study(plan: Plan, rule: ProfitRule, reporter: Reporter) -> dict[str, Any]:
    """What share of worlds promotes wrongly, and how often what should be promoted is.

    Args:
        plan: how much of it.
        rule: economics.
        reporter: told what goes on.
    """
    document: dict[str, Any] = {"customers_held_out": SIZE, "challengers": plan.challengers}
    with ProcessPoolExecutor(plan.workers) as pool:
        document["equal_challengers"] = _sequences(plan, rule, None, OWN, pool, reporter)
        for margin in MARGINS if plan.worlds else ():
            error = less_by(margin, rule)
            found = _sequences(plan, rule, margin, error, pool, reporter)
            document[f"always_old_champion_challengers_less_by_{margin:.0%}"] = found
        if plan.better_worlds:
            document["better_by_auc_points"] = {"points": POINTS} | _better(plan, rule, pool, reporter)
            document["equal_model_refreshes_an_old_champion"] = _refreshed(plan, rule, pool, reporter)
    return document


def _sequences(
    plan: Plan, rule: ProfitRule, refresh: float | None, error: float, pool: Executor, reporter: Reporter
) -> dict[str, Any]:
    reporter.now("challengers that are no better, one after the other")
    run = partial(wrongful, challengers=plan.challengers, rule=rule, size=SIZE, refresh=refresh, error=error)
    counts = []
    for count in pool.map(run, range(plan.worlds)):
        counts.append(count)
        reporter.advance()
    wrong = sum(count > 0 for count in counts)
    contests = plan.worlds * plan.challengers
    return {
        "worlds": plan.worlds,
        "worlds_with_a_wrongful_promotion": wrong,
        "promotions": sum(counts),
        "contests": contests,
    }


def _better(plan: Plan, rule: ProfitRule, pool: Executor, reporter: Reporter) -> dict[str, Any]:
    """The challenger is as good as all others are, the champion so much worse."""
    error, shares = worse_by(POINTS), {}
    for number in MONTHS:
        reporter.now(f"a better model in contest {number}")
        shares[f"contest {number}"] = _share(plan, rule, (error, OWN), Terms(number), pool)
        reporter.advance()
    return shares


def _refreshed(plan: Plan, rule: ProfitRule, pool: Executor, reporter: Reporter) -> dict[str, Any]:
    shares = {}
    for margin in MARGINS:
        reporter.now("an equal model for an old champion")
        shares[f"margin {margin:.0%}, contest 2"] = _share(plan, rule, (OWN, OWN), Terms(2, margin), pool)
        reporter.advance()
    return shares


def _share(plan: Plan, rule: ProfitRule, errors: tuple[float, float], terms: Terms, pool: Executor) -> float:
    run = partial(promoted, customers=SIZE[1], rule=rule, errors=errors, terms=terms)
    return float(numpy.mean(list(pool.map(run, range(plan.better_worlds)))))


@dataclass(frozen=True)
class World:
    """Customers held out: who left, and what every model knows of their log-odds."""

    churned: numpy.ndarray
    known: numpy.ndarray
    generator: numpy.random.Generator

    def model(self, error: float = OWN) -> numpy.ndarray:
        """A calibrated model's probabilities, float [customers]; `error` is the standard deviation of its own error."""
        noisy = self.known + self.generator.normal(0.0, error, len(self.known))
        kept = KNOWN**2 / (KNOWN**2 + error**2)
        return _probabilities(INTERCEPT + (noisy - INTERCEPT) * kept, UNKNOWN**2 + error**2 * kept)


def world(seed: int, customers: int) -> World:
    """A world of so many customers held out."""
    generator = numpy.random.default_rng([seed, customers])
    known = INTERCEPT + KNOWN * generator.normal(size=customers)
    truth = known + UNKNOWN * generator.normal(size=customers)
    churned = (generator.random(customers) < 1.0 / (1.0 + numpy.exp(-truth))).astype(int)
    return World(churned, known, generator)


def worse_by(points: float) -> float:
    """Own error of a model whose ROC AUC is so many points (hundredths) below that of one with `OWN`, found on many
    customers."""
    return _search(lambda found, probabilities: 100.0 * roc_auc(tally(found.churned, probabilities)), points)


def less_by(margin: float, rule: ProfitRule) -> float:
    """Own error of a model that earns less by this share than one with `OWN`, found on many customers."""

    def earned(found: World, probabilities: numpy.ndarray) -> float:
        return empc(found.churned, probabilities, rule).profit

    many = world(0, MANY)
    return _search(earned, margin * earned(many, many.model()))


def passes(
    found: World, rows: slice, rule: ProfitRule, champion: numpy.ndarray, challenger: numpy.ndarray, terms: Terms
) -> bool:
    """Whether a challenger passes all rules of the gate on some of the customers.

    The rules about harm are asked only where those about gain are passed, since resampling takes seconds; a verdict is
    the same, for all must be.
    """
    churned = found.churned[rows]
    old, new = (JudgedModel(model[rows], 0.5) for model in (champion, challenger))
    lead = profit_lead(churned, rule, old, new)
    if not profit_finding(churned, rule, old, lead, terms).passed:
        return False
    base_rate = float(found.churned.mean())
    if not base_rate_finding(churned, new.probabilities, base_rate, terms).passed:
        return False
    return judge(churned, {}, rule, old, new, seed=0, terms=terms).passed


def wrongful(
    seed: int, challengers: int, rule: ProfitRule, size: tuple[int, int], refresh: float | None, error: float
) -> int:
    """How many of so many challengers, one after the other, are promoted though none is better, on a holdout that grows
    from the one size to the other.

    Args:
        seed: of the world.
        challengers: how many there are.
        rule: economics.
        size: customers held out at the first and at the last contest.
        refresh: margin of a champion that is old all the time, None: it never is.
        error: own error of every challenger; the champion's is `OWN`, and so is that of whoever takes its place.
    """
    found = world(seed, size[1])
    champion, promoted = found.model(), 0
    for number, customers in enumerate(numpy.linspace(*size, challengers).astype(int), start=1):
        challenger = found.model(error)
        if passes(found, slice(0, customers), rule, champion, challenger, Terms(number, refresh)):
            promoted += 1
            champion = challenger if error == OWN else found.model()
    return promoted


def promoted(seed: int, customers: int, rule: ProfitRule, errors: tuple[float, float], terms: Terms) -> bool:
    """Whether a challenger is promoted in one world; `errors` are the champion's own and its own."""
    found = world(1_000_000 + seed, customers)
    champion, challenger = (found.model(error) for error in errors)
    return passes(found, slice(0, customers), rule, champion, challenger, terms)


def _search(value: Callable[[World, numpy.ndarray], float], less: float) -> float:
    """The own error at which a measure is so much less than at `OWN`, by halving; the same customers and errors."""
    many = world(0, MANY)
    standard = many.generator.normal(size=MANY)

    def at(error: float) -> float:
        return value(many, World(many.churned, many.known, _Same(standard)).model(error))  # type: ignore[arg-type]

    best, low, high = at(OWN), OWN, 20 * OWN
    for _ in range(30):
        middle = (low + high) / 2.0
        low, high = (middle, high) if best - at(middle) < less else (low, middle)
    return (low + high) / 2.0


class _Same:
    """A generator that always draws the same, so that models differ by their error's size alone."""

    def __init__(self, standard: numpy.ndarray) -> None:
        self._standard = standard

    def normal(self, mean: float, deviation: float, size: int) -> numpy.ndarray:
        drawn: numpy.ndarray = mean + deviation * self._standard[:size]
        return drawn


def _probabilities(log_odds: numpy.ndarray, variance: float) -> numpy.ndarray:
    """The mean of the logistic function over a normal spread that nobody knows (MacKay 1992, the probit
    approximation), so that models are calibrated."""
    scaled = log_odds / numpy.sqrt(1.0 + numpy.pi * variance / 8.0)
    answered: numpy.ndarray = 1.0 / (1.0 + numpy.exp(-scaled))
    return answered

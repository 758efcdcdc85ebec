"""Simulated customers held out and models that answer them, for studies of the gate.

Models differ as real ones do: all know the same part of why customers leave, each has an error of its own that stays
with a customer for ever, as the customers held out do. It must not know the gate.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy

from churn_model.evaluation import roc_auc
from churn_model.profit import empc, tally
from churn_model.usecase import ProfitRule

INTERCEPT, KNOWN, UNKNOWN = -1.6, 1.75, 0.6
"""Log-odds of churn: a quarter leaves; standard deviations of what every model knows and of what none does."""
OWN = 0.35
"""Standard deviation of a model's own error in log-odds: two models agree as two trainings of one family do."""
MANY = 400_000
"""Customers by whom the true difference of two models is told."""
EDGE = -2.0
"""Log-odds, as far as models know them, below which no campaign ever contacts a customer."""
GROUPS = {"gender": (0.5, 0.5), "senior": (0.84, 0.16), "region": (0.4, 0.3, 0.15, 0.1, 0.05)}
"""Groups by which models are compared, and which share of customers is in each."""
BINS = 400
"""Values of what a lopsided model has seen by which its probabilities are told."""


@dataclass(frozen=True)
class World:
    """Customers held out: who left, their log-odds in truth, what every model knows of them, and the groups that they
    belong to."""

    churned: numpy.ndarray
    truth: numpy.ndarray
    known: numpy.ndarray
    generator: numpy.random.Generator
    groups: Mapping[str, numpy.ndarray]

    def model(self, error: float = OWN) -> numpy.ndarray:
        """A calibrated model's probabilities, float [customers]; `error` is the standard deviation of its own error."""
        noisy = self.known + self.generator.normal(0.0, error, len(self.known))
        kept = KNOWN**2 / (KNOWN**2 + error**2)
        return _probabilities(INTERCEPT + (noisy - INTERCEPT) * kept, UNKNOWN**2 + error**2 * kept)

    def lopsided(self, error: float) -> numpy.ndarray:
        """A calibrated model's probabilities, float [customers], that knows the truth where nothing is decided, below
        `EDGE`, and has an own error of `error` above it."""
        noisy = self.known + error * self.generator.normal(size=len(self.known))
        above = numpy.interp(noisy, *_calibration(error))
        return numpy.where(self.known > EDGE, above, _probabilities(self.truth, 0.0))


@cache
def _calibration(error: float) -> tuple[numpy.ndarray, numpy.ndarray]:
    """What a lopsided model has seen above the edge, and the mean of the true probability where it has."""
    generator = numpy.random.default_rng(1)
    known = INTERCEPT + KNOWN * generator.normal(size=4 * MANY)
    known = known[known > EDGE]
    noisy = known + error * generator.normal(size=len(known))
    truth = _probabilities(known + UNKNOWN * generator.normal(size=len(known)), 0.0)
    parts = numpy.array_split(numpy.argsort(noisy), BINS)
    seen, meant = (numpy.array([values[part].mean() for part in parts]) for values in (noisy, truth))
    return seen, meant


def world(seed: int, customers: int) -> World:
    """A world of so many customers held out."""
    generator = numpy.random.default_rng([seed, customers])
    known = INTERCEPT + KNOWN * generator.normal(size=customers)
    truth = known + UNKNOWN * generator.normal(size=customers)
    churned = (generator.random(customers) < 1.0 / (1.0 + numpy.exp(-truth))).astype(int)
    return World(churned, truth, known, generator, _groups(numpy.random.default_rng([seed, customers, 1]), customers))


def _groups(generator: numpy.random.Generator, customers: int) -> dict[str, numpy.ndarray]:
    return {name: generator.choice(len(parts), customers, p=parts).astype(str) for name, parts in GROUPS.items()}


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


def earns_less_by(margin: float, rule: ProfitRule) -> float:
    """Own error above the edge of a lopsided model that earns less by this share than one with `OWN`."""
    many = world(0, MANY)
    best = empc(many.churned, many.model(), rule).profit
    low, high = 0.0, 20 * OWN
    for _ in range(12):
        middle = (low + high) / 2.0
        earned = empc(many.churned, many.lopsided(middle), rule).profit
        low, high = (middle, high) if best - earned < margin * best else (low, middle)
    return (low + high) / 2.0


def _search(value: Callable[[World, numpy.ndarray], float], less: float) -> float:
    """The own error at which a measure is so much less than at `OWN`, by halving; the same customers and errors."""
    many = world(0, MANY)
    standard = many.generator.normal(size=MANY)

    def at(error: float) -> float:
        return value(many, replace(many, generator=_Same(standard)).model(error))  # type: ignore[arg-type]

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

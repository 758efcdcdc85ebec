"""What the answers are worth: measures, differences with paired intervals, ranks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy
from scipy.stats import rankdata

from churn_model.evaluation import LOWER_IS_BETTER, evaluate, evaluate_tally
from churn_model.usecase import ProfitRule
from churn_training.comparison.bootstrap import Resampler

SHOWN = ("log_loss", "roc_auc", "brier", "empc")
RULE = ProfitRule()
"""The economics of a use case that says nothing."""
REPEATS = 1000
EDGES = (2.5, 97.5)


@dataclass(frozen=True)
class Judged:
    """One contender on one split: measures by name, who left (0 or 1) with the answers about them, and seconds."""

    measures: Mapping[str, float]
    churned: numpy.ndarray
    probabilities: numpy.ndarray
    seconds: float


@dataclass(frozen=True)
class Difference:
    """A measure less another's on the same customers, with its interval (95 %, paired bootstrap), and whether it is
    worse by more than chance."""

    mean: float
    low: float
    high: float
    behind: bool


def judged(churned: numpy.ndarray, probabilities: numpy.ndarray, seconds: float) -> Judged:
    """Measure answers."""
    found = evaluate(churned, probabilities, RULE)
    return Judged({name: found[name] for name in SHOWN}, churned, probabilities, seconds)


def differences(own: Sequence[Judged], other: Sequence[Judged]) -> dict[str, Difference]:
    """Of each measure of :data:`SHOWN` over all splits of one file; customers are drawn within each split, the same for
    both."""
    drawn_apart = {name: numpy.zeros(REPEATS) for name in SHOWN}
    for number, pair in enumerate(zip(own, other, strict=True)):
        generator = numpy.random.default_rng(number)
        samplers = [Resampler(each.churned, each.probabilities) for each in pair]
        for repeat in range(REPEATS):
            customers = generator.integers(len(samplers[0]), size=len(samplers[0]))
            one, two = (evaluate_tally(sampler.sample(customers), RULE) for sampler in samplers)
            for name in SHOWN:
                drawn_apart[name][repeat] += (one[name] - two[name]) / len(own)
    return {name: _difference(name, drawn_apart[name], own, other) for name in SHOWN}


def _difference(name: str, drawn: numpy.ndarray, own: Sequence[Judged], other: Sequence[Judged]) -> Difference:
    low, high = map(float, numpy.percentile(drawn, EDGES))
    apart = [one.measures[name] - two.measures[name] for one, two in zip(own, other, strict=True)]
    return Difference(float(numpy.mean(apart)), low, high, behind=low > 0 if name in LOWER_IS_BETTER else high < 0)


def mean_ranks(losses: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Mean rank of each contender over files and splits, 1 being the best; equals share."""
    ranks = rankdata(numpy.array(list(losses.values())), axis=0).mean(axis=1)
    return dict(zip(losses, ranks.tolist(), strict=True))

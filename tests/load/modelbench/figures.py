"""What the answers are worth: measures, differences with paired intervals, ranks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy
from scipy.stats import rankdata

from churn_model.evaluation import evaluate
from churn_model.usecase import ProfitRule

SHOWN = ("log_loss", "roc_auc", "brier", "empc")
REPEATS = 2000
EDGES = (2.5, 97.5)


@dataclass(frozen=True)
class Judged:
    """One contender on one split: measures by name, each judged customer's log loss, and seconds."""

    measures: Mapping[str, float]
    losses: numpy.ndarray
    seconds: float


@dataclass(frozen=True)
class Difference:
    """Mean log loss less another's on the same customers, with its interval (95 %, paired bootstrap)."""

    mean: float
    low: float
    high: float

    @property
    def behind(self) -> bool:
        """Whether it is worse by more than chance."""
        return self.low > 0


def judged(churned: numpy.ndarray, probabilities: numpy.ndarray, seconds: float) -> Judged:
    """Measure answers; the economics are those of a use case that says nothing."""
    found = evaluate(churned, probabilities, ProfitRule())
    losses = -numpy.log(numpy.where(churned == 1, probabilities, 1.0 - probabilities))
    return Judged({name: found[name] for name in SHOWN}, losses, seconds)


def difference(own: Sequence[Judged], other: Sequence[Judged]) -> Difference:
    """Over all splits of one file; customers are drawn within each split."""
    apart = [one.losses - two.losses for one, two in zip(own, other, strict=True)]
    generator = numpy.random.default_rng(0)
    means = [
        numpy.mean([part[generator.integers(len(part), size=len(part))].mean() for part in apart])
        for _ in range(REPEATS)
    ]
    low, high = numpy.percentile(means, EDGES)
    return Difference(float(numpy.mean([part.mean() for part in apart])), float(low), float(high))


def mean_ranks(losses: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Mean rank of each contender over files and splits, 1 being the best; equals share."""
    ranks = rankdata(numpy.array(list(losses.values())), axis=0).mean(axis=1)
    return dict(zip(losses, ranks.tolist(), strict=True))

"""How the contenders stand beside each other: measures with intervals, and how sure the winner's lead is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from churn_data.dataset import Dataset
from churn_model.evaluation import measure
from churn_training.comparison.bootstrap import intervals, probability_better
from churn_training.comparison.competition import Result

REPEATS = 200
"""Bootstrap samples for each contender; the finished model's own figures get a thousand."""


@dataclass(frozen=True)
class Standing:
    """One model that competed.

    `metrics` and `intervals` are what `evaluation.evaluate` and `bootstrap.intervals` give. `winner_better` is the
    probability that the winner earns more than this one (None: not compared, or the winner itself), `milliseconds` its
    time for one answer (None: not measured).
    """

    title: str
    metrics: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    winner_better: float | None = None
    milliseconds: float | None = None


def standings(training: Dataset, results: Sequence[Result], best: Result) -> tuple[Standing, ...]:
    """Every contender's standing beside the best, in the order of the results."""
    return tuple(_standing(training, result, best) for result in results)


def _standing(training: Dataset, result: Result, best: Result) -> Standing:
    rule, churned = training.usecase.profit, training.churned
    found = intervals(churned, result.probabilities, rule, 0, REPEATS, customers=training.customers)
    if result is best:
        return Standing(result.contender.title, result.metrics, found)
    ahead = probability_better(
        churned,
        best.probabilities,
        result.probabilities,
        measure("empc", rule),
        0,
        REPEATS,
        customers=training.customers,
    )
    return Standing(result.contender.title, result.metrics, found, ahead)

"""How the contenders stand beside each other: measures with intervals, and how sure the winner's lead is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from churn_data.dataset import Dataset
from churn_training.comparison.bootstrap import Resampled, resample
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
    """Every contender's standing beside the best, in the order of the results, of which the best is one.

    All are measured on the same samples of customers, each contender on each of them once.
    """
    drawn = [_resampled(training, result) for result in results]
    ahead = next(samples for result, samples in zip(results, drawn, strict=True) if result is best)
    return tuple(
        Standing(
            result.contender.title,
            result.metrics,
            samples.intervals(),
            None if result is best else ahead.probability_higher(samples, "empc"),
        )
        for result, samples in zip(results, drawn, strict=True)
    )


def _resampled(training: Dataset, result: Result) -> Resampled:
    return resample(
        training.churned, result.probabilities, training.usecase.profit, 0, REPEATS, customers=training.customers
    )

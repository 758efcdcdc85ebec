"""What the finished model does on customers that no contender has seen: measured is what will be served.

It must not know how the model was made or what is decided about it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy

from churn_data.dataset import Dataset, rows_of
from churn_model.encoding import Encoder
from churn_model.evaluation import evaluate
from churn_model.scorecard import Scorecard
from churn_model.scorer import Scorer
from churn_training.comparison.bootstrap import intervals
from churn_training.comparison.champion_contest import groups_of, milliseconds_of
from churn_training.comparison.competition import Result
from churn_training.comparison.fairness import GroupRow, fairness_table


@dataclass(frozen=True)
class Finished:
    """The finished model on the holdout: labels, its probabilities, metrics, intervals, milliseconds for an answer, and
    each group of customers; `scorecard` and `cross_validated` are the metrics of the stand-in and of the comparison."""

    held_out: Dataset
    probabilities: numpy.ndarray
    metrics: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]
    milliseconds: float
    groups: tuple[GroupRow, ...]
    scorecard: Mapping[str, float]
    cross_validated: Mapping[str, float]

    @property
    def figures(self) -> dict[str, float]:
        """Every figure under one name: ends of intervals as `<metric>_low` and `<metric>_high`, the stand-in's as
        `scorecard_<metric>`, the comparison's as `cv_<metric>`."""
        return {
            **self.metrics,
            **{f"{name}_low": low for name, (low, _) in self.intervals.items()},
            **{f"{name}_high": high for name, (_, high) in self.intervals.items()},
            **{f"scorecard_{name}": value for name, value in self.scorecard.items()},
            **{f"cv_{name}": value for name, value in self.cross_validated.items()},
        }


def measure_finished(
    scorer: Scorer, encoder: Encoder, scorecard: Scorecard, held_out: Dataset, best: Result, seed: int
) -> Finished:
    """Measure a model on the holdout.

    Args:
        scorer: the model as it will be served.
        encoder: its encoder, for the scorecard reads encoded rows.
        scorecard: what stands in when no model answers.
        held_out: customers that nothing was fitted on.
        best: the contender it was made of, as the comparison measured it.
        seed: of the intervals.
    """
    rows, rule = rows_of(held_out.frame), held_out.usecase.profit
    answered = numpy.array(scorer.score(rows).probabilities)
    stand_in = numpy.array(scorecard.probabilities(encoder.encode(rows)))
    return Finished(
        held_out=held_out,
        probabilities=answered,
        metrics=evaluate(held_out.churned, answered, rule),
        intervals=intervals(held_out.churned, answered, rule, seed, customers=held_out.customers),
        milliseconds=milliseconds_of(scorer, rows),
        groups=fairness_table(held_out.churned, answered, groups_of(held_out), rule),
        scorecard=evaluate(held_out.churned, stand_in, rule),
        cross_validated=best.metrics,
    )

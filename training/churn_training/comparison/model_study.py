"""How good the families are on a file of customers: repeated cross-validation, with intervals, beside each other.

For people who want a figure they can quote and repeat. It registers nothing and keeps nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy

from churn_data.dataset import Dataset
from churn_data.progress import Reporter
from churn_model.evaluation import evaluate, measure
from churn_model.usecase import ProfitRule
from churn_training.comparison.bootstrap import intervals, probability_better
from churn_training.comparison.competition import Result, Search, compete
from churn_training.comparison.second_level import second_level
from churn_training.comparison.splits import FOLDS
from churn_training.families.portfolio import default_candidates


@dataclass(frozen=True)
class Row:
    """A contender: the mean over repeats of each measure of its pooled out-of-fold probabilities, the bootstrap
    interval (95 %, over customers) of the first repeat, and the share of repeats and samples in which the reference
    earns more than it."""

    name: str
    title: str
    means: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]
    reference_better: float


def study(dataset: Dataset, repeats: int, reporter: Reporter) -> list[Row]:
    """Every contender at its default settings over so many repeats of stratified cross-validation, the reference
    (highest EMPC) first.

    Args:
        dataset: labelled customers.
        repeats: each with its own folds.
        reporter: told what goes on.
    """
    families = default_candidates()
    answers: dict[str, list[numpy.ndarray]] = {}
    titles: dict[str, str] = {}
    for seed in range(repeats):
        search = Search(seed, FOLDS)
        results: list[Result] = [compete(dataset, family, search, reporter) for family in families]
        for result in [*results, *second_level(dataset, results, search)]:
            answers.setdefault(result.contender.name, []).append(result.probabilities)
            titles[result.contender.name] = result.contender.title
    reporter.now("intervals")
    return _rows(dataset, titles, answers)


def _rows(dataset: Dataset, titles: Mapping[str, str], answers: Mapping[str, Sequence[numpy.ndarray]]) -> list[Row]:
    rule, churned = dataset.usecase.profit, dataset.churned
    means = {name: _means(churned, given, rule) for name, given in answers.items()}
    order = sorted(answers, key=lambda name: -means[name]["empc"])
    reference = answers[order[0]]
    worth = measure("empc", rule)
    return [
        Row(
            name,
            titles[name],
            means[name],
            intervals(churned, answers[name][0], rule, 0),
            0.5
            if name == order[0]
            else float(
                numpy.mean(
                    [
                        probability_better(churned, best, other, worth, seed, 100)
                        for seed, (best, other) in enumerate(zip(reference, answers[name], strict=True))
                    ]
                )
            ),
        )
        for name in order
    ]


def _means(churned: numpy.ndarray, given: Sequence[numpy.ndarray], rule: ProfitRule) -> dict[str, float]:
    measured = [evaluate(churned, probabilities, rule) for probabilities in given]
    return {name: float(numpy.mean([one[name] for one in measured])) for name in measured[0]}

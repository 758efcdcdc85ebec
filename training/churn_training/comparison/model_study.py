"""How good the families are on a file of customers: repeated cross-validation, with intervals, beside each other.

For people who want a figure they can quote and repeat: `make bench-models DATA=customers.csv`. It registers nothing and
keeps nothing.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy

from churn_cli.terminal import answer, say
from churn_data.dataset import Dataset
from churn_data.progress import Reporter, reporting
from churn_data.sources import read_customers
from churn_model.errors import ChurnModelError
from churn_model.usecase import ProfitRule, load_usecase
from churn_training.comparison.bootstrap import intervals, probability_better
from churn_training.comparison.competition import Result, Search, compete, second_level
from churn_training.comparison.evaluation import evaluate, measure
from churn_training.comparison.splits import FOLDS
from churn_training.families.candidates import default_candidates

SHOWN = ("roc_auc", "pr_auc", "brier", "log_loss", "ece", "empc", "budget_profit")


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


def study(dataset: Dataset, repeats: int, seconds: float, reporter: Reporter) -> list[Row]:
    """Every contender over so many repeats of stratified cross-validation, the reference (highest EMPC) first.

    Args:
        dataset: labelled customers.
        repeats: each with its own folds.
        seconds: for tuning, a family and repeat; 0: default settings.
        reporter: told what goes on.
    """
    families = default_candidates()
    answers: dict[str, list[numpy.ndarray]] = {}
    titles: dict[str, str] = {}
    for seed in range(repeats):
        search = Search(seed, FOLDS, seconds)
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


def table(rows: Sequence[Row]) -> str:
    """The rows for people: mean and interval of each measure."""
    lines = []
    for row in rows:
        lines.append(f"{row.title} (the reference earns more with {row.reference_better:.0%})")
        for name in SHOWN:
            low, high = row.intervals[name]
            lines.append(f"    {name:14} {row.means[name]:9.4f}   [{low:.4f}, {high:.4f}]")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m churn_training.comparison.model_study", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="CSV or Parquet of labelled customers")
    parser.add_argument("--usecase", default="telecom", help="%(default)s")
    parser.add_argument("--repeats", type=int, default=10, help="%(default)s")
    parser.add_argument("--seconds", type=float, default=0.0, help="for tuning, a family and repeat (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    options = parser.parse_args(arguments)
    try:
        dataset = read_customers(options.data, load_usecase(options.usecase), say)
    except ChurnModelError as error:
        say(f"model study: {error}")
        return 2
    with reporting(options.repeats * len(default_candidates()) * FOLDS) as reporter:
        rows = study(dataset, options.repeats, options.seconds, reporter)
    answer(table(rows))
    if options.json:
        answer(json.dumps({row.name: {"means": row.means, "intervals": row.intervals} for row in rows}))
    return 0


if __name__ == "__main__":
    sys.exit(main())

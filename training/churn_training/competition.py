"""Compares candidates on the same folds and names the one that earns most.

Selection only: it must not touch the holdout, package or register anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy

from churn_training.candidates import Candidate
from churn_training.dataset import Dataset
from churn_training.evaluation import evaluate
from churn_training.progress import Reporter
from churn_training.splits import FOLDS, folds


@dataclass(frozen=True)
class Result:
    """A candidate's mean metrics over the folds, its profit in each, and its out-of-fold probabilities for every row
    (for curves)."""

    candidate: Candidate
    metrics: dict[str, float]
    profits: numpy.ndarray
    probabilities: numpy.ndarray


def compete(training: Dataset, candidate: Candidate, seed: int, reporter: Reporter, parts: int = FOLDS) -> Result:
    """Cross-validate one candidate; every fold fits encoder and estimator anew on its own training rows."""
    probabilities = numpy.empty(len(training))
    measured: list[dict[str, float]] = []
    for number, (train, test) in enumerate(folds(training, seed, parts), start=1):
        reporter.now(f"{candidate.title}: fold {number} of {parts}")
        fitted = training.take(train)
        pipeline = candidate.build(training.categories, seed).fit(fitted.frame, fitted.churned)
        answered = pipeline.predict_proba(training.frame.iloc[test].reset_index(drop=True))[:, 1]
        probabilities[test] = answered
        measured.append(evaluate(training.churned[test], answered, training.usecase.profit))
        reporter.advance()
    metrics = {name: float(numpy.mean([fold[name] for fold in measured])) for name in measured[0]}
    profits = numpy.array([fold["profit"] for fold in measured])
    metrics["profit_std"] = float(profits.std())
    return Result(candidate, metrics, profits, probabilities)


def winner(results: Sequence[Result]) -> Result:
    """The one to package: of those that earn no measurably less than the best, that with the lowest log loss.

    A few folds cannot tell apart what differs by cents. A candidate stays in the race while its paired difference to
    the highest mean profit is within one standard error over the folds (Breiman et al. 1984, section 3.4.3).
    """
    best = max(results, key=lambda result: result.metrics["profit"])
    return min((result for result in results if _as_good(result, best)), key=lambda result: result.metrics["log_loss"])


def _as_good(result: Result, best: Result) -> bool:
    losses = best.profits - result.profits
    error = losses.std(ddof=1) / numpy.sqrt(len(losses)) if len(losses) > 1 else 0.0
    return bool(losses.mean() <= error)

"""Measures a family at one setting on the folds that all contenders share, and names the contender that earns most.

Selection only: it must not touch the holdout, search, package or register anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy
from scipy.special import expit

from churn_data.dataset import Dataset
from churn_data.progress import Reporter
from churn_model.evaluation import evaluate
from churn_model.profit import empc
from churn_training.comparison.splits import FOLDS, folds
from churn_training.families.candidates import Candidate
from churn_training.families.ensemble import Blend, Contender
from churn_training.families.log_losses import log_losses_of
from churn_training.families.stopping import FittedFold, best_count, fit_fold


@dataclass(frozen=True)
class Search:
    """How contenders are measured: `seed` of splits and models, folds, and the seconds that the search for settings may
    take in all (0: every family at its defaults, no search)."""

    seed: int
    parts: int = FOLDS
    seconds: float = 0.0


@dataclass(frozen=True)
class Result:
    """A contender's out-of-fold log-odds for every row, their metrics all together, and its expected maximum profit in
    each fold; `contender` has the settings of the final fit. `rounds` settings of its family were compared; measuring
    took `seconds`."""

    contender: Contender
    metrics: dict[str, float]
    profits: numpy.ndarray
    raw: numpy.ndarray
    rounds: int = 0
    seconds: float = 0.0

    @property
    def probabilities(self) -> numpy.ndarray:
        """Out-of-fold churn probabilities, one a row."""
        return probabilities_of(self.raw)


def probabilities_of(raw: numpy.ndarray) -> numpy.ndarray:
    """Probabilities of log-odds."""
    answered: numpy.ndarray = expit(raw)
    return answered


def compete(training: Dataset, candidate: Candidate, search: Search, reporter: Reporter) -> Result:
    """Cross-validate one family at its settings; every fold fits everything anew on its own training rows.

    A family that stops early has the number of trees that is best over all folds together. That number, and later the
    choice among settings, is made on the same out-of-fold answers that are reported: a few parameters' worth of
    optimism. The holdout, which nothing here sees, shows whether it matters.
    """
    fitted: list[tuple[numpy.ndarray, Dataset, FittedFold]] = []
    for train, test in folds(training, search.seed, search.parts):
        unseen = training.take(test)
        fitted.append((test, unseen, fit_fold(candidate, training.take(train), unseen, search.seed)))
        reporter.advance()
    trees = best_count([fold.curve for _, _, fold in fitted])
    raw = numpy.empty(len(training))
    for test, unseen, fold in fitted:
        raw[test] = fold.answers(unseen, trees)
    settled = replace(candidate.at({}), patience=0)
    contender = settled if trees is None else settled.stopped_at(trees)
    return measured(training, contender, raw, search, 1)


def measured(training: Dataset, contender: Contender, raw: numpy.ndarray, search: Search, rounds: int = 0) -> Result:
    """The result of out-of-fold log-odds."""
    answered, rule = probabilities_of(raw), training.usecase.profit
    tests = [test for _, test in folds(training, search.seed, search.parts)]
    profits = numpy.array([empc(training.churned[test], answered[test], rule).profit for test in tests])
    metrics = evaluate(training.churned, answered, rule) | {"empc_std": float(profits.std())}
    return Result(contender, metrics, profits, raw, rounds)


def winner(results: Sequence[Result], churned: numpy.ndarray) -> Result:
    """The one to package: of those that earn no measurably less than the best, that with the lowest log loss; a
    combination of several models before a single one that is not measurably better.

    A few folds cannot tell apart what differs by cents. A contender stays in the race while its paired difference to
    the highest mean profit is within one standard error over the folds (Breiman et al. 1984, section 3.4.3). A single
    family's best setting is the best of many on the very answers that it is measured by, which flatters it; members of
    a combination are chosen anew for every fold. So the latter is taken while its paired difference in log loss is
    within one standard error over the customers (`churned` says who left).
    """
    best = max(results, key=lambda result: float(result.profits.mean()))
    able = [result for result in results if _within_error(best.profits - result.profits)]
    lowest = min(able, key=_log_loss)
    least = log_losses_of(lowest.raw, churned)
    combined = [
        result for result in able if _combines(result) and _within_error(log_losses_of(result.raw, churned) - least)
    ]
    return min(combined, key=_log_loss, default=lowest)


def _log_loss(result: Result) -> float:
    return result.metrics["log_loss"]


def _combines(result: Result) -> bool:
    return isinstance(result.contender, Blend) and len(result.contender.members) > 1


def _within_error(losses: numpy.ndarray) -> bool:
    """Whether paired differences are no larger on average than their standard error."""
    error = losses.std(ddof=1) / numpy.sqrt(len(losses)) if len(losses) > 1 else 0.0
    return bool(losses.mean() <= error)

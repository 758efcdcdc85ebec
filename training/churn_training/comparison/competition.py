"""Measures contenders on the same folds and names the one that earns most.

Selection only: it must not touch the holdout, package or register anything.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy
from scipy.special import expit

from churn_data.dataset import Dataset
from churn_data.progress import Reporter
from churn_training.comparison.evaluation import evaluate
from churn_training.comparison.profit import empc
from churn_training.comparison.splits import FOLDS, folds
from churn_training.comparison.tuning import INNER_FOLDS, SearchClock, tune
from churn_training.families.candidates import Candidate, log_odds
from churn_training.families.ensemble import Blend, Contender


@dataclass(frozen=True)
class Search:
    """How a family is measured: `seed` of splits and models, outer folds, and the seconds that it may take in all
    (0: its default settings, no search)."""

    seed: int
    parts: int = FOLDS
    seconds: float = 0.0


@dataclass(frozen=True)
class Result:
    """A contender's out-of-fold log-odds for every row, their metrics all together, and its expected maximum profit in
    each fold; `contender` has the settings of the final fit. `rounds` settings were compared."""

    contender: Contender
    metrics: dict[str, float]
    profits: numpy.ndarray
    raw: numpy.ndarray
    rounds: int = 0

    @property
    def probabilities(self) -> numpy.ndarray:
        """Out-of-fold churn probabilities, one a row."""
        return probabilities_of(self.raw)


def probabilities_of(raw: numpy.ndarray) -> numpy.ndarray:
    """Probabilities of log-odds."""
    answered: numpy.ndarray = expit(raw)
    return answered


def compete(training: Dataset, candidate: Candidate, search: Search, reporter: Reporter) -> Result:
    """Cross-validate one family; every fold fits everything anew on its own training rows, settings included.

    The default settings are measured first, which also shows what a fit costs; where the search then finds better ones
    for a fold, that fold is measured again with those.
    """
    begun = time.monotonic()
    splits = list(folds(training, search.seed, search.parts))
    raw = numpy.empty(len(training))
    for number, (train, test) in enumerate(splits, start=1):
        reporter.now(f"{candidate.title}: fold {number} of {search.parts}")
        raw[test] = _answered(training, candidate, train, test, search.seed)
        reporter.advance()
    seconds = time.monotonic() - begun
    final, rounds = candidate, 0
    if search.seconds > seconds and candidate.alternatives:
        # A round fits on two thirds of the rows, three times for every fold and for all rows together.
        expected = seconds * INNER_FOLDS * (search.parts + 1) / search.parts
        wanted = [training.take(train) for train, _ in splits]
        clock = SearchClock(search.seconds - seconds, 1.2 * seconds)
        tuned = tune(candidate, [*wanted, training], search.seed, clock, expected, reporter)
        *chosen, final = tuned.chosen
        rounds = tuned.rounds
        for setting, (train, test) in zip(chosen, splits, strict=True):
            if setting != candidate:
                reporter.expect_more(1)
                raw[test] = _answered(training, setting, train, test, search.seed)
                reporter.advance()
    return measured(training, replace(final, alternatives=()), raw, search, rounds)


def measured(training: Dataset, contender: Contender, raw: numpy.ndarray, search: Search, rounds: int = 0) -> Result:
    """The result of out-of-fold log-odds."""
    answered, rule = probabilities_of(raw), training.usecase.profit
    tests = [test for _, test in folds(training, search.seed, search.parts)]
    profits = numpy.array([empc(training.churned[test], answered[test], rule).profit for test in tests])
    metrics = evaluate(training.churned, answered, rule) | {"empc_std": float(profits.std())}
    return Result(contender, metrics, profits, raw, rounds)


def second_level(training: Dataset, results: Sequence[Result], search: Search) -> list[Result]:
    """A calibrated variant of every family, and their ensemble, measured on the same folds.

    A fold's calibration and weights are fitted on the out-of-fold answers to the other folds' customers, whose models
    had seen this fold's: what leaks that way is a handful of parameters' worth, fitted on thousands of customers. The
    holdout, which nothing here sees, shows whether it matters.
    """
    found: list[Result] = []
    for result in results:
        assert isinstance(result.contender, Candidate)  # noqa: S101 - blends are made here and nowhere else
        members = (result.contender,)
        found.append(_blended(training, Blend.calibrated(members[0]), [result], search))
    if len(results) > 1:
        families = tuple(result.contender for result in results if isinstance(result.contender, Candidate))
        found.append(_blended(training, Blend.ensemble(families), results, search))
    return found


def _blended(training: Dataset, blend: Blend, results: Sequence[Result], search: Search) -> Result:
    columns = numpy.stack([result.raw for result in results], axis=1)
    raw = numpy.empty(len(training))
    for train, test in folds(training, search.seed, search.parts):
        raw[test] = blend.fitted(columns[train], training.churned[train]).combine(columns[test])
    whole = blend.fitted(columns, training.churned).pruned()
    return measured(training, whole, raw, search)


def winner(results: Sequence[Result]) -> Result:
    """The one to package: of those that earn no measurably less than the best, that with the lowest log loss.

    A few folds cannot tell apart what differs by cents. A contender stays in the race while its paired difference to
    the highest mean profit is within one standard error over the folds (Breiman et al. 1984, section 3.4.3).
    """
    best = max(results, key=lambda result: float(result.profits.mean()))
    return min((result for result in results if _as_good(result, best)), key=lambda result: result.metrics["log_loss"])


def _as_good(result: Result, best: Result) -> bool:
    losses = best.profits - result.profits
    error = losses.std(ddof=1) / numpy.sqrt(len(losses)) if len(losses) > 1 else 0.0
    return bool(losses.mean() <= error)


def _answered(
    training: Dataset, candidate: Candidate, train: numpy.ndarray, test: numpy.ndarray, seed: int
) -> numpy.ndarray:
    fitted = training.take(train)
    pipeline = candidate.build(training.categories, seed).fit(fitted.frame, fitted.churned)
    return log_odds(pipeline, candidate.kind, training.frame.iloc[test].reset_index(drop=True))

"""What stands on the families' answers: a calibrated variant of each, and ensembles of everything that was measured.

Both are fitted on out-of-fold answers only; it must not fit a family.
"""

from collections.abc import Callable, Sequence

import numpy

from churn_data.dataset import Dataset
from churn_training.comparison.competition import Result, Search, measured
from churn_training.comparison.splits import folds
from churn_training.families.candidates import Candidate
from churn_training.families.ensemble import Blend

MOST_CONSIDERED = 24
"""Settings that an ensemble is chosen from, the best of every family among them."""


def second_level(
    training: Dataset, best: Sequence[Result], search: Search, library: Sequence[Result] | None = None
) -> list[Result]:
    """A calibrated variant of every family, a greedy ensemble and a plain mean of the best, measured on the same folds.

    A fold's calibration, weights and choice of members are fitted on the out-of-fold answers to the other folds'
    customers, whose models had seen this fold's: what leaks that way is a handful of parameters' worth, fitted on
    thousands of customers. The holdout, which nothing here sees, shows whether it matters.

    Args:
        training: the customers to learn from.
        best: each family at its best setting.
        search: seed and folds.
        library: everything that was measured, by default `best`.
    """
    found = [_blended(training, Blend.calibrated(_family(result)), [result], search, Blend.scaled) for result in best]
    considered = _considered(best, best if library is None else library)
    if len(considered) > 1:
        everybody = [_family(result) for result in considered]
        found.append(_blended(training, Blend.ensemble(everybody), considered, search, Blend.chosen))
        found.append(_blended(training, Blend.mean(everybody), considered, search, Blend.averaged))
    return found


def _considered(best: Sequence[Result], library: Sequence[Result]) -> list[Result]:
    """The best of every family, then the best others, no setting twice."""
    ranked = sorted(library, key=lambda result: result.metrics["log_loss"])
    found: list[Result] = []
    for result in [*best, *ranked]:
        if all(result.contender != other.contender for other in found):
            found.append(result)
    return found[: max(MOST_CONSIDERED, len(best))]


def _family(result: Result) -> Candidate:
    assert isinstance(result.contender, Candidate)  # noqa: S101 - blends are made here and nowhere else
    return result.contender


def _blended(
    training: Dataset,
    blend: Blend,
    results: Sequence[Result],
    search: Search,
    fitted: Callable[[Blend, numpy.ndarray, numpy.ndarray], Blend],
) -> Result:
    columns = numpy.stack([result.raw for result in results], axis=1)
    raw = numpy.empty(len(training))
    for train, test in folds(training, search.seed, search.parts):
        raw[test] = fitted(blend, columns[train], training.churned[train]).combine(columns[test])
    whole = fitted(blend, columns, training.churned).pruned()
    return measured(training, whole, raw, search)

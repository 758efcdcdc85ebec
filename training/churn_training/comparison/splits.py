"""Splits that never leak: every class in every part, and never one customer on both sides.

It only deals out row positions; rows come out shuffled because the encoder's ordered statistics depend on row order.
"""

from collections.abc import Iterator

import numpy
from sklearn.model_selection import StratifiedKFold

from churn_data.dataset import Dataset
from churn_data.errors import DataError

FOLDS = 5
ENOUGH_TO_JUDGE = 30
Split = tuple[numpy.ndarray, numpy.ndarray]


def holdout(dataset: Dataset, seed: int, parts: int = FOLDS) -> Split:
    """Positions of the training rows and of those kept for the final evaluation: one part in twice `parts` where that
    has `ENOUGH_TO_JUDGE` customers who left and as many who stayed, else one in `parts`.

    What is held out is lost to learning (a tenth more customers lowered the log loss of small files by 2 to 10 %), so
    no more is taken than judging needs.
    """
    # What is left must still have some of each class for every fold.
    _require_enough(dataset, 2 * parts)
    rarest = min(_customers(dataset, value) for value in (0, 1))
    return next(folds(dataset, seed, 2 * parts if rarest >= 2 * parts * ENOUGH_TO_JUDGE else parts))


def folds(dataset: Dataset, seed: int, parts: int = FOLDS) -> Iterator[Split]:
    """Positions of training and test rows, once a fold.

    Raises:
        DataError: too few customers of one class to have some in every part.
    """
    _require_enough(dataset, parts)
    generator = numpy.random.default_rng(seed)
    for train, test in _grouped(dataset, seed, parts) if dataset.repeats else _single(dataset, seed, parts):
        yield generator.permutation(train), test


def _single(dataset: Dataset, seed: int, parts: int) -> Iterator[Split]:
    yield from StratifiedKFold(n_splits=parts, shuffle=True, random_state=seed).split(dataset.frame, dataset.churned)


def _grouped(dataset: Dataset, seed: int, parts: int) -> Iterator[Split]:
    """Groups whole: shuffled, put in order by their leavers and rows, and dealt out like cards, so that every part gets
    as many of each kind. It takes as long as sorting, where scikit-learn's weighs every part for every group."""
    _, group = numpy.unique(dataset.groups, return_inverse=True)
    rows = numpy.bincount(group)
    leavers = numpy.bincount(group, weights=dataset.churned)
    shuffled = numpy.random.default_rng(seed).permutation(len(rows))
    ordered = shuffled[numpy.lexsort((rows[shuffled], leavers[shuffled]))]
    part = numpy.empty(len(rows), dtype=int)
    part[ordered] = numpy.arange(len(rows)) % parts
    part_of_row = part[group]
    for number in range(parts):
        yield numpy.flatnonzero(part_of_row != number), numpy.flatnonzero(part_of_row == number)


def _require_enough(dataset: Dataset, needed: int) -> None:
    for value, word in ((1, "left"), (0, "stayed")):
        found = _customers(dataset, value)
        if found < needed:
            problem = f"only {found} customers who {word}, at least {needed} are needed"
            raise DataError(dataset.source.name, problem, column=dataset.usecase.label.column)


def _customers(dataset: Dataset, value: int) -> int:
    """How many customers have rows with this label."""
    return len(numpy.unique(dataset.groups[dataset.churned == value]))

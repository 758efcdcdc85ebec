"""Splits that never leak: every class in every part, and never one customer on both sides.

Who is held out is a matter of the customer alone: a salted hash decides, so that no seed, no order of rows and no
later file makes a model learn from those whom another is judged on. It only deals out row positions; rows come out
shuffled because the encoder's ordered statistics depend on row order.
"""

from collections.abc import Iterator

import numpy
from sklearn.model_selection import StratifiedKFold

from churn_data.customer_keys import customer_keys
from churn_data.dataset import Dataset
from churn_data.errors import DataError
from churn_model.holdout import Holdout, position
from churn_model.rules import LARGEST_HOLDOUT

FOLDS = 5
ENOUGH_TO_JUDGE = 30
_HASHED = ", hashed by "
Split = tuple[numpy.ndarray, numpy.ndarray]


def holdout_of(dataset: Dataset, parts: int = FOLDS) -> Holdout:
    """Who is held out: the share that the use case states, else one in twice `parts` where that leaves
    `ENOUGH_TO_JUDGE` customers who left and as many who stayed, else one in `parts`; more only where there would be
    none of one class. Those of a smaller share are among those of a larger one.

    What is held out is lost to learning (a tenth more customers lowered the log loss of small files by 2 to 10 %), so
    no more is taken than judging needs.

    Raises:
        DataError: too few customers of one class.
    """
    # What is left must still have some of each class for every fold.
    _require_enough(dataset, 2 * parts)
    usecase = dataset.usecase
    salt = usecase.holdout.salt or f"holdout of {usecase.model_name}"
    share = usecase.holdout.share
    if share is None:
        rarest = min(_customers(dataset, value) for value in (0, 1))
        share = 1.0 / (2 * parts if rarest >= 2 * parts * ENOUGH_TO_JUDGE else parts)
        places = positions_of(dataset, salt)
        lowest = max(places[dataset.churned == value].min() for value in (0, 1))
        while lowest >= share and share < LARGEST_HOLDOUT:
            share = min(2.0 * share, LARGEST_HOLDOUT)
    return Holdout(salt, share, known_by(usecase.id, dataset.source.hashed_by))


def known_by(column: str, key: str = "") -> str:
    """What customers of a file are known by: the column of their ids, or pseudonyms of these by a key, under which a
    customer stands elsewhere."""
    return f"{column}{_HASHED}{key}" if column and key else column


def under_other_names(one: str, other: str) -> bool:
    """Whether files whose customers are known by these have the same customers under other names, so that nobody is
    known again: ids and their pseudonyms, or pseudonyms by two keys."""
    return one != other and (_HASHED in one or _HASHED in other)


def positions_of(dataset: Dataset, salt: str) -> numpy.ndarray:
    """Where each row's customer stands between 0 and 1. Rows that must stay together, doubles of a customer under other
    ids too, all stand where the lowest of them does: whoever is like somebody held out is not learnt from either."""
    own = own_positions(keys_of(dataset), salt)
    _, group = numpy.unique(dataset.groups, return_inverse=True)
    lowest = numpy.ones(int(group.max()) + 1)
    numpy.minimum.at(lowest, group, own)
    found: numpy.ndarray = lowest[group]
    return found


def own_positions(keys: numpy.ndarray, salt: str) -> numpy.ndarray:
    """Where each key stands between 0 and 1, whatever is like it."""
    known = {key: position(salt, key) for key in set(keys.tolist())}
    return numpy.array([known[key] for key in keys.tolist()])


def keys_of(dataset: Dataset) -> numpy.ndarray:
    """The texts by which customers are known again, those of their values where a dataset came without."""
    return customer_keys(None, dataset.frame) if dataset.keys is None else dataset.keys


def holdout(dataset: Dataset, seed: int, parts: int = FOLDS) -> Split:
    """Positions of the training rows, shuffled by the seed, and of those kept for the final evaluation, on which it has
    no influence: see `holdout_of`."""
    return split_by(dataset, holdout_of(dataset, parts), seed)


def split_by(dataset: Dataset, rule: Holdout, seed: int) -> Split:
    """As `holdout`, by a rule that is known."""
    held = positions_of(dataset, rule.salt) < rule.share
    if not 0 < dataset.churned[held].sum() < held.sum():
        problem = f"a holdout of {rule.share:.0%} has customers who left or who stayed alone, both are needed"
        raise DataError(dataset.source.name, problem, column=dataset.usecase.label.column)
    generator = numpy.random.default_rng(seed)
    return generator.permutation(numpy.flatnonzero(~held)), numpy.flatnonzero(held)


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

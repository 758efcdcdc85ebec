"""What a file of customers is like, in a few numbers that travel in the package, and how alike two files are by them.

Two files may hold the same rows in another order or spelling, or one a part of the other, or a column under another's
name. It must not know models, nor what follows from any of it.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy
import pandas
from scipy.optimize import linear_sum_assignment

from churn_data.dataset import Dataset
from churn_model.encoding import MISSING_CATEGORY
from churn_model.manifest import KnownFile

ROWS = 256
"""Hashes that are kept: what two files share is then known to three percent of what it is, and exactly where it is all
or nothing."""
QUANTILES = (0.02, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.98)
LEVELS = 20
USUAL = 0.01
"""Share of the customers below which a level is no property of the file, but of a few of them."""
MOVED = 0.05
"""How much a column has to differ from what it was, as a share of customers or of its spread, before another column may
be said to fit better."""
FITS = 0.25
"""And how little it may differ from what the other one was, as a share of that."""
ERRORS = 4.0
"""And by how many standard errors of a share, of those who left."""
_LABEL = "\0label"


@dataclass(frozen=True)
class Shared:
    """Shares, 0 to 1: of the rows of ``new`` that the old file has too, and of the rows of ``old`` that the new has."""

    new: float
    old: float


def known_file(dataset: Dataset) -> KnownFile:
    """What is to be known of it, but for how much its customers are like one another: no row can be read from it, and
    no level or number that only a few customers have."""
    left = dataset.churned == 1
    numbers, levels, leavers, leaving = {}, {}, {}, {}
    for name, column in dataset.frame.items():
        if pandas.api.types.is_float_dtype(column):
            numbers[str(name)], leavers[str(name)] = _quantiles(column), _quantiles(column[left])
        else:
            cells = column.fillna(MISSING_CATEGORY)
            levels[str(name)], gone = _shares(cells), _shares(cells[left])
            leaving[str(name)] = {level: share for level, share in gone.items() if level in levels[str(name)]}
    return KnownFile(_smallest(dataset), numbers, levels, dataset.usecase.groups, int(left.sum()), leavers, leaving)


def _quantiles(column: pandas.Series) -> tuple[float, ...]:
    known = column.dropna().to_numpy()
    return tuple(numpy.quantile(known, QUANTILES).tolist()) if len(known) else ()


def _shares(cells: pandas.Series) -> dict[str, float]:
    shares = cells.value_counts(normalize=True).head(LEVELS)
    return {str(level): float(share) for level, share in shares.items() if share >= USUAL}


def shared(old: KnownFile, new: KnownFile) -> Shared | None:
    """How many rows two files share; None where they cannot be told, as their columns are not the same.

    Of the smallest hashes of one file those below the largest that is kept of the other are a random part of its rows,
    of which is known whether the other file has them (bottom-k sketches: Cohen and Kaplan 2007).
    """
    if not same_columns(old, new):
        return None
    first, second = set(old.rows), set(new.rows)
    both = len(first & second)
    seen_first, seen_second = (len(_within(one, other)) for one, other in ((first, second), (second, first)))
    if not seen_first or not seen_second:
        return None
    return Shared(new=both / seen_second, old=both / seen_first)


def same_columns(old: KnownFile, new: KnownFile) -> bool:
    """Whether two files have the same features of the same kinds."""
    return old.numbers.keys() == new.numbers.keys() and old.levels.keys() == new.levels.keys()


def exchanged(old: KnownFile, new: KnownFile) -> tuple[str, ...]:
    """Columns that look as another of their names looked, and the other way round, with all customers or with those who
    left, by whom columns are told apart that else look alike; empty if there are none."""
    found = [*_exchanged(old.numbers, new.numbers, MOVED), *_exchanged(old.levels, new.levels, MOVED)]
    if old.left and new.left:
        # Of a few leavers a share is what chance makes it.
        least = max(MOVED, ERRORS * math.sqrt(1.0 / old.left + 1.0 / new.left) / 2.0)
        found += [*_exchanged(old.leavers, new.leavers, least), *_exchanged(old.leaving, new.leaving, least)]
    return tuple(dict.fromkeys(found))


def _smallest(dataset: Dataset) -> tuple[str, ...]:
    rows = dataset.frame[sorted(dataset.frame.columns)].assign(**{_LABEL: dataset.churned})
    hashes = numpy.unique(pandas.util.hash_pandas_object(rows, index=False).to_numpy())[:ROWS]
    return tuple(f"{value:016x}" for value in hashes.tolist())


def _within(hashes: set[str], others: set[str]) -> set[str]:
    """Those of whom it is known whether the other file has them: all, if all rows of that are known."""
    return hashes if len(others) < ROWS else {each for each in hashes if each <= max(others)}


def _exchanged(before: Mapping[str, object], now: Mapping[str, object], least: float) -> Iterator[str]:
    names = [name for name in before if name in now and before[name] and now[name]]
    if len(names) < 2:  # noqa: PLR2004 - one column alone is exchanged with nothing
        return
    apart = numpy.array([[_apart(before[then], now[name]) for then in names] for name in names])
    fitting = linear_sum_assignment(apart)[1]
    for place, best in enumerate(fitting.tolist()):
        own = apart[place, place]
        if best != place and own > least and apart[place, best] < FITS * own and apart[best, best] > least:
            yield names[place]


def _apart(before: object, now: object) -> float:
    """How far a column is from another: in quantiles, as a share of the spread of both, or in shares of levels."""
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        return float(sum(abs(before.get(level, 0.0) - now.get(level, 0.0)) for level in {*before, *now})) / 2.0
    first, second = (numpy.asarray(each, dtype=float) for each in (before, now) if isinstance(each, Sequence))
    spread = max(numpy.ptp(first), numpy.ptp(second))
    return float(numpy.abs(first - second).mean() / spread) if spread > 0.0 else 0.0

"""How much customers are like one another: whether some are there twice, under other ids and with small differences.

Who is held out is decided by a hash of the id, so doubles of those held out are learnt from, and a model that learns by
heart knows them. It must not know models, nor what follows from any of it.
"""

import math
from dataclasses import dataclass

import numpy
import pandas
from scipy.stats import mannwhitneyu, norm

from churn_data.dataset import Dataset
from churn_model.manifest import Likeness
from churn_training.comparison.splits import keys_of

ASKED, AMONG = 1_000, 20_000
"""Customers whose likes are looked for, of those held out and of those learnt from, and among how many."""
_QUANTILES = numpy.linspace(0.025, 0.975, 20)
_FEWEST = 50
_LEVELS = 50
_AT_ONCE = 250


@dataclass(frozen=True)
class _Nearest:
    """Of each the squared ``distance`` to the nearest of another group, and whether the two ``agree``: both left or
    both stayed."""

    distance: numpy.ndarray
    agree: numpy.ndarray


def doubled_by_chance(learnt: Dataset, held_out: Dataset) -> float:
    """The probability that customers who are held out are by chance as near as they are to those who were learnt from,
    against how near these are to one another (Mann and Whitney 1947): who is held out is decided by a hash.

    Rows that are kept together count once, and not as one another's likes; several customers who are, not at all, for
    of more customers one is held out more easily.
    """
    among = _some(learnt, numpy.arange(len(learnt)), AMONG)
    asked = [_some(part, _single(part), ASKED) for part in (held_out, learnt)]
    if not all(len(each) for each in asked):
        return 1.0
    first, second = (found.distance for found in _nearest(asked, among))
    return float(mannwhitneyu(first, second, alternative="less", method="asymptotic").pvalue)


def likeness_of(learnt: Dataset, among: int = AMONG) -> Likeness | None:
    """How much customers are like ``among`` so many who were learnt from, as far as there are as many; None where there
    are too few to tell, or none who left, or all."""
    others = _some(learnt, numpy.arange(len(learnt)), among)
    asked = _some(learnt, _single(learnt), ASKED)
    rate = learnt.churn_rate
    if len(asked) < _FEWEST or not 0.0 < rate < 1.0:
        return None
    (found,) = _nearest([asked], others)
    by_chance = rate**2 + (1.0 - rate) ** 2
    count = len(asked)
    share = (float(found.agree.sum()) + 1.0) / (count + 2.0)  # so that all who agree have an error, too
    return Likeness(
        asked=count,
        among=len(others),
        distances=tuple(numpy.quantile(found.distance, _QUANTILES).tolist()),
        agreement=(share - by_chance) / (1.0 - by_chance),
        error=math.sqrt(share * (1.0 - share) / count) / (1.0 - by_chance),
    )


def nearer_by_chance(before: Likeness, now: Likeness) -> float:
    """The probability that customers of one file are by chance as much nearer to each other than those of an earlier
    one as they are, and leave or stay with the nearest as much more often: the larger of the two."""
    then = numpy.array(before.distances)
    below, above = (numpy.searchsorted(then, now.distances, side=side) for side in ("left", "right"))
    nearer = 0.5 - float((below + above).mean()) / 2.0 / len(then)
    spread = math.sqrt((1.0 / before.asked + 1.0 / now.asked) / 12.0)
    told, error = now.agreement - before.agreement, math.hypot(now.error, before.error)
    return float(max(norm.sf(nearer / spread), norm.sf(told / error)))


def _single(dataset: Dataset) -> numpy.ndarray:
    """Where the first row of each customer stands who is kept together with nobody else."""
    keys = pandas.Series(pandas.factorize(keys_of(dataset))[0])
    known = keys.groupby(dataset.groups).nunique()
    first = pandas.Series(numpy.arange(len(dataset))).groupby(dataset.groups).min()
    return first[known == 1].to_numpy()


def _some(dataset: Dataset, places: numpy.ndarray, most: int) -> Dataset:
    if len(places) > most:
        places = numpy.random.default_rng(0).choice(places, most, replace=False)
    return dataset.take(numpy.sort(places))


def _nearest(asked: list[Dataset], among: Dataset) -> list[_Nearest]:
    points, *tables = _tables([among, *asked])
    lengths = (points**2).sum(axis=1)
    return [_of(each, table, among, points, lengths) for table, each in zip(tables, asked, strict=True)]


def _of(
    asked: Dataset, table: numpy.ndarray, among: Dataset, points: numpy.ndarray, lengths: numpy.ndarray
) -> _Nearest:
    distances, agree = [], []
    for start in range(0, len(table), _AT_ONCE):
        part, own = table[start : start + _AT_ONCE], slice(start, start + _AT_ONCE)
        squares = (part**2).sum(axis=1)[:, None] + lengths - 2.0 * part @ points.T
        squares[asked.groups[own, None] == among.groups] = numpy.inf
        nearest = squares.argmin(axis=1)
        distances.append(squares[numpy.arange(len(part)), nearest])
        agree.append(asked.churned[own] == among.churned[nearest])
    return _Nearest(numpy.concatenate(distances).round(3), numpy.concatenate(agree))


def _tables(datasets: list[Dataset]) -> list[numpy.ndarray]:
    """Every customer as a point: numbers by standard deviations, a column for each usual level."""
    together = pandas.concat([each.frame for each in datasets], ignore_index=True)
    columns: list[numpy.ndarray] = []
    for name in together:
        column = together[name]
        if pandas.api.types.is_float_dtype(column):
            known = column.notna()
            spread = float(column.std()) or 1.0
            columns += [((column - column.mean()) / spread).fillna(0.0).to_numpy(), known.to_numpy(dtype=float)]
        else:
            usual = column.value_counts().head(_LEVELS).index
            columns += [(column == level).to_numpy(dtype=float) for level in usual]
    table = numpy.column_stack(columns).astype(numpy.float32)
    return numpy.split(table, numpy.cumsum([len(each) for each in datasets])[:-1])

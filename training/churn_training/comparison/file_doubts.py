"""Whether a file is fit to hold two models against each other on: it is whole, its columns are where they were, and
nobody who is held out was learnt from under another id.

Whoever makes a file can make a contest come out as wanted: leave customers out on whom the new model is worse, add
doubles of those whom it will be judged on, exchange what the champion reads. What can be seen of that is refused, by
what the champion's package remembers of its file and by what chance alone leaves. It must not know models.
"""

from dataclasses import dataclass

import numpy
import pandas
from scipy.stats import binom, mannwhitneyu

from churn_data.dataset import Dataset
from churn_model.holdout import Holdout
from churn_model.manifest import KnownFile, TrainingData
from churn_training.comparison.common_ground import NoContestError
from churn_training.comparison.known_file import exchanged, known_file, shared
from churn_training.comparison.splits import keys_of, own_positions

BY_CHANCE = 1e-4
"""Probability below which a file was not made by chance alone: of ten thousand honest ones a single one is refused."""
SAME = 0.5
"""Share of a file's rows that the champion's file had too, above which it is of the same customers at the same time."""
WHOLE = 0.9
"""Share of the rows of the champion's file that such a file has to hold."""
NEWER = 0.9
"""Share of a file's rows that the champion's file had too, up to which it may be called newer."""
ASKED, AMONG = 1_000, 20_000
"""Customers whose likes are looked for, of those held out and of those learnt from, and among how many."""
_LEVELS = 50
_AT_ONCE = 250


@dataclass(frozen=True)
class WholeFile:
    """The file that a challenger was made of: what is to be known of it, the ``keys`` by which its customers are known,
    by which ``rule`` some were held out, and the probability that chance alone makes those as much like customers
    who were learnt from as they are (1: not asked)."""

    known: KnownFile
    keys: numpy.ndarray
    rule: Holdout
    doubled: float

    @classmethod
    def of(cls, dataset: Dataset, rule: Holdout, learnt: Dataset, held_out: Dataset) -> "WholeFile":
        """Of all customers of a file, and the two parts of it."""
        return cls(known_file(dataset), keys_of(dataset), rule, doubled_by_chance(learnt, held_out))


def require_fit(file: WholeFile, champion: TrainingData) -> None:
    """Refuse a file that was not made by chance, as far as anybody can tell.

    Raises:
        NoContestError: why.
    """
    if file.doubled < BY_CHANCE:
        raise NoContestError(
            "customers who are held out are more like customers who were learnt from than chance makes them: some seem "
            "to be there twice, under other ids"
        )
    _require_all_held_out(file, champion.holdout)
    if champion.file is None:
        return
    moved = exchanged(champion.file, file.known)
    if moved:
        names = ", ".join(f'"{name}"' for name in moved)
        raise NoContestError(f"columns look exchanged, each as another of them did for the champion: {names}")
    both = shared(champion.file, file.known)
    if both is not None and both.new >= SAME and both.old < WHOLE:
        raise NoContestError(
            f"the file holds about {both.old:.0%} of the rows of the champion's file and few others: on a part of them "
            "models are not compared"
        )


def is_newer(file: WholeFile | None, champion: TrainingData, sha256: str, until: str) -> bool:
    """Whether a file is of newer customers than the champion's: it is another, its newest day, where it has days, is
    later, and where both know their rows most of them are not the same.

    Args:
        file: all of it (None: nothing is known of its rows).
        champion: what the champion learned from.
        sha256: of the file's bytes.
        until: its newest day, empty if it has none.
    """
    if champion.sha256 == sha256 or (champion.until and until <= champion.until):
        return False
    if file is None or champion.file is None:
        return True
    both = shared(champion.file, file.known)
    return both is not None and both.new <= NEWER


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
    points, *tables = _tables([among, *asked])
    distances = [_nearest(table, each.groups, points, among.groups) for table, each in zip(tables, asked, strict=True)]
    return float(mannwhitneyu(*distances, alternative="less", method="asymptotic").pvalue)


def _require_all_held_out(file: WholeFile, champions: Holdout | None) -> None:
    customers = numpy.unique(file.keys)
    for rule in {file.rule, champions}:
        if rule is None or rule.by != file.rule.by:
            continue
        found = int((own_positions(customers, rule.salt) < rule.share).sum())
        if binom.cdf(found, len(customers), rule.share) < BY_CHANCE:
            raise NoContestError(
                f"the file has {found} customers who are held out from learning, of {len(customers)} about "
                f"{rule.share * len(customers):.0f} would be: some are missing"
            )


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


def _nearest(asked: numpy.ndarray, groups: numpy.ndarray, among: numpy.ndarray, others: numpy.ndarray) -> numpy.ndarray:
    """The squared distance of each to the nearest of another group."""
    lengths = (among**2).sum(axis=1)
    found = []
    for start in range(0, len(asked), _AT_ONCE):
        part = asked[start : start + _AT_ONCE]
        squares = (part**2).sum(axis=1)[:, None] + lengths - 2.0 * part @ among.T
        squares[groups[start : start + _AT_ONCE, None] == others] = numpy.inf
        found.append(squares.min(axis=1))
    return numpy.concatenate(found).round(3)

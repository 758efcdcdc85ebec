"""Columns that were filled in after customers left, and so give the answer away.

Each rule needs evidence from many rows: who has a value, or one that is not the usual one, how well the column alone
predicts customers it was not learned from, or its name together with that. A column that merely predicts well is honest
and stays: of the best single columns of public churn data none ranks better than 0.9. It must not know files or models.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy
import pandas

from churn_data.cells import Cell, parse_number
from churn_data.coded_cells import CodedCells, coded
from churn_data.column_facts import ColumnFacts
from churn_data.errors import glimpse
from churn_model.spelling import canonical

ALONE = 0.99
"""ROC AUC, cross-validated, from which one column is the answer itself."""
APART = 0.9
"""Kolmogorov-Smirnov statistic, cross-validated, from which one column all but is the answer: it is right about 95 of a
hundred leavers and of a hundred stayers. The best honest single columns reach 0.65."""
NAMED = 0.75
"""The same for a column that is named as if it were written down after the fact."""
ONLY_ONE_CLASS = -6.0
"""Decimal logarithm of the chance at which rows with (or without) a value are all of leavers by accident."""
SAME_PATTERN = 0.98
FEWEST = 20
"""Leavers and stayers, and rows with a value, below which nothing is said."""
SAMPLE = 20_000
FOLDS = 5
BINS = 100
USUAL = 0.05
"""Share of rows from which a value is one that a column usually has, such as 0, and is told from those around it."""

LEAVING = {
    "churn", "churned", "churning", "attrition", "attrited", "cancel", "cancelled", "canceled", "cancellation",
    "leave", "leaving", "left", "exit", "exited", "terminated", "termination", "terminate", "deactivated",
    "deactivation", "closed", "closing", "closure", "quit", "unsubscribed", "unsubscribe", "lost", "disconnect",
    "disconnected", "disconnection", "ended", "kündigung", "kuendigung",
}  # fmt: skip
AFTERWARDS = {
    "reason", "reasons", "why", "cause", "date", "day", "time", "month", "score", "category", "type", "status",
    "value", "label", "flag", "probability", "prediction", "predicted", "risk", "comment", "code", "at", "on",
    "survey", "feedback", "datum", "grund",
}  # fmt: skip


def leak_in(facts: ColumnFacts, cells: Sequence[Cell], churned: numpy.ndarray) -> str:
    """Why the column gives the answer away, as the end of a sentence; empty if it does not.

    Args:
        facts: of the column.
        cells: of the column, cleaned.
        churned: 0 or 1 a row.
    """
    if min(int(churned.sum()), int(len(churned) - churned.sum())) < FEWEST:
        return ""
    told = alone(facts, cells, churned)
    pattern = _pattern(coded(cells).known, churned)
    if pattern or told.auc > ALONE:
        return pattern or f"it alone tells who left (ROC AUC {told.auc:.3f})"
    unusual = _unusual(facts, cells, churned)
    if unusual:
        return unusual
    if told.apart >= APART:
        shares = f"right about {told.leavers:.0%} of those who left and {told.stayers:.0%} of those who stayed"
        return f"it alone nearly tells who left ({shares})"
    if told.auc >= NAMED and set(facts.words) & LEAVING and set(facts.words) & AFTERWARDS:
        return f"its name says that it is known only afterwards, and it alone predicts well (ROC AUC {told.auc:.3f})"
    return ""


def _pattern(present: numpy.ndarray, churned: numpy.ndarray) -> str:
    """Whether who has a value follows from who left."""
    if present.all() or not present.any():
        return ""
    left = churned == 1
    if abs(present[left].mean() - present[~left].mean()) >= SAME_PATTERN:
        return "whether it has a value tells who left"
    if _all_leavers(present, left):
        return "only customers who left have a value"
    return "only customers who left have no value" if _all_leavers(~present, left) else ""


def _unusual(facts: ColumnFacts, cells: Sequence[Cell], churned: numpy.ndarray) -> str:
    """Whether only customers who left have another value than nearly everybody has: a last bill above 0."""
    usual = max(facts.counts, key=facts.counts.__getitem__, default="")
    if facts.counts.get(usual, 0) < facts.known / 2:
        return ""
    found = coded(cells)
    other = found.taken(numpy.array([not _same(level, usual) for level in found.levels], dtype=bool)) & found.known
    shown = f"{_amount(usual):g}" if facts.numeric else glimpse(usual)
    return f'only customers who left have another value than "{shown}"' if _all_leavers(other, churned == 1) else ""


def _all_leavers(rows: numpy.ndarray, left: numpy.ndarray) -> bool:
    count = int(rows.sum())
    chance = count * math.log10(float(left.mean()))
    return count >= FEWEST and bool(left[rows].all()) and chance < ONLY_ONE_CLASS


def _same(cell: Cell, other: str) -> bool:
    return canonical(cell) == canonical(other) or _amount(cell) == _amount(other)


def _amount(cell: Cell) -> float:
    """The number that a cell spells, NaN if it spells none."""
    try:
        return parse_number(cell or "")
    except ValueError:
        return math.nan


@dataclass(frozen=True)
class Told:
    """How well a column alone tells leavers from stayers: ROC AUC, and at the best threshold the shares of leavers and
    of stayers that it is right about."""

    auc: float
    leavers: float
    stayers: float

    @property
    def apart(self) -> float:
        """Kolmogorov-Smirnov statistic: how far apart the two are at most, 0 to 1."""
        return self.leavers + self.stayers - 1.0


def alone(facts: ColumnFacts, cells: Sequence[Cell], churned: numpy.ndarray) -> Told:
    """What the column alone tells, cross-validated: each fold's rows get the churn rate that the other folds' rows with
    the same value (of many numbers: about the same) have. Of large files a sample of 20,000 rows."""
    generator = numpy.random.default_rng(0)
    rows = numpy.arange(len(cells))
    if len(rows) > SAMPLE:
        rows = generator.choice(rows, SAMPLE, replace=False)
    codes, left = _codes(facts, coded(cells).take(rows)), churned[rows].astype(float)
    fold = generator.permutation(len(rows)) % FOLDS
    size = int(codes.max()) + 1
    scores = numpy.empty(len(rows))
    for number in range(FOLDS):
        test = fold == number
        seen = numpy.bincount(codes[~test], minlength=size).astype(float)
        leavers = numpy.bincount(codes[~test], weights=left[~test], minlength=size)
        scores[test] = ((leavers + left.mean()) / (seen + 1.0))[codes[test]]
    return _told(scores, left)


def _codes(facts: ColumnFacts, cells: CodedCells) -> numpy.ndarray:
    """A number for each value, 0 for none; of numbers with many values each usual one alone, the rest in bins of equal
    size: who has none of something is not alike to who has a little."""
    if not facts.numeric or facts.distinct <= BINS:
        return numpy.where(cells.known, cells.codes + 1, 0)
    values = cells.taken(numpy.array(list(map(_amount, cells.levels))))
    different, place, counts = numpy.unique(values, return_inverse=True, return_counts=True)
    usual = (counts >= USUAL * len(values)) & ~numpy.isnan(different)
    codes = numpy.where(usual, BINS + 1 + numpy.arange(len(different)), 0)[place]
    bins = pandas.qcut(pandas.Series(values[codes == 0]), BINS, labels=False, duplicates="drop")
    codes[codes == 0] = bins.fillna(-1).to_numpy().astype(int) + 1
    return numpy.asarray(codes)


def _told(scores: numpy.ndarray, left: numpy.ndarray) -> Told:
    leavers = left.sum()
    stayers = len(left) - leavers
    if not leavers or not stayers:
        return Told(0.5, 0.0, 1.0)
    ranks = pandas.Series(scores).rank().to_numpy()
    auc = float((ranks[left == 1].sum() - leavers * (leavers + 1) / 2) / (leavers * stayers))
    order = numpy.argsort(-scores)
    last = numpy.append(numpy.diff(scores[order]) != 0, True)  # rows of one score stay together
    found, wrong = numpy.cumsum(left[order])[last] / leavers, numpy.cumsum(1 - left[order])[last] / stayers
    best = int(numpy.argmax(found - wrong))
    return Told(auc, float(found[best]), float(1 - wrong[best]))

"""Columns that were filled in after customers left, and so give the answer away.

Each rule needs evidence from many rows: who has a value, how well the column alone predicts customers it was not
learned from, or its name together with that. A column that merely predicts well is honest and stays: of the best
single columns of public churn data none ranks better than 0.9. It must not know files or models.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy
import pandas

from churn_data.cells import Cell
from churn_data.coded_cells import coded
from churn_data.column_facts import ColumnFacts

ALONE = 0.99
"""ROC AUC, cross-validated, from which one column is the answer itself."""
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
    pattern = _pattern(coded(cells).known, churned)
    if pattern:
        return pattern
    auc = alone(facts, cells, churned)
    if auc > ALONE:
        return f"it alone tells who left (ROC AUC {auc:.3f})"
    if auc >= NAMED and set(facts.words) & LEAVING and set(facts.words) & AFTERWARDS:
        return f"its name says that it is known only afterwards, and it alone predicts well (ROC AUC {auc:.3f})"
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


def _all_leavers(rows: numpy.ndarray, left: numpy.ndarray) -> bool:
    count = int(rows.sum())
    chance = count * math.log10(float(left.mean()))
    return count >= FEWEST and bool(left[rows].all()) and chance < ONLY_ONE_CLASS


def alone(facts: ColumnFacts, cells: Sequence[Cell], churned: numpy.ndarray) -> float:
    """ROC AUC of the column alone, cross-validated: each fold's rows get the churn rate that the other folds' rows with
    the same value (of many numbers: about the same) have. Of large files a sample of 20,000 rows."""
    generator = numpy.random.default_rng(0)
    rows = numpy.arange(len(cells))
    if len(rows) > SAMPLE:
        rows = generator.choice(rows, SAMPLE, replace=False)
    codes, left = _codes(facts, list(coded(cells).take(rows))), churned[rows].astype(float)
    fold = generator.permutation(len(rows)) % FOLDS
    size = int(codes.max()) + 1
    scores = numpy.empty(len(rows))
    for number in range(FOLDS):
        test = fold == number
        seen = numpy.bincount(codes[~test], minlength=size).astype(float)
        leavers = numpy.bincount(codes[~test], weights=left[~test], minlength=size)
        scores[test] = ((leavers + left.mean()) / (seen + 1.0))[codes[test]]
    return _auc(scores, left)


def _codes(facts: ColumnFacts, cells: Sequence[Any]) -> numpy.ndarray:
    """A number for each value, 0 for none; numbers with many values in bins of equal size."""
    if facts.numeric and facts.distinct > BINS:
        values = pandas.to_numeric(pandas.Series(cells, dtype=object), errors="coerce")
        return (pandas.qcut(values, BINS, labels=False, duplicates="drop").fillna(-1).to_numpy().astype(int)) + 1
    codes, _ = pandas.factorize(pandas.Series(cells, dtype=object))
    return numpy.asarray(codes) + 1


def _auc(scores: numpy.ndarray, left: numpy.ndarray) -> float:
    ranks = pandas.Series(scores).rank().to_numpy()
    leavers = left.sum()
    stayers = len(left) - leavers
    if not leavers or not stayers:
        return 0.5
    return float((ranks[left == 1].sum() - leavers * (leavers + 1) / 2) / (leavers * stayers))

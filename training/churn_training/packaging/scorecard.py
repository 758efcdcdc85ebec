"""Fits the gateway's stand-in: a logistic regression on the champion's own encoding, in plain arithmetic.

Fitted on true labels its probabilities mean probability. Where customers are few beside columns, how strongly weights
are held back is chosen by what it answers customers unseen. The scaling is folded into the weights, so nothing but a
sum is left. It must not know packages.
"""

from collections.abc import Iterator
from typing import Any

import numpy
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

USUAL = 1.0
"""Inverse penalty (scikit-learn's C) where customers are many."""
OTHERS = (0.1, 0.01, 0.001, 0.0001)
MANY_A_COLUMN = 100
"""Customers a column from which the penalty makes no difference, so that none is sought."""
SOUGHT_AMONG = 10_000
"""Rows among which a penalty is sought at most; it means the same whatever their number."""
PARTS = 3


def fit_scorecard(
    encoded: numpy.ndarray, churned: numpy.ndarray, groups: numpy.ndarray | None = None
) -> dict[str, Any]:
    """The document of `scorecard.json`.

    Args:
        encoded: float array [rows][features] as the encoder gave them in training, NaN for missing.
        churned: 0 or 1 a row.
        groups: a number for each row's customer; by default each row is a customer of its own.
    """
    fill = numpy.array([_median(column) for column in encoded.T])
    filled = numpy.where(numpy.isnan(encoded), fill, encoded)
    center, scale = filled.mean(axis=0), filled.std(axis=0)
    scale[scale == 0] = 1.0
    scaled = (filled - center) / scale
    customers = numpy.arange(len(churned)) if groups is None else groups
    model = _fitted(scaled, churned, _penalty(scaled, churned, customers))
    weights = model.coef_[0] / scale
    return {
        "format": 1,
        "fill": fill.tolist(),
        "weights": weights.tolist(),
        "intercept": float(model.intercept_[0] - weights @ center),
    }


def _penalty(scaled: numpy.ndarray, churned: numpy.ndarray, groups: numpy.ndarray) -> float:
    """The inverse penalty with the lowest log loss on customers whom a fit has not seen."""
    if len(numpy.unique(groups)) >= MANY_A_COLUMN * scaled.shape[1]:
        return USUAL
    parts = list(_parts(churned, groups))
    if len(parts) < PARTS:
        return OTHERS[-1]  # too few leavers to be asked, so the churn rate is nearly all that can be answered
    return min((USUAL, *OTHERS), key=lambda penalty: sum(_loss(scaled, churned, penalty, *part) for part in parts))


def _loss(
    scaled: numpy.ndarray, churned: numpy.ndarray, penalty: float, train: numpy.ndarray, test: numpy.ndarray
) -> float:
    answered = _fitted(scaled[train], churned[train], penalty).predict_proba(scaled[test])[:, 1]
    return float(log_loss(churned[test], answered, labels=[0, 1])) * len(test)


def _fitted(scaled: numpy.ndarray, churned: numpy.ndarray, penalty: float) -> LogisticRegression:
    return LogisticRegression(C=penalty, max_iter=1000).fit(scaled, churned)


def _parts(churned: numpy.ndarray, groups: numpy.ndarray) -> Iterator[tuple[numpy.ndarray, numpy.ndarray]]:
    """Rows to fit on and to ask, all of a customer on one side, leavers spread evenly; of many rows a part."""
    generator = numpy.random.default_rng(0)
    customers, first, place = numpy.unique(groups, return_index=True, return_inverse=True)
    order = generator.permutation(len(customers))
    order = order[numpy.argsort(churned[first[order]], kind="stable")]
    step = max(1, -(-len(churned) // SOUGHT_AMONG))
    part = numpy.full(len(customers), -1)
    part[order[::step]] = numpy.arange(len(order[::step])) % PARTS
    for number in range(PARTS):
        train, test = (numpy.flatnonzero(rows[place]) for rows in ((part >= 0) & (part != number), part == number))
        if len(test) and len(numpy.unique(churned[train])) > 1:
            yield train, test


def _median(column: numpy.ndarray) -> float:
    known = column[~numpy.isnan(column)]
    return float(numpy.median(known)) if len(known) else 0.0

"""Fits the gateway's stand-in: a logistic regression on the champion's own encoding, in plain arithmetic.

Fitted on true labels its probabilities mean probability. The scaling is folded into the weights, so nothing but a sum
is left. It must not know packages.
"""

from typing import Any

import numpy
from sklearn.linear_model import LogisticRegression


def fit_scorecard(encoded: numpy.ndarray, churned: numpy.ndarray) -> dict[str, Any]:
    """The document of `scorecard.json`.

    Args:
        encoded: float array [customers][features] as the encoder gave them in training, NaN for missing.
        churned: 0 or 1 a customer.
    """
    fill = numpy.array([_median(column) for column in encoded.T])
    filled = numpy.where(numpy.isnan(encoded), fill, encoded)
    center, scale = filled.mean(axis=0), filled.std(axis=0)
    scale[scale == 0] = 1.0
    model = LogisticRegression(max_iter=1000).fit((filled - center) / scale, churned)
    weights = model.coef_[0] / scale
    return {
        "format": 1,
        "fill": fill.tolist(),
        "weights": weights.tolist(),
        "intercept": float(model.intercept_[0] - weights @ center),
    }


def _median(column: numpy.ndarray) -> float:
    known = column[~numpy.isnan(column)]
    return float(numpy.median(known)) if len(known) else 0.0

"""Random forests and extra trees whose answer is the mean of their leaves' log-odds (the geometric mean of their odds).

Averaged that way a forest is a sum like boosted trees: it is packaged in the same format and explained exactly. How
far the mean lies from a probability is for calibration to find. It must not know how forests are packaged.
"""

from typing import Any, Self

import numpy
import pandas
from scipy.special import expit, logit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier

KINDS = {"extra": ExtraTreesClassifier, "random": RandomForestClassifier}
PRIOR_CUSTOMERS = 1.0
"""Customers at the mean rate that each leaf is thought to hold besides its own, so that no leaf is sure of anything."""


class LogOddsForest(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A forest of `kind` "extra" (Geurts et al. 2006) or "random" (Breiman 2001); `parameters` are scikit-learn's."""

    def __init__(self, kind: str, parameters: dict[str, Any], random_state: int = 0) -> None:
        self.kind = kind
        self.parameters = parameters
        self.random_state = random_state

    def fit(self, frame: pandas.DataFrame, churned: numpy.ndarray) -> Self:
        """Grow the trees and give their leaves log-odds."""
        grown = KINDS[self.kind](**self.parameters, n_jobs=1, random_state=self.random_state)
        grown.fit(single_precision(frame), churned)
        rate = float(numpy.mean(churned))
        self.classes_, self.n_features_in_ = grown.classes_, grown.n_features_in_
        self.trees_ = [each.tree_ for each in grown.estimators_]
        self.leaf_log_odds_ = [_log_odds(tree, rate) for tree in self.trees_]
        return self

    def decision_function(self, frame: pandas.DataFrame) -> numpy.ndarray:
        """Log-odds, one a customer."""
        values, total = single_precision(frame), numpy.zeros(len(frame))
        for tree, table in zip(self.trees_, self.leaf_log_odds_, strict=True):
            total += table[tree.apply(values)]
        mean: numpy.ndarray = total / len(self.trees_)
        return mean

    def predict_proba(self, frame: pandas.DataFrame) -> numpy.ndarray:
        """Probabilities of staying and leaving."""
        left = expit(self.decision_function(frame))
        return numpy.stack([1.0 - left, left], axis=1)


def single_precision(frame: pandas.DataFrame) -> numpy.ndarray:
    """The values as trees compare them: those beyond single precision as the largest that it has."""
    largest = numpy.finfo(numpy.float32).max
    values: numpy.ndarray = numpy.asarray(frame, dtype=float).clip(-largest, largest).astype(numpy.float32)
    return values


def _log_odds(tree: Any, rate: float) -> numpy.ndarray:
    """One a node: the share of leavers among its training customers and `PRIOR_CUSTOMERS` at the mean rate."""
    customers = tree.weighted_n_node_samples
    left = tree.value[:, 0, 1] * customers
    odds: numpy.ndarray = logit((left + PRIOR_CUSTOMERS * rate) / (customers + PRIOR_CUSTOMERS))
    return odds

"""Random forests and extra trees whose answer is the mean of their leaves' log-odds (the geometric mean of their odds).

Averaged that way a forest is a sum like boosted trees: it is packaged in the same format and explained exactly. How
far the mean lies from a probability is for calibration to find. It must not know how forests are packaged.
"""

from typing import Any, Self

import numpy
import pandas
from scipy.special import logit
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier

from churn_training.families.log_odds_trees import LogOddsTrees, single_precision

KINDS = {"extra": ExtraTreesClassifier, "random": RandomForestClassifier}
PRIOR_CUSTOMERS = 1.0
"""Customers at the mean rate that each leaf is thought to hold besides its own, so that no leaf is sure of anything."""


class LogOddsForest(LogOddsTrees):
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


def _log_odds(tree: Any, rate: float) -> numpy.ndarray:
    """One a node: the share of leavers among its training customers and `PRIOR_CUSTOMERS` at the mean rate."""
    customers = tree.weighted_n_node_samples
    left = tree.value[:, 0, 1] * customers
    odds: numpy.ndarray = logit((left + PRIOR_CUSTOMERS * rate) / (customers + PRIOR_CUSTOMERS))
    return odds

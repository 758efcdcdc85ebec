"""Gradient boosting whose trees draw their thresholds at random, as extra trees do.

Where few customers are known, thresholds that are sought fit their noise; random ones do not, and many small steps make
up for what each of them misses. LightGBM has it as ``extra_trees``, with a library of the system (OpenMP) that images
and many machines lack; scikit-learn has not. Here scikit-learn's extremely randomized trees (Geurts et al. 2006) take
Newton steps on the log loss (Friedman 2001; leaves as in Chen and Guestrin 2016, equation 5). It must not know how
trees are packaged.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Self

import numpy
import pandas
from scipy.special import expit, logit
from sklearn.tree import ExtraTreeRegressor

from churn_training.families.log_losses import log_loss_of
from churn_training.families.log_odds_trees import LogOddsTrees, single_precision

MOST_ROWS = 10_000
"""Customers whom a tree's questions are chosen by at most, drawn for each tree; its leaves' answers rest on all."""
LEAST_CURVATURE = 1e-6
_SEEDS = 1 << 31


class RandomizedBoosting(LogOddsTrees):
    """``max_iter`` trees, each of which adds ``learning_rate`` times its step; ``trees`` are parameters of
    scikit-learn's extra trees. What is watched is named as in its histogram gradient boosting; ``n_iter_no_change``
    None: a fit is not stopped."""

    OF_ALL_TREES = ("max_iter", "learning_rate", "l2_regularization")

    def __init__(
        self,
        max_iter: int = 100,
        learning_rate: float = 0.1,
        l2_regularization: float = 1.0,
        trees: Mapping[str, Any] | None = None,
        n_iter_no_change: int | None = None,
        random_state: int = 0,
    ) -> None:
        self.max_iter = max_iter
        self.learning_rate = learning_rate
        self.l2_regularization = l2_regularization
        self.trees = trees
        self.n_iter_no_change = n_iter_no_change
        self.random_state = random_state

    def fit(
        self,
        frame: pandas.DataFrame,
        churned: numpy.ndarray,
        X_val: pandas.DataFrame | None = None,  # noqa: N803 - scikit-learn's name
        y_val: numpy.ndarray | None = None,
    ) -> Self:
        """Grow trees; a fit that is watched and may be stopped ends where so many have brought nothing to those whom it
        does not learn from (``X_val``, ``y_val``)."""
        values, generator = single_precision(frame), numpy.random.default_rng(self.random_state)
        self.classes_, self.n_features_in_ = numpy.array([0, 1]), values.shape[1]
        self.base_ = float(logit(numpy.mean(churned)))
        self.trees_: list[Any] = []
        self.leaf_values_: list[numpy.ndarray] = []
        raw = numpy.full(len(values), self.base_)
        watched = None if X_val is None or y_val is None else (single_precision(X_val), y_val)
        seen = numpy.full(0 if watched is None else len(watched[0]), self.base_)
        losses = [] if watched is None else [log_loss_of(seen, watched[1])]
        for _ in range(self.max_iter):
            tree, leaves, added = self._grown(values, raw, churned, generator)
            raw += added
            self.trees_.append(tree)
            self.leaf_values_.append(leaves)
            if watched is not None:
                seen += leaves[tree.apply(watched[0])]
                losses.append(log_loss_of(seen, watched[1]))
                if self._stops(losses):
                    break
        self.validation_score_ = -numpy.array(losses)
        return self

    def _stops(self, losses: list[float]) -> bool:
        patience = self.n_iter_no_change
        return patience is not None and len(losses) - 1 - int(numpy.argmin(losses)) >= patience

    def _grown(
        self, values: numpy.ndarray, raw: numpy.ndarray, churned: numpy.ndarray, generator: numpy.random.Generator
    ) -> tuple[Any, numpy.ndarray, numpy.ndarray]:
        """A tree, what each of its nodes adds to the log-odds, and by that each customer's: float [customers]."""
        probability = expit(raw)
        slope, curvature = churned - probability, numpy.maximum(probability * (1.0 - probability), LEAST_CURVATURE)
        grower = ExtraTreeRegressor(**(self.trees or {}), random_state=int(generator.integers(_SEEDS)))
        few = len(values) <= MOST_ROWS
        asked = slice(None) if few else generator.choice(len(values), MOST_ROWS, replace=False)
        grower.fit(values[asked], slope[asked] / curvature[asked], sample_weight=curvature[asked])
        tree = grower.tree_
        leaf = tree.apply(values)
        slopes, curvatures = (numpy.bincount(leaf, each, tree.node_count) for each in (slope, curvature))
        leaves = self.learning_rate * slopes / (curvatures + self.l2_regularization)
        return tree, leaves, leaves[leaf]

    def staged_decision_function(self, frame: pandas.DataFrame) -> Iterator[numpy.ndarray]:
        """Log-odds after each tree, one a customer; always the same array."""
        values = single_precision(frame)
        raw = numpy.full(len(values), self.base_)
        for tree, leaves in zip(self.trees_, self.leaf_values_, strict=True):
            raw += leaves[tree.apply(values)]
            yield raw

    def decision_function(self, frame: pandas.DataFrame) -> numpy.ndarray:
        """Log-odds, one a customer."""
        *_, last = self.staged_decision_function(frame)
        return last

"""What a family's settings may be: the ranges that the search draws from.

They hold for every data set; nothing here may depend on one. It must not know who searches.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, evenly or by their logarithm, all of them or whole ones."""

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def holds(self, value: Any) -> bool:
        """Whether it is one of them."""
        return isinstance(value, int | float) and self.low <= value <= self.high


Space = Mapping[str, Range]

CATBOOST: Space = {
    "depth": Range(3, 10, whole=True),
    "learning_rate": Range(0.01, 0.15, log=True),
    "l2_leaf_reg": Range(0.5, 30, log=True),
    "rsm": Range(0.3, 1.0),
    "subsample": Range(0.5, 1.0),
    "random_strength": Range(0.1, 5.0, log=True),
}
HISTOGRAM: Space = {
    "learning_rate": Range(0.01, 0.15, log=True),
    "max_leaf_nodes": Range(4, 96, log=True, whole=True),
    "min_samples_leaf": Range(2, 100, log=True, whole=True),
    "l2_regularization": Range(0.01, 30, log=True),
    "max_features": Range(0.2, 1.0),
}
RANDOMIZED: Space = {
    "learning_rate": Range(0.03, 0.15, log=True),
    "max_depth": Range(3, 10, whole=True),
    "min_samples_leaf": Range(2, 50, log=True, whole=True),
    "l2_regularization": Range(0.1, 10, log=True),
    "max_features": Range(0.3, 1.0),
}
FOREST: Space = {
    "min_samples_leaf": Range(1, 30, log=True, whole=True),
    "max_features": Range(0.2, 1.0),
    "max_depth": Range(6, 14, whole=True),
}
ADDITIVE: Space = {"C": Range(1e-3, 3.0, log=True), "knots": Range(4, 20, whole=True)}
LINEAR: Space = {"C": Range(1e-3, 30.0, log=True)}

"""A model family at one of its settings: a pipeline fitted on a frame of customers that can be packaged.

It must not choose among settings, know the data or how a fit is stopped early. Every kind here has an estimator format
in churn_model.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy
import pandas
from catboost import CatBoostClassifier
from category_encoders import CatBoostEncoder
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from churn_model.encoding import MISSING_CATEGORY
from churn_training.families.additive import ESTIMATOR, SCALER, build_additive
from churn_training.families.forests import KINDS as FORESTS
from churn_training.families.forests import LogOddsForest
from churn_training.families.randomized_boosting import RandomizedBoosting
from churn_training.families.spaces import Range

ENCODER = "encoder"
IMPUTER = "imputer"
TEXTS = "texts"
TREE_COUNTS = {"catboost": "iterations", "native": "iterations", "trees": "max_iter"}
"""By kind the parameter that says how many trees are grown one after the other."""

__all__ = ["ENCODER", "ESTIMATOR", "IMPUTER", "SCALER", "TREE_COUNTS", "Candidate", "log_odds"]


@dataclass(frozen=True)
class Candidate:
    """A family at its default settings, and what a search may try instead.

    `kind` is the estimator's format. `alternatives` are settings that are good on many data sets, in the order in which
    they are tried; `space` are the ranges from which more are drawn. With `patience` boosting is stopped in every fold
    where so many trees have brought nothing; the limit on trees is then only a limit. `grower` is what grows plain
    trees (kind `trees`): "histogram" or "randomized" boosting, or a forest "extra" or "random".
    """

    name: str
    title: str
    kind: str
    parameters: dict[str, Any] = field(default_factory=dict)
    alternatives: tuple[dict[str, Any], ...] = ()
    space: Mapping[str, Range] = field(default_factory=dict)
    patience: int = 0
    grower: str = "histogram"

    def at(self, parameters: Mapping[str, Any]) -> "Candidate":
        """The family at other settings; those not named are its defaults."""
        return replace(self, parameters={**self.parameters, **parameters}, alternatives=(), space={})

    @property
    def boosts(self) -> bool:
        """Whether it grows trees one after the other, so that it can be stopped."""
        return self.kind in TREE_COUNTS and not self.is_forest

    @property
    def is_forest(self) -> bool:
        """Whether it is a forest, whose answers rank customers but are no probabilities before they are calibrated."""
        return self.kind == "trees" and self.grower in FORESTS

    def stopped_at(self, trees: int) -> "Candidate":
        """With exactly so many trees."""
        return replace(self, parameters={**self.parameters, TREE_COUNTS[self.kind]: trees})

    def build(self, categories: Sequence[str], seed: int) -> Pipeline:
        """A fresh pipeline that takes a frame with these category columns.

        Without categories there is nothing to encode and the encoder is left out.
        """
        if self.kind == "additive":
            return build_additive(self.parameters, categories, seed)
        if self.kind == "native":
            texts = (TEXTS, CategoryTexts(list(categories)))
            return Pipeline([texts, (ESTIMATOR, _catboost({**self.parameters, "cat_features": [*categories]}, seed))])
        steps: list[tuple[str, Any]] = []
        if categories:
            steps.append((ENCODER, CatBoostEncoder(cols=list(categories), random_state=seed)))
        if self.kind == "linear":
            steps.append((IMPUTER, SimpleImputer(strategy="median", keep_empty_features=True)))
            steps.append((SCALER, StandardScaler()))
        make = _GROWERS[self.grower] if self.kind == "trees" else _ESTIMATORS[self.kind]
        steps.append((ESTIMATOR, make(self.parameters, seed)))
        return Pipeline(steps)


class CategoryTexts(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Gives a missing category the text that a served model sees for it."""

    def __init__(self, categories: Sequence[str]) -> None:
        self.categories = categories

    def fit(self, frame: pandas.DataFrame, y: Any = None) -> Self:  # noqa: ARG002 - scikit-learn calls it so
        """Learn nothing."""
        self.fitted_ = True
        return self

    def transform(self, frame: pandas.DataFrame) -> pandas.DataFrame:
        """The frame without missing categories."""
        return frame.fillna(dict.fromkeys(self.categories, MISSING_CATEGORY))


def log_odds(pipeline: Pipeline, kind: str, frame: pandas.DataFrame) -> numpy.ndarray:
    """Log-odds of churn of a fitted pipeline of this kind, one a customer of the frame."""
    if kind in ("catboost", "native"):
        features = pipeline[:-1].transform(frame) if len(pipeline) > 1 else frame
        raw: numpy.ndarray = pipeline.named_steps[ESTIMATOR].predict(features, prediction_type="RawFormulaVal")
        return raw
    decided: numpy.ndarray = pipeline.decision_function(frame)
    return decided


def _catboost(parameters: dict[str, Any], seed: int) -> CatBoostClassifier:
    # Nothing is written beside the data and nothing printed: MLflow and the progress bar tell what happens.
    # By itself CatBoost takes fewer Newton steps a leaf where few trees are asked for: a model stopped early would be
    # another one when it is fitted again with the trees that it stopped at.
    settings = {"leaf_estimation_iterations": 10, **parameters}
    return CatBoostClassifier(
        **settings, random_seed=seed, thread_count=os.cpu_count() or 1, allow_writing_files=False, verbose=False
    )


def _linear(parameters: dict[str, Any], seed: int) -> LogisticRegression:
    return LogisticRegression(**parameters, random_state=seed)


def _histogram(parameters: dict[str, Any], seed: int) -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(**{"early_stopping": False, **parameters}, random_state=seed)


def _randomized(parameters: dict[str, Any], seed: int) -> RandomizedBoosting:
    own = {name: value for name, value in parameters.items() if name in RandomizedBoosting.OF_ALL_TREES}
    trees = {name: value for name, value in parameters.items() if name not in own}
    return RandomizedBoosting(**own, trees=trees, random_state=seed)


_ESTIMATORS: dict[str, Callable[[dict[str, Any], int], Any]] = {"catboost": _catboost, "linear": _linear}
_GROWERS: dict[str, Callable[[dict[str, Any], int], Any]] = {
    "histogram": _histogram,
    "randomized": _randomized,
    "extra": lambda parameters, seed: LogOddsForest("extra", parameters, seed),
    "random": lambda parameters, seed: LogOddsForest("random", parameters, seed),
}

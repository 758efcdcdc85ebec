"""The model families that compete, each with the settings that tuning may try.

A family is a pipeline fitted on a frame of customers and an estimator that can be packaged. It must not choose among
them or know the data. Every kind here has an estimator format in churn_model.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy
import pandas
from catboost import CatBoostClassifier
from category_encoders import CatBoostEncoder
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from churn_model.encoding import MISSING_CATEGORY
from churn_training.families.additive import ESTIMATOR, SCALER, build_additive

ENCODER = "encoder"
IMPUTER = "imputer"
TEXTS = "texts"

__all__ = ["ENCODER", "ESTIMATOR", "IMPUTER", "SCALER", "Candidate", "default_candidates", "log_odds"]


@dataclass(frozen=True)
class Candidate:
    """A family: its default settings, and `alternatives` to them in the order in which tuning tries them."""

    name: str
    title: str
    kind: str
    parameters: dict[str, Any] = field(default_factory=dict)
    alternatives: tuple[dict[str, Any], ...] = ()

    @property
    def settings(self) -> tuple["Candidate", ...]:
        """The family at each of its settings, the default first."""
        return (self, *(replace(self, parameters={**self.parameters, **other}) for other in self.alternatives))

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
        if self.kind != "catboost":
            steps.append((IMPUTER, SimpleImputer(strategy="median", keep_empty_features=True)))
        if self.kind == "linear":
            steps.append((SCALER, StandardScaler()))
        steps.append((ESTIMATOR, _ESTIMATORS[self.kind](self.parameters, seed)))
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


_FAMILIES = (
    Candidate(
        "additive-splines",
        "Additive model, splines",
        "additive",
        {"C": 0.01, "knots": 10},
        ({"C": 0.02}, {"C": 0.05, "knots": 6}, {"knots": 14}, {"C": 0.1, "knots": 5}, {"C": 0.003}),
    ),
    Candidate(
        "logistic-regression",
        "Encoder, logistic regression",
        "linear",
        {"C": 1.0, "max_iter": 1000},
        ({"C": 0.1}, {"C": 0.01}, {"C": 10.0}),
    ),
    Candidate(
        "gradient-boosting",
        "Encoder, gradient boosting",
        "trees",
        {"max_depth": 3, "n_estimators": 150, "learning_rate": 0.06, "subsample": 0.6, "max_features": 0.4},
        (
            {"max_depth": 2, "n_estimators": 250},
            {"learning_rate": 0.03, "n_estimators": 200},
            {"max_depth": 4, "n_estimators": 100, "learning_rate": 0.04},
        ),
    ),
    Candidate(
        "catboost",
        "Encoder, CatBoost",
        "catboost",
        {"depth": 3, "iterations": 300, "learning_rate": 0.05},
        (
            {"depth": 4, "iterations": 300, "learning_rate": 0.04, "l2_leaf_reg": 10},
            {"depth": 6, "iterations": 300, "learning_rate": 0.03},
            {"iterations": 600, "learning_rate": 0.03, "rsm": 0.5},
        ),
    ),
    Candidate(
        "catboost-native",
        "CatBoost, categories as they are",
        "native",
        {"depth": 4, "iterations": 400, "learning_rate": 0.04},
        (
            {"bootstrap_type": "Bernoulli", "subsample": 0.7},
            {"depth": 3, "iterations": 600},
            {"iterations": 600, "learning_rate": 0.03, "l2_leaf_reg": 10},
            {"depth": 5, "iterations": 300, "rsm": 0.5, "l2_leaf_reg": 10},
        ),
    ),
)


def default_candidates() -> tuple[Candidate, ...]:
    """The families every training run compares, the quick ones first."""
    return _FAMILIES


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
    return CatBoostClassifier(
        **parameters, random_seed=seed, thread_count=os.cpu_count() or 1, allow_writing_files=False, verbose=False
    )


def _linear(parameters: dict[str, Any], seed: int) -> LogisticRegression:
    return LogisticRegression(**parameters, random_state=seed)


def _trees(parameters: dict[str, Any], seed: int) -> GradientBoostingClassifier:
    return GradientBoostingClassifier(**parameters, random_state=seed)


_ESTIMATORS: dict[str, Callable[[dict[str, Any], int], Any]] = {
    "catboost": _catboost,
    "linear": _linear,
    "trees": _trees,
}

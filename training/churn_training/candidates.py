"""The model families that compete: an encoder fitted inside the pipeline, then an estimator that can be packaged.

It must not choose among them or know the data. Every family here has an estimator format in churn_model.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from catboost import CatBoostClassifier
from category_encoders import CatBoostEncoder
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

ENCODER = "encoder"
IMPUTER = "imputer"
SCALER = "scaler"
ESTIMATOR = "estimator"


@dataclass(frozen=True)
class Candidate:
    """A family with its settings; `build` gives an unfitted pipeline that takes a frame with these category columns."""

    name: str
    title: str
    kind: str
    parameters: dict[str, Any] = field(default_factory=dict)

    def build(self, categories: Sequence[str], seed: int) -> Pipeline:
        """A fresh pipeline. Without categories there is nothing to encode and the encoder is left out."""
        steps: list[tuple[str, Any]] = []
        if categories:
            steps.append((ENCODER, CatBoostEncoder(cols=list(categories), random_state=seed)))
        if self.kind != "catboost":
            steps.append((IMPUTER, SimpleImputer(strategy="median", keep_empty_features=True)))
        if self.kind == "linear":
            steps.append((SCALER, StandardScaler()))
        steps.append((ESTIMATOR, _ESTIMATORS[self.kind](self.parameters, seed)))
        return Pipeline(steps)


def default_candidates() -> tuple[Candidate, ...]:
    """The four families every training run compares."""
    return (
        Candidate("catboost", "CatBoost, depth 6", "catboost", {"depth": 6, "iterations": 300, "learning_rate": 0.03}),
        Candidate(
            "catboost-shallow", "CatBoost, depth 3", "catboost", {"depth": 3, "iterations": 300, "learning_rate": 0.05}
        ),
        Candidate("logistic-regression", "Logistic regression", "linear", {"C": 1.0, "max_iter": 1000}),
        Candidate(
            "gradient-boosting",
            "Gradient boosting, depth 3",
            "trees",
            {"max_depth": 3, "n_estimators": 100, "learning_rate": 0.1, "subsample": 0.7},
        ),
    )


def _catboost(parameters: dict[str, Any], seed: int) -> CatBoostClassifier:
    # Nothing is written beside the data and nothing printed: MLflow and the progress bar tell what happens.
    return CatBoostClassifier(
        **parameters, random_seed=seed, thread_count=os.cpu_count() or 1, allow_writing_files=False, verbose=False
    )


def _linear(parameters: dict[str, Any], seed: int) -> LogisticRegression:
    return LogisticRegression(**parameters, random_state=seed)


def _trees(parameters: dict[str, Any], seed: int) -> GradientBoostingClassifier:
    return GradientBoostingClassifier(**parameters, random_state=seed)


_ESTIMATORS = {"catboost": _catboost, "linear": _linear, "trees": _trees}

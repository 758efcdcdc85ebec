"""Writes a fitted scikit-learn or CatBoost estimator as a file without code.

It reads public attributes only and must not know data or packages.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
from sklearn.pipeline import Pipeline

from churn_model.estimators import ESTIMATOR_FILES
from churn_training.candidates import ESTIMATOR, IMPUTER, SCALER


def write_estimator(pipeline: Pipeline, kind: str, folder: Path) -> Path:
    """Write the pipeline's estimator, with its imputation and scaling, and return the file.

    Args:
        pipeline: fitted, built by a candidate of this kind.
        kind: a key of `churn_model.estimators.ESTIMATOR_FILES`.
        folder: existing folder; the file gets the name that packages use.
    """
    path = folder / ESTIMATOR_FILES[kind]
    _WRITERS[kind](pipeline, path)
    return path


def _write_catboost(pipeline: Pipeline, path: Path) -> None:
    pipeline.named_steps[ESTIMATOR].save_model(str(path), format="cbm")


def _write_linear(pipeline: Pipeline, path: Path) -> None:
    model, scaler = pipeline.named_steps[ESTIMATOR], pipeline.named_steps[SCALER]
    document = {
        "format": 1,
        "fill": _fill(pipeline),
        "center": scaler.mean_.tolist(),
        "scale": scaler.scale_.tolist(),
        "weights": model.coef_[0].tolist(),
        "intercept": float(model.intercept_[0]),
    }
    path.write_text(json.dumps(document))


def _write_trees(pipeline: Pipeline, path: Path) -> None:
    model = pipeline.named_steps[ESTIMATOR]
    document = {
        "format": 1,
        "fill": _fill(pipeline),
        "base": _prior_log_odds(model.init_.class_prior_),
        "rate": float(model.learning_rate),
        "trees": [_tree(stage[0].tree_) for stage in model.estimators_],
    }
    path.write_text(json.dumps(document))


def _tree(tree: Any) -> dict[str, list[Any]]:
    return {
        "feature": tree.feature.tolist(),
        "threshold": tree.threshold.tolist(),
        "left": tree.children_left.tolist(),
        "right": tree.children_right.tolist(),
        "value": tree.value[:, 0, 0].tolist(),
    }


def _prior_log_odds(class_prior: numpy.ndarray) -> float:
    """Where boosting starts: the log-odds of the training churn rate, kept off 0 and 1 as scikit-learn does."""
    epsilon = numpy.finfo(numpy.float32).eps
    churned = numpy.clip(class_prior[1], epsilon, 1 - epsilon)
    return float(numpy.log(churned / (1 - churned)))


def _fill(pipeline: Pipeline) -> list[float]:
    filled: list[float] = pipeline.named_steps[IMPUTER].statistics_.tolist()
    return filled


_WRITERS: dict[str, Callable[[Pipeline, Path], None]] = {
    "catboost": _write_catboost,
    "linear": _write_linear,
    "trees": _write_trees,
}

"""Writes a fitted scikit-learn or CatBoost estimator as a file without code.

It must not know data or packages.
"""

import base64
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy
from sklearn.pipeline import Pipeline

from churn_data.dataset import Dataset
from churn_model.schema import Schema
from churn_model.tree_shapley import LEAF
from churn_training.families.additive import additive_document
from churn_training.families.candidates import ESTIMATOR, IMPUTER, SCALER
from churn_training.families.ensemble import Blend
from churn_training.families.forests import LogOddsForest
from churn_training.families.randomized_boosting import RandomizedBoosting

UNLIKE_EACH_TIME = ("model_guid", "train_finish_time")
"""What CatBoost notes in a model's file that is another for the very same trees."""


def estimator_content(pipeline: Pipeline, kind: str, training: Dataset, schema: Schema) -> bytes:
    """The file of the pipeline's estimator, with its imputation and scaling.

    Args:
        pipeline: fitted, built by a candidate of this kind.
        kind: a key of `churn_model.estimators.ESTIMATOR_FILES`, but `blend`.
        training: the customers it was fitted on.
        schema: of these customers.
    """
    if kind == "additive":
        return _encode(additive_document(pipeline, schema, training.frame))
    return _WRITERS[kind](pipeline)


def blend_content(blend: Blend, members: Sequence[bytes]) -> bytes:
    """The file of a blend, its members' files inside."""
    return _encode(
        {
            "format": 1,
            "slope": blend.slope,
            "intercept": blend.intercept,
            "members": [
                {"kind": member.kind, "weight": weight, "content": base64.b64encode(content).decode("ascii")}
                for member, weight, content in zip(blend.members, blend.weights, members, strict=True)
            ],
        }
    )


def _encode(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode()


def _catboost(pipeline: Pipeline) -> bytes:
    notes = pipeline.named_steps[ESTIMATOR].get_metadata()
    for name in UNLIKE_EACH_TIME:
        if name in notes:
            del notes[name]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.cbm"
        pipeline.named_steps[ESTIMATOR].save_model(str(path), format="cbm")
        return path.read_bytes()


def _linear(pipeline: Pipeline) -> bytes:
    model, scaler = pipeline.named_steps[ESTIMATOR], pipeline.named_steps[SCALER]
    return _encode(
        {
            "format": 1,
            "fill": _fill(pipeline),
            "center": scaler.mean_.tolist(),
            "scale": scaler.scale_.tolist(),
            "weights": model.coef_[0].tolist(),
            "intercept": float(model.intercept_[0]),
        }
    )


def _trees(pipeline: Pipeline) -> bytes:
    model = pipeline.named_steps[ESTIMATOR]
    if isinstance(model, LogOddsForest):
        trees = [
            _grown(tree, values, tree.weighted_n_node_samples)
            for tree, values in zip(model.trees_, model.leaf_log_odds_, strict=True)
        ]
        return _encode(_trees_document(model.n_features_in_, 0.0, 1.0 / len(trees), trees, single=True))
    if isinstance(model, RandomizedBoosting):
        # Weights in them are those of one step, not of customers.
        trees = [
            _grown(tree, values, tree.n_node_samples.astype(float))
            for tree, values in zip(model.trees_, model.leaf_values_, strict=True)
        ]
        return _encode(_trees_document(model.n_features_in_, model.base_, 1.0, trees, single=True))
    # scikit-learn has no public way to a histogram's trees; compiling proves that these answer like the model.
    trees = [_boosted(predictor.nodes) for (predictor,) in model._predictors]  # noqa: SLF001
    base = float(model._baseline_prediction.ravel()[0])  # noqa: SLF001
    return _encode(_trees_document(model.n_features_in_, base, 1.0, trees, single=False))


def _trees_document(features: int, base: float, rate: float, trees: list[Any], *, single: bool) -> dict[str, Any]:
    return {"format": 2, "features": features, "base": base, "rate": rate, "single": single, "trees": trees}


def _grown(tree: Any, values: numpy.ndarray, cover: numpy.ndarray) -> dict[str, list[Any]]:
    return {
        "feature": tree.feature.tolist(),
        "threshold": _finite(tree.threshold).tolist(),
        "left": tree.children_left.tolist(),
        "right": tree.children_right.tolist(),
        "value": values.tolist(),
        "cover": cover.tolist(),
        "missing_left": tree.missing_go_to_left.astype(bool).tolist(),
    }


def _finite(threshold: numpy.ndarray) -> numpy.ndarray:
    """Where missing values alone are split off, everything else is below the largest number there is."""
    largest = numpy.finfo(float).max
    finite: numpy.ndarray = numpy.clip(threshold, -largest, largest)
    return finite


def _boosted(nodes: numpy.ndarray) -> dict[str, list[Any]]:
    leaf = nodes["is_leaf"].astype(bool)
    return {
        "feature": numpy.where(leaf, LEAF, nodes["feature_idx"].astype(int)).tolist(),
        "threshold": numpy.where(leaf, 0.0, _finite(nodes["num_threshold"])).tolist(),
        "left": nodes["left"].astype(int).tolist(),
        "right": nodes["right"].astype(int).tolist(),
        "value": nodes["value"].tolist(),
        "cover": nodes["count"].astype(float).tolist(),
        "missing_left": nodes["missing_go_to_left"].astype(bool).tolist(),
    }


def _fill(pipeline: Pipeline) -> list[float]:
    filled: list[float] = pipeline.named_steps[IMPUTER].statistics_.tolist()
    return filled


_WRITERS: dict[str, Callable[[Pipeline], bytes]] = {
    "catboost": _catboost,
    "native": _catboost,
    "linear": _linear,
    "trees": _trees,
}

"""Writes a fitted scikit-learn or CatBoost estimator as a file without code.

It reads public attributes only and must not know data or packages.
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
from churn_training.families.additive import additive_document
from churn_training.families.candidates import ESTIMATOR, IMPUTER, SCALER
from churn_training.families.ensemble import Blend


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
    return _encode(
        {
            "format": 1,
            "fill": _fill(pipeline),
            "base": _prior_log_odds(model.init_.class_prior_),
            "rate": float(model.learning_rate),
            "trees": [_tree(stage[0].tree_) for stage in model.estimators_],
        }
    )


def _tree(tree: Any) -> dict[str, list[Any]]:
    return {
        "feature": tree.feature.tolist(),
        "threshold": tree.threshold.tolist(),
        "left": tree.children_left.tolist(),
        "right": tree.children_right.tolist(),
        "value": tree.value[:, 0, 0].tolist(),
        "cover": tree.weighted_n_node_samples.tolist(),
    }


def _prior_log_odds(class_prior: numpy.ndarray) -> float:
    """Where boosting starts: the log-odds of the training churn rate, kept off 0 and 1 as scikit-learn does."""
    epsilon = numpy.finfo(numpy.float32).eps
    churned = numpy.clip(class_prior[1], epsilon, 1 - epsilon)
    return float(numpy.log(churned / (1 - churned)))


def _fill(pipeline: Pipeline) -> list[float]:
    filled: list[float] = pipeline.named_steps[IMPUTER].statistics_.tolist()
    return filled


_WRITERS: dict[str, Callable[[Pipeline], bytes]] = {
    "catboost": _catboost,
    "native": _catboost,
    "linear": _linear,
    "trees": _trees,
}

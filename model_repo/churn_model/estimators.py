"""What turns a customer's row into log-odds, in formats that hold no code.

An estimator is data plus one of a few fixed evaluators, each in a module of its own. Gradient boosting of CatBoost is
imported only where such a model is served, because that library is heavy; the others need no model library.
"""

import math
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from churn_model.encoding import MISSING_CATEGORY
from churn_model.errors import SchemaMismatch
from churn_model.schema import Row, Schema

__all__ = ["ESTIMATOR_FILES", "MISSING_CATEGORY", "Estimator", "load_estimator", "sigmoid"]

ESTIMATOR_FILES = {
    "catboost": "model.cbm",
    "native": "native.cbm",
    "linear": "linear.json",
    "additive": "additive.json",
    "trees": "trees.json",
    "blend": "blend.json",
}


class Estimator(Protocol):
    """Log-odds of churn; the same bits for a row whether it is scored alone or among others.

    Every method takes the same customers twice: ``encoded``, shape ``[rows][features]``, numbers with NaN for missing,
    and ``rows`` as they came, in schema order. An estimator reads the one that it was trained on.
    """

    def raw(self, encoded: Sequence[Sequence[float]], rows: Sequence[Row]) -> list[float]:
        """Log-odds, one a row."""

    def contributions(self, encoded: Sequence[Sequence[float]], rows: Sequence[Row]) -> list[list[float]]:
        """Shapley values of the log-odds, shape ``[rows][features + 1]``, the base last; they sum to :meth:`raw`
        within 1e-6.

        Raises:
            ExplanationUnavailable: the model's file does not hold what that takes.
        """


def sigmoid(raw: float) -> float:
    """Probability from log-odds. The one implementation that every scorer uses, so that all agree bit for bit;
    written so that neither tail overflows."""
    if raw >= 0.0:
        return 1.0 / (1.0 + math.exp(-raw))
    power = math.exp(raw)
    return power / (1.0 + power)


def load_estimator(kind: str, content: bytes, schema: Schema) -> Estimator:
    """Load an estimator from its file's content, whose digest was verified before.

    Args:
        kind: a key of :data:`ESTIMATOR_FILES`.
        content: the bytes that were hashed (never a path, whose file could change in between).
        schema: the features that it must take.

    Raises:
        SchemaMismatch: unknown kind or format, or other features than the schema's.
    """
    loader = _LOADERS.get(kind)
    if loader is None:
        raise SchemaMismatch(f"manifest.json: estimator kind {kind!r} is not known here")
    try:
        return loader(content, schema)
    except (msgspec.DecodeError, ValueError) as error:
        problem = f"not a usable {kind} model ({str(error)[:160]})"
        raise SchemaMismatch(f"{ESTIMATOR_FILES[kind]}: {problem}") from error


def _load_catboost(content: bytes, schema: Schema) -> Estimator:
    from churn_model.catboost_estimator import CatBoostEstimator

    return CatBoostEstimator.load(content, len(schema.features))


def _load_native(content: bytes, schema: Schema) -> Estimator:
    from churn_model.catboost_estimator import NativeEstimator

    return NativeEstimator.load(content, schema)


def _load_linear(content: bytes, schema: Schema) -> Estimator:
    from churn_model.linear_estimator import LinearEstimator

    return LinearEstimator.load(content, len(schema.features))


def _load_additive(content: bytes, schema: Schema) -> Estimator:
    from churn_model.additive_estimator import AdditiveEstimator

    return AdditiveEstimator.load(content, schema)


def _load_trees(content: bytes, schema: Schema) -> Estimator:
    from churn_model.tree_estimator import TreesEstimator

    return TreesEstimator.load(content, len(schema.features))


def _load_blend(content: bytes, schema: Schema) -> Estimator:
    from churn_model.blend_estimator import BlendEstimator

    return BlendEstimator.load(content, lambda kind, member: load_estimator(kind, member, schema))


_LOADERS: dict[str, Callable[[bytes, Schema], Estimator]] = {
    "catboost": _load_catboost,
    "native": _load_native,
    "linear": _load_linear,
    "additive": _load_additive,
    "trees": _load_trees,
    "blend": _load_blend,
}

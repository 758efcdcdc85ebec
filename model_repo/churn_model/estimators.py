"""Opens an estimator by its kind: which file it is in and which evaluator reads it.

Each evaluator has a module of its own. Gradient boosting of CatBoost is imported only where such a model is served,
because that library is heavy; the others need no model library.
"""

from collections.abc import Callable

import msgspec

from churn_model.errors import SchemaMismatch
from churn_model.estimator import Estimator
from churn_model.schema import Schema

ESTIMATOR_FILES = {
    "catboost": "model.cbm",
    "native": "native.cbm",
    "linear": "linear.json",
    "additive": "additive.json",
    "trees": "trees.json",
    "blend": "blend.json",
}


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
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
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

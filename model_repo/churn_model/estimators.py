"""What turns an encoded row into log-odds, in formats that hold no code.

An estimator is data plus one of a few fixed evaluators. Gradient boosting of CatBoost has its own module because that
library is heavy and must be loaded only where such a model is served; linear models and plain trees need no library.
"""

import math
import struct
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from churn_model.errors import SchemaMismatch

FORMAT = 1
ESTIMATOR_FILES = {"catboost": "model.cbm", "linear": "linear.json", "trees": "trees.json"}
_LEAF = -2


class Estimator(Protocol):
    """Log-odds of churn for encoded rows; the same bits for a row whether it is scored alone or among others."""

    def raw(self, encoded: Sequence[Sequence[float]]) -> list[float]:
        """Log-odds, one a row."""


def sigmoid(raw: float) -> float:
    """Probability from log-odds. The one implementation that every scorer uses, so that all agree bit for bit;
    written so that neither tail overflows."""
    if raw >= 0.0:
        return 1.0 / (1.0 + math.exp(-raw))
    power = math.exp(raw)
    return power / (1.0 + power)


class _LinearDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: int
    fill: tuple[float, ...]
    center: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float


class LinearEstimator:
    """Logistic regression on standardised features, a missing one replaced by its fill value."""

    def __init__(self, document: _LinearDocument) -> None:
        self.features = len(document.weights)
        self._terms = tuple(zip(document.fill, document.center, document.scale, document.weights, strict=True))
        self._intercept = document.intercept

    def raw(self, encoded: Sequence[Sequence[float]]) -> list[float]:
        """Log-odds, one a row."""
        return [self._row(row) for row in encoded]

    def _row(self, row: Sequence[float]) -> float:
        total = self._intercept
        for value, (fill, center, scale, weight) in zip(row, self._terms, strict=True):
            known = fill if value != value else value  # noqa: PLR0124 - only NaN differs from itself
            total += weight * ((known - center) / scale)
        return total


class _Tree(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    feature: tuple[int, ...]
    threshold: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    value: tuple[float, ...]


class _TreesDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: int
    fill: tuple[float, ...]
    base: float
    rate: float
    trees: tuple[_Tree, ...]


class TreesEstimator:
    """A sum of plain decision trees, as scikit-learn's gradient boosting grows them: inputs are rounded to single
    precision before they are compared, ``<=`` goes left."""

    def __init__(self, document: _TreesDocument) -> None:
        self.features = len(document.fill)
        self._fill = document.fill
        self._base = document.base
        self._rate = document.rate
        self._single = struct.Struct(f"{self.features}f")
        self._trees = tuple(
            tuple(zip(tree.feature, tree.threshold, tree.left, tree.right, tree.value, strict=True))
            for tree in document.trees
        )

    def raw(self, encoded: Sequence[Sequence[float]]) -> list[float]:
        """Log-odds, one a row."""
        return [self._row(row) for row in encoded]

    def _row(self, row: Sequence[float]) -> float:
        filled = [fill if value != value else value for value, fill in zip(row, self._fill, strict=True)]  # noqa: PLR0124
        single = self._single.unpack(self._single.pack(*filled))
        total = self._base
        for tree in self._trees:
            feature, threshold, left, right, value = tree[0]
            while feature != _LEAF:
                feature, threshold, left, right, value = tree[left if single[feature] <= threshold else right]
            total += self._rate * value
        return total


def load_estimator(kind: str, content: bytes, features: int) -> Estimator:
    """Load an estimator from its file's content, whose digest was verified before.

    Args:
        kind: a key of :data:`ESTIMATOR_FILES`.
        content: the bytes that were hashed (never a path, whose file could change in between).
        features: how many features the encoder yields.

    Raises:
        SchemaMismatch: unknown kind or format, or another number of features.
    """
    loader = _LOADERS.get(kind)
    if loader is None:
        raise SchemaMismatch(f"manifest.json: estimator kind {kind!r} is not known here")
    filename = ESTIMATOR_FILES[kind]
    try:
        estimator, found = loader(content)
    except (msgspec.DecodeError, ValueError) as error:
        raise SchemaMismatch(f"{filename}: not a usable {kind} model ({str(error)[:120]})") from error
    if found != features:
        raise SchemaMismatch(f"{filename}: takes {found} features, the encoder yields {features}")
    return estimator


def _load_linear(content: bytes) -> tuple[Estimator, int]:
    document = msgspec.json.decode(content, type=_LinearDocument)
    _require_format(document.format)
    linear = LinearEstimator(document)
    return linear, linear.features


def _load_trees(content: bytes) -> tuple[Estimator, int]:
    document = msgspec.json.decode(content, type=_TreesDocument)
    _require_format(document.format)
    for tree in document.trees:
        _check_tree(tree, len(document.fill))
    trees = TreesEstimator(document)
    return trees, trees.features


def _check_tree(tree: _Tree, features: int) -> None:
    """Children come after their parent, so evaluation always ends; every index is inside its array."""
    size = len(tree.feature)
    for index, (feature, left, right) in enumerate(zip(tree.feature, tree.left, tree.right, strict=True)):
        inside = feature == _LEAF or (0 <= feature < features and index < left < size and index < right < size)
        if not inside:
            raise ValueError(f"node {index} points outside its tree")


def _load_catboost(content: bytes) -> tuple[Estimator, int]:
    from churn_model.catboost_estimator import CatBoostEstimator

    catboost = CatBoostEstimator.load(content)
    return catboost, catboost.features


def _require_format(found: int) -> None:
    if found != FORMAT:
        raise ValueError(f"format {found} is not known here, expected {FORMAT}")


_LOADERS: dict[str, Callable[[bytes], tuple[Estimator, int]]] = {
    "catboost": _load_catboost,
    "linear": _load_linear,
    "trees": _load_trees,
}

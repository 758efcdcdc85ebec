"""A sum of plain decision trees as data, as scikit-learn's gradient boosting grows them.

Scores are plain arithmetic; only explaining them takes arrays. It must not know the library that grew the trees.
"""

import struct
from collections.abc import Sequence
from functools import cached_property

import msgspec

from churn_model.documents import read_by_any_thread
from churn_model.errors import ExplanationUnavailable
from churn_model.estimator_checks import require_features, require_format
from churn_model.schema import Row
from churn_model.tree_shapley import LEAF, Tree, TreeShapley

_LARGEST_SINGLE = 3.4028234663852886e38


@read_by_any_thread
class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: int
    fill: tuple[float, ...]
    base: float
    rate: float
    trees: tuple[Tree, ...]


class TreesEstimator:
    """Inputs are rounded to single precision before they are compared, ``<=`` goes left; immutable."""

    def __init__(self, document: _Document) -> None:
        self._document = document
        self._fill = document.fill
        self._base = document.base
        self._rate = document.rate
        self._single = struct.Struct(f"{len(document.fill)}f")
        self._trees = tuple(
            tuple(zip(tree.feature, tree.threshold, tree.left, tree.right, tree.value, strict=True))
            for tree in document.trees
        )

    @classmethod
    def load(cls, content: bytes, features: int) -> "TreesEstimator":
        """Read the content of ``trees.json``.

        Raises:
            ValueError: unreadable, an unknown format, another number of features, or a tree that is none.
        """
        document = msgspec.json.decode(content, type=_Document)
        require_format(document.format)
        require_features(len(document.fill), features)
        for tree in document.trees:
            _check_tree(tree, features)
        return cls(document)

    def raw(self, encoded: Sequence[Sequence[float]], rows: Sequence[Row]) -> list[float]:  # noqa: ARG002
        """Log-odds, one a row."""
        return [self._row(self._known(row)) for row in encoded]

    def contributions(self, encoded: Sequence[Sequence[float]], rows: Sequence[Row]) -> list[list[float]]:  # noqa: ARG002
        """Exact path-dependent Shapley values, see :class:`~churn_model.tree_shapley.TreeShapley`.

        Raises:
            ExplanationUnavailable: the trees were written without how many training customers reached each node.
        """
        if self._shapley is None:
            raise ExplanationUnavailable("trees.json: has no `cover`, without which its answers cannot be explained")
        parts = self._shapley.values([self._known(row) for row in encoded])
        return [[*(self._rate * value for value in row[:-1]), self._base + self._rate * row[-1]] for row in parts]

    @cached_property
    def _shapley(self) -> TreeShapley | None:
        trees = self._document.trees
        return None if any(tree.cover is None for tree in trees) else TreeShapley(trees, len(self._fill))

    def _known(self, row: Sequence[float]) -> tuple[float, ...]:
        """The row with missing values filled in, in single precision."""
        filled = [fill if value != value else value for value, fill in zip(row, self._fill, strict=True)]  # noqa: PLR0124
        try:
            return self._single.unpack(self._single.pack(*filled))
        except OverflowError:
            bounded = [max(-_LARGEST_SINGLE, min(_LARGEST_SINGLE, value)) for value in filled]
            return self._single.unpack(self._single.pack(*bounded))

    def _row(self, single: tuple[float, ...]) -> float:
        total = self._base
        for tree in self._trees:
            feature, threshold, left, right, value = tree[0]
            while feature != LEAF:
                feature, threshold, left, right, value = tree[left if single[feature] <= threshold else right]
            total += self._rate * value
        return total


def _check_tree(tree: Tree, features: int) -> None:
    """Children come after their parent, so evaluation always ends; every index is inside its array."""
    size = len(tree.feature)
    if size == 0:
        raise ValueError("a tree has no nodes")
    for index, (feature, left, right) in enumerate(zip(tree.feature, tree.left, tree.right, strict=True)):
        inside = feature == LEAF or (0 <= feature < features and index < left < size and index < right < size)
        if not inside:
            raise ValueError(f"node {index} points outside its tree")
    if tree.cover is not None and not (len(tree.cover) == size and all(cover > 0 for cover in tree.cover)):
        raise ValueError("`cover` must hold a number above 0 for every node")

"""A sum of plain decision trees as data: gradient boosting, random forests and extra trees, as scikit-learn grows them.

A forest is the mean of its leaves' log-odds, so whatever the trees are, the answer is a sum and can be explained
exactly. It must not know the library that grew the trees.
"""

from collections.abc import Sequence
from functools import cached_property

import msgspec
import numpy
from numpy.typing import NDArray

from churn_model.documents import read_by_any_thread
from churn_model.errors import ExplanationUnavailable
from churn_model.estimator_checks import require_features, require_format
from churn_model.flat_trees import FlatTrees, rounded_to_single
from churn_model.schema import Row
from churn_model.tree_shapley import LEAF, Tree, TreeShapley


@read_by_any_thread
class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Format 1 fills missing values with ``fill`` and compares in single precision. In format 2 each node knows where
    missing values go, ``features`` counts them, and ``single`` says how values are compared."""

    format: int
    base: float
    rate: float
    trees: tuple[Tree, ...]
    fill: tuple[float, ...] | None = None
    features: int | None = None
    single: bool = True


class TreesEstimator:
    """``base`` + ``rate`` × the trees' values; ``<=`` goes left; immutable."""

    def __init__(self, document: _Document, features: int) -> None:
        self._document, self._features = document, features
        self._fill = None if document.fill is None else numpy.array(document.fill, float)
        self._flat = FlatTrees(document.trees, features, document.base, document.rate, single=document.single)

    @classmethod
    def load(cls, content: bytes, features: int) -> "TreesEstimator":
        """Read the content of ``trees.json``.

        Raises:
            ValueError: unreadable, an unknown format, another number of features, or a tree that is none.
        """
        document = msgspec.json.decode(content, type=_Document)
        if document.format == 1:
            if document.fill is None:
                raise ValueError("format 1 needs `fill`")
            require_features(len(document.fill), features)
        else:
            require_format(document.format, 2)
            require_features(document.features or 0, features)
        if not document.trees:
            raise ValueError("it has no trees")
        for tree in document.trees:
            _check_tree(tree, features)
        return cls(document, features)

    def raw(self, encoded: Sequence[Sequence[float]], rows: Sequence[Row]) -> list[float]:  # noqa: ARG002
        """Log-odds, one a row."""
        return self._flat.raw(self._known(encoded))

    def contributions(self, encoded: Sequence[Sequence[float]], rows: Sequence[Row]) -> list[list[float]]:  # noqa: ARG002
        """Exact path-dependent Shapley values, see :class:`~churn_model.tree_shapley.TreeShapley`.

        Raises:
            ExplanationUnavailable: the trees were written without how many training customers reached each node.
        """
        if self._shapley is None:
            raise ExplanationUnavailable("trees.json: has no `cover`, without which its answers cannot be explained")
        known = self._known(encoded)
        parts = self._shapley.values((rounded_to_single(known) if self._document.single else known).tolist())
        base, rate = self._document.base, self._document.rate
        return [[*(rate * value for value in row[:-1]), base + rate * row[-1]] for row in parts]

    @cached_property
    def _shapley(self) -> TreeShapley | None:
        trees = self._document.trees
        return None if any(tree.cover is None for tree in trees) else TreeShapley(trees, self._features)

    def _known(self, encoded: Sequence[Sequence[float]]) -> NDArray[numpy.float64]:
        """The rows as an array, missing values filled in where the format asks for it."""
        rows = numpy.array(encoded, float)
        return rows if self._fill is None else numpy.where(numpy.isnan(rows), self._fill, rows)


def _check_tree(tree: Tree, features: int) -> None:
    """Children come after their parent, so evaluation always ends; every index is inside its array."""
    size = len(tree.feature)
    if size == 0:
        raise ValueError("a tree has no nodes")
    columns = (tree.threshold, tree.left, tree.right, tree.value)
    if any(len(column) != size for column in columns):
        raise ValueError("a tree's columns differ in length")
    parents = [0] * size
    for index, (feature, left, right) in enumerate(zip(tree.feature, tree.left, tree.right, strict=True)):
        if feature == LEAF:
            continue
        if not (0 <= feature < features and index < left < size and index < right < size):
            raise ValueError(f"node {index} points outside its tree")
        parents[left] += 1
        parents[right] += 1
    if any(count > 1 for count in parents):
        raise ValueError("a node has two parents")
    if tree.missing_left is not None and len(tree.missing_left) != size:
        raise ValueError("`missing_left` must hold an entry for every node")
    if tree.cover is not None and not (len(tree.cover) == size and all(cover > 0 for cover in tree.cover)):
        raise ValueError("`cover` must hold a number above 0 for every node")

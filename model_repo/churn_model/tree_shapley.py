"""Exact Shapley values of decision trees: how much each feature moves one customer's answer, and why the sum is right.

A leaf's part of the answer is a product game: a feature that is known lets the customer through or not, one that is
not known lets through the share of training customers that went on towards the leaf (path-dependent expectation,
Lundberg et al. 2020, "From local explanations to global understanding with explainable AI for trees"). The Shapley
value is the mean gradient of the game's multilinear extension along its diagonal (Owen 1972, "Multilinear extensions
of games"); that gradient is a polynomial, so a few Gauss–Legendre points integrate it exactly. It must not know what
the trees are for.
"""

from collections.abc import Sequence

import msgspec
import numpy
from numpy.typing import NDArray

LEAF = -2
"""What `Tree.feature` holds at a leaf."""


class Tree(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tree node by node, root first; ``cover`` is the weight of the training customers that reached a node,
    ``missing_left`` whether a missing value goes left there (None: it goes right everywhere)."""

    feature: tuple[int, ...]
    threshold: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    value: tuple[float, ...]
    cover: tuple[float, ...] | None = None
    missing_left: tuple[bool, ...] | None = None


class _Step(msgspec.Struct, frozen=True):
    """What the way to a leaf asks of one feature: ``low`` < value <= ``high``, or that it may be ``missing``; ``share``
    of customers passed."""

    low: float = -numpy.inf
    high: float = numpy.inf
    share: float = 1.0
    missing: bool = True

    def left(self, threshold: float, share: float, missing: bool) -> "_Step":  # noqa: FBT001 - as the node says
        return _Step(self.low, min(self.high, threshold), self.share * share, self.missing and missing)

    def right(self, threshold: float, share: float, missing: bool) -> "_Step":  # noqa: FBT001 - as the node says
        return _Step(max(self.low, threshold), self.high, self.share * share, self.missing and not missing)


class TreeShapley:
    """Shapley values of the sum of the trees' values; immutable. Every tree needs its ``cover``."""

    def __init__(self, trees: Sequence[Tree], features: int) -> None:
        leaves = [leaf for tree in trees for leaf in _leaves(tree)]
        depth = max((len(way) for _, way in leaves), default=0)
        self._features = features
        self._value = numpy.array([value for value, _ in leaves], dtype=float)
        # Every leaf has as many places as the deepest; a feature that asks for nothing changes nothing.
        self._place = numpy.zeros((len(leaves), depth), dtype=numpy.intp)
        self._low = numpy.full((len(leaves), depth), -numpy.inf)
        self._high = numpy.full((len(leaves), depth), numpy.inf)
        self._share = numpy.ones((len(leaves), depth))
        self._missing = numpy.ones((len(leaves), depth), dtype=bool)
        for number, (_, way) in enumerate(leaves):
            for position, (feature, step) in enumerate(way.items()):
                self._place[number, position] = feature
                self._low[number, position], self._high[number, position] = step.low, step.high
                self._share[number, position], self._missing[number, position] = step.share, step.missing
        self._base = float(self._value @ self._share.prod(axis=1)) if leaves else 0.0
        # Degree of the integrand: depth - 1; n points are exact up to 2n - 1.
        points, weights = numpy.polynomial.legendre.leggauss(depth // 2 + 1)
        self._points, self._weights = (points + 1) / 2, weights / 2

    def values(self, rows: Sequence[Sequence[float]]) -> list[list[float]]:
        """Shape ``[rows][features + 1]``; the last entry is the mean answer over the training customers. A row's
        entries sum to the sum of the trees' values for it."""
        return [[*self._row(numpy.array(row, dtype=float)).tolist(), self._base] for row in rows]

    def _row(self, row: NDArray[numpy.float64]) -> NDArray[numpy.float64]:
        asked = row[self._place]
        inside = (asked > self._low) & (asked <= self._high)
        passes = numpy.where(numpy.isnan(asked), self._missing, inside).astype(float)
        gradient = numpy.zeros_like(passes)
        for point, weight in zip(self._points, self._weights, strict=True):
            factors = point * passes + (1 - point) * self._share
            gradient += weight * factors.prod(axis=1, keepdims=True) / factors
        parts = self._value[:, None] * (passes - self._share) * gradient
        moved = numpy.bincount(self._place.ravel(), parts.ravel(), minlength=self._features)
        return moved.astype(numpy.float64, copy=False)


def _leaves(tree: Tree) -> list[tuple[float, dict[int, _Step]]]:
    """Each leaf's value and what the way to it asks of which feature."""
    cover = tree.cover or ()
    found: list[tuple[float, dict[int, _Step]]] = []
    open_nodes: list[tuple[int, dict[int, _Step]]] = [(0, {})]
    while open_nodes:
        node, way = open_nodes.pop()
        feature, threshold = tree.feature[node], tree.threshold[node]
        if feature == LEAF:
            found.append((tree.value[node], way))
            continue
        step, left, right = way.get(feature, _Step()), tree.left[node], tree.right[node]
        down = bool(tree.missing_left and tree.missing_left[node])
        open_nodes.append((left, {**way, feature: step.left(threshold, cover[left] / cover[node], down)}))
        open_nodes.append((right, {**way, feature: step.right(threshold, cover[right] / cover[node], down)}))
    return found

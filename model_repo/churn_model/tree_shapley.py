"""Exact Shapley values of decision trees: how much each feature moves one customer's answer, and why the sum is right.

A leaf's part of the answer is a product game: a feature that is known lets the customer through or not, one that is
not known lets through the share of training customers that went on towards the leaf (path-dependent expectation,
Lundberg et al. 2020, "From local explanations to global understanding with explainable AI for trees"). The Shapley
value is the mean gradient of the game's multilinear extension along its diagonal (Owen 1972, "Multilinear extensions
of games"); that gradient is a polynomial, so a few Gauss–Legendre points integrate it exactly. It must not know what
the trees are for.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import msgspec
import numpy
from numpy.typing import NDArray

LEAF = -2
"""What `Tree.feature` holds at a leaf."""
MANY = 128
"""Rows from which on they are worked out together, a leaf at a time."""
_TOGETHER = 8192
_MOST_PLACES, _SHORT, _COUNTED = 62, 16, 14
"""Places of a leaf that a whole number holds, that one of 16 bits holds with one more bit, and of which the codes are
counted rather than sorted."""


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
        self._trees, self._features = trees, features
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
        self._points, self._weights = _points(depth)

    def values(self, rows: Sequence[Sequence[float]]) -> list[list[float]]:
        """Shape ``[rows][features + 1]``; the last entry is the mean answer over the training customers. A row's
        entries sum to the sum of the trees' values for it."""
        if len(rows) < MANY or self._place.shape[1] > _MOST_PLACES:
            return [[*self._row(numpy.array(row, dtype=float)).tolist(), self._base] for row in rows]
        found: list[list[float]] = []
        for start in range(0, len(rows), _TOGETHER):
            moved = self._together(numpy.array(rows[start : start + _TOGETHER], dtype=float))
            found += [[*row, self._base] for row in moved.tolist()]
        return found

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

    def _together(self, rows: NDArray[numpy.float64]) -> NDArray[numpy.float64]:
        """Many rows, tree by tree from the root down: a row's code at a node says which of the features asked so far
        did not let it through, a bit each in the order of asking. Of such ways there are few at a leaf, and each is
        worked out once. The same values as those of :meth:`_row` but for the order of sums."""
        many = _ManyRows(rows, self._features, self._place.shape[1])
        leaf = 0
        for tree in self._trees:
            open_nodes: list[tuple[int, tuple[int, ...], NDArray[Any]]] = [(0, (), many.none)]
            while open_nodes:  # in the order of `_leaves`, which numbers them
                node, way, codes = open_nodes.pop()
                if tree.feature[node] == LEAF:
                    many.move(way, codes, [(leaf, None)], self._parts)
                    leaf += 1
                    continue
                asked = tree.feature[node]
                place = way.index(asked) if asked in way else len(way)
                left, right = tree.left[node], tree.right[node]
                goes_left = many.goes_left(tree, node)
                down = way if place < len(way) else (*way, asked)
                if tree.feature[left] == LEAF and tree.feature[right] == LEAF:
                    # Both at once: one more bit says who goes left. The right one has the first number.
                    both = codes | (goes_left << len(down))
                    many.move(down, both, [(leaf, (place, True)), (leaf + 1, (place, False))], self._parts)
                    leaf += 2
                    continue
                to_left = goes_left << place
                open_nodes.append((left, down, codes | (to_left ^ (1 << place))))
                open_nodes.append((right, down, codes | to_left))
        return numpy.ascontiguousarray(many.moved.T)

    def _parts(self, leaf: int, passes: NDArray[numpy.float64]) -> NDArray[numpy.float64]:
        """What a leaf moves each of its places by, for each way of letting rows through: ``[places][ways]``."""
        length = len(passes)
        share = self._share[leaf, :length, None]
        points, weights = _points(length)
        factors = points[:, None, None] * passes + (1 - points)[:, None, None] * share
        gradient = numpy.tensordot(weights, factors.prod(axis=1, keepdims=True) / factors, 1)
        parts: NDArray[numpy.float64] = self._value[leaf] * (passes - share) * gradient
        return parts


class _ManyRows:
    """Rows on their way through trees, and what these have moved them by so far: ``moved``, ``[features][rows]``."""

    def __init__(self, rows: NDArray[numpy.float64], features: int, depth: int) -> None:
        self._columns = numpy.ascontiguousarray(rows.T)
        missing = numpy.isnan(self._columns)
        self._missing = [each if each.any() else None for each in missing]
        self._kind = numpy.uint16 if depth < _SHORT else numpy.int64
        self._row = numpy.empty(len(rows))
        self.none = numpy.zeros(len(rows), self._kind)
        self.moved = numpy.zeros((features, len(rows)))

    def goes_left(self, tree: Tree, node: int) -> NDArray[Any]:
        """Which rows a node lets go left, 1 or 0 each."""
        asked = tree.feature[node]
        left = self._columns[asked] <= tree.threshold[node]
        missing = self._missing[asked]
        if missing is not None and tree.missing_left and tree.missing_left[node]:
            left |= missing
        goes: NDArray[Any] = left.astype(self._kind)
        return goes

    def move(
        self,
        way: tuple[int, ...],
        codes: NDArray[Any],
        leaves: list[tuple[int, tuple[int, bool] | None]],
        parts_of: Callable[[int, NDArray[numpy.float64]], NDArray[numpy.float64]],
    ) -> None:
        """Move the rows by some leaves that asked the features of a way. Of two leaves below a node the code's last bit
        says who goes left, and each names the place of the node's feature and whether it takes those who do not."""
        length = len(way)
        ways, of_row = _distinct(codes.astype(numpy.int64), length + (len(leaves) > 1))
        through = (ways >> numpy.arange(length)[:, None] & 1 ^ 1).astype(float)
        goes_left = ways >> length & 1
        total = numpy.zeros_like(through)
        for leaf, asked in leaves:
            passes = through.copy()
            if asked is not None:
                place, is_right = asked
                passes[place] *= 1 - goes_left if is_right else goes_left
            total += parts_of(leaf, passes)
        for place, parts in zip(way, total, strict=True):
            parts.take(of_row, out=self._row, mode="clip")  # "clip" is what lets it write there; all are inside
            self.moved[place] += self._row


@lru_cache(maxsize=128)
def _points(length: int) -> tuple[NDArray[numpy.float64], NDArray[numpy.float64]]:
    """Points and weights on [0, 1] that integrate what ``length`` places make, a polynomial of degree ``length`` - 1,
    exactly: n points are exact up to 2n - 1."""
    points, weights = numpy.polynomial.legendre.leggauss(length // 2 + 1)
    return (points + 1) / 2, weights / 2


def _distinct(codes: NDArray[numpy.int64], bits: int) -> tuple[NDArray[numpy.int64], NDArray[numpy.intp]]:
    """The different codes, and which of them each row has."""
    if bits > _COUNTED:
        return numpy.unique(codes, return_inverse=True)
    ways = numpy.flatnonzero(numpy.bincount(codes, minlength=1 << bits))
    place = numpy.empty(1 << bits, dtype=numpy.intp)
    place[ways] = numpy.arange(len(ways))
    return ways, place.take(codes)


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

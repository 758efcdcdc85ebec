"""Plain decision trees as flat arrays, all trees one level further with every step.

One row walks all trees at once, many rows go through in blocks; a row's values are added tree by tree in the same order
on both ways, so the bits are the same. It must not know the file that the trees come from.
"""

from collections.abc import Sequence

import numpy
from numpy.typing import NDArray

from churn_model.tree_shapley import LEAF, Tree

_LARGEST_SINGLE = 3.4028234663852886e38
_LARGEST_DOUBLE = 1.7976931348623157e308
_BLOCK = 1 << 15
"""Rows × trees that go through together: what they need stays in the processor's cache."""


class FlatTrees:
    """`base` plus `rate` times the sum of the trees' values; a value up to the threshold goes left, a missing one where
    `Tree.missing_left` says, else right. Immutable."""

    def __init__(self, trees: Sequence[Tree], features: int, base: float, rate: float, *, single: bool) -> None:
        """`single`: values are rounded to single precision before they are compared, as scikit-learn's forests do."""
        self._base, self._single = base, single
        self._roots = numpy.zeros(len(trees), numpy.intp)
        self._depth = max((_depth(tree) for tree in trees), default=0)
        parts = [_arrays(tree, features) for tree in trees]
        start = 0
        for number, (_, _, children, _) in enumerate(parts):
            self._roots[number] = start
            children += start  # noqa: PLW2901 - the array itself is moved
            start += len(children)
        asked, threshold, left, value = zip(*parts, strict=True)
        self._asked, self._threshold = numpy.concatenate(asked), numpy.concatenate(threshold)
        self._left, self._value = numpy.concatenate(left), rate * numpy.concatenate(value)
        self._rows_a_block = max(1, _BLOCK // len(trees))

    def raw(self, rows: NDArray[numpy.float64]) -> list[float]:
        """One sum a row of shape ``[rows, features]``, NaN for missing."""
        step = self._rows_a_block
        if len(rows) <= step:
            return self._block(rows)
        return [value for start in range(0, len(rows), step) for value in self._block(rows[start : start + step])]

    def _block(self, rows: NDArray[numpy.float64]) -> list[float]:
        if self._single:
            rows = rounded_to_single(rows)
        missing = numpy.isnan(rows)
        # Each feature twice: where a missing value is below everything, and where it is above everything.
        both = numpy.hstack([numpy.where(missing, -numpy.inf, rows), numpy.where(missing, numpy.inf, rows)])
        values, first = both.ravel(), numpy.arange(len(rows))[:, None] * both.shape[1]
        node = numpy.repeat(self._roots[None, :], len(rows), axis=0)
        for _ in range(self._depth):
            above = values[self._asked[node] + first] > self._threshold[node]
            node = self._left[node] + above
        parts = self._value[node]
        parts[:, 0] += self._base
        answers: list[float] = numpy.cumsum(parts, axis=1)[:, -1].tolist()  # one after the other; sum adds in pairs
        return answers


def rounded_to_single(rows: NDArray[numpy.float64]) -> NDArray[numpy.float64]:
    """The values as single precision holds them, those beyond it as the largest that it has."""
    return rows.clip(-_LARGEST_SINGLE, _LARGEST_SINGLE).astype(numpy.float32).astype(numpy.float64)


def _depth(tree: Tree) -> int:
    depth = [0] * len(tree.feature)
    for node, feature in enumerate(tree.feature):
        if feature != LEAF:
            depth[tree.left[node]] = depth[tree.right[node]] = depth[node] + 1
    return max(depth)


_Arrays = tuple[NDArray[numpy.intp], NDArray[numpy.float64], NDArray[numpy.intp], NDArray[numpy.float64]]


def _arrays(tree: Tree, features: int) -> _Arrays:
    """What each node asks for, its threshold, its left child and its value, with siblings side by side.

    A leaf is its own left child and nothing is above its threshold, so whoever has arrived stays.
    """
    order, place = [0], {0: 0}
    for node in order:
        if tree.feature[node] != LEAF:
            for child in (tree.left[node], tree.right[node]):
                place[child] = len(order)
                order.append(child)
    down = tree.missing_left or (False,) * len(order)
    inner = [tree.feature[node] != LEAF for node in order]
    asked = [
        tree.feature[node] + (0 if down[node] else features) if inside else 0
        for node, inside in zip(order, inner, strict=True)
    ]
    threshold = [
        min(tree.threshold[node], _LARGEST_DOUBLE) if inside else numpy.inf
        for node, inside in zip(order, inner, strict=True)
    ]
    left = [place[tree.left[node]] if inside else place[node] for node, inside in zip(order, inner, strict=True)]
    return (
        numpy.array(asked, numpy.intp),
        numpy.array(threshold, float),
        numpy.array(left, numpy.intp),
        numpy.array([tree.value[node] for node in order], float),
    )

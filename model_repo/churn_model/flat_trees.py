"""Plain decision trees as flat arrays, all trees one level further with every step.

One row walks all trees at once, some rows go through in blocks, a file's many rows walk one tree after the other; a
row's values are added tree by tree in the same order on all ways, so the bits are the same. It must not know the file
that the trees come from.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy
from numpy.typing import NDArray

from churn_model.tree_shapley import LEAF, Tree

_LARGEST_SINGLE = 3.4028234663852886e38
_LARGEST_DOUBLE = 1.7976931348623157e308
_BLOCK = 1 << 15
"""Rows × trees that go through together: what they need stays in the processor's cache."""
_MANY = 4096
"""Rows from which a tree is asked about all of them before the next is: its nodes then stay in the nearest cache. With
fewer, the calls of numpy cost more than that brings."""
_MANY_A_BLOCK = 1 << 15
"""Of these. Alone, a quarter of that is as quick; beside other threads each call of numpy may end in a wait for the
interpreter's lock, and fewer and longer ones wait less."""
_Arrays = tuple[NDArray[numpy.intp], NDArray[Any], NDArray[numpy.intp], NDArray[numpy.float64]]


class FlatTrees:
    """`base` plus `rate` times the sum of the trees' values; a value up to the threshold goes left, a missing one where
    `Tree.missing_left` says, else right. Immutable."""

    def __init__(self, trees: Sequence[Tree], features: int, base: float, rate: float, *, single: bool) -> None:
        """`single`: values are rounded to single precision before they are compared, as scikit-learn's forests do."""
        self._base, self._single = base, single
        self._roots = numpy.zeros(len(trees), numpy.intp)
        self._depths = [_depth(tree) for tree in trees]
        self._depth = max(self._depths, default=0)
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
        many = len(rows) >= _MANY
        step, answer = (_MANY_A_BLOCK, self._tree_by_tree) if many else (self._rows_a_block, self._block)
        if len(rows) <= step:
            return answer(rows)
        return [value for start in range(0, len(rows), step) for value in answer(rows[start : start + step])]

    def _block(self, rows: NDArray[numpy.float64]) -> list[float]:
        if self._single:
            rows = rounded_to_single(rows)
        both = _both_ways(rows)
        values, first = both.ravel(), numpy.arange(len(rows))[:, None] * both.shape[1]
        node = numpy.repeat(self._roots[None, :], len(rows), axis=0)
        for _ in range(self._depth):
            above = values[self._asked[node] + first] > self._threshold[node]
            node = self._left[node] + above
        parts = self._value[node]
        parts[:, 0] += self._base
        answers: list[float] = numpy.cumsum(parts, axis=1)[:, -1].tolist()  # one after the other; sum adds in pairs
        return answers

    def _tree_by_tree(self, rows: NDArray[numpy.float64]) -> list[float]:
        # What is in single precision already is compared as such: half the memory, the same comparisons.
        kind = numpy.float32 if self._single else numpy.float64
        both = _both_ways((rounded_to_single(rows) if self._single else rows).astype(kind))
        values, first = both.ravel(), numpy.arange(len(rows)) * both.shape[1]
        node, place = numpy.empty(len(rows), numpy.intp), numpy.empty(len(rows), numpy.intp)
        asked_value, border = numpy.empty(len(rows), kind), numpy.empty(len(rows), kind)
        above, part = numpy.empty(len(rows), bool), numpy.empty(len(rows))
        total: NDArray[numpy.float64] | None = None
        for depth, asked, threshold, left, value in self._trees:
            node.fill(0)
            for _ in range(depth):
                # "clip" is what lets `take` write where it is told to; every index is inside.
                asked.take(node, out=place, mode="clip")
                numpy.add(place, first, out=place)
                values.take(place, out=asked_value, mode="clip")
                threshold.take(node, out=border, mode="clip")
                numpy.greater(asked_value, border, out=above)
                left.take(node, out=place, mode="clip")
                numpy.add(place, above, out=node)
            value.take(node, out=part, mode="clip")
            total = part + self._base if total is None else numpy.add(total, part, out=total)
        answers: list[float] = total.tolist() if total is not None else []
        return answers

    @cached_property
    def _trees(self) -> list[tuple[int, *_Arrays]]:
        """Each tree by itself: its depth, and its arrays with nodes counted from its own root."""
        thresholds = _single_thresholds(self._threshold) if self._single else self._threshold
        ends = [*self._roots[1:].tolist(), len(self._left)]
        trees: list[tuple[int, *_Arrays]] = []
        for depth, root, end in zip(self._depths, self._roots.tolist(), ends, strict=True):
            part = slice(root, end)
            trees.append((depth, self._asked[part], thresholds[part], self._left[part] - root, self._value[part]))
        return trees


def _both_ways(rows: NDArray[Any]) -> NDArray[Any]:
    """Each feature twice: where a missing value is below everything, and where it is above everything."""
    missing, infinite = numpy.isnan(rows), rows.dtype.type(numpy.inf)
    return numpy.hstack([numpy.where(missing, -infinite, rows), numpy.where(missing, infinite, rows)])


def _single_thresholds(thresholds: NDArray[numpy.float64]) -> NDArray[numpy.float32]:
    """The largest numbers of single precision up to these: no number of single precision lies between the two."""
    with numpy.errstate(over="ignore"):
        nearest = thresholds.astype(numpy.float32)
    below = numpy.nextafter(nearest, numpy.float32(-numpy.inf))
    return numpy.where(nearest.astype(numpy.float64) > thresholds, below, nearest)


def rounded_to_single(rows: NDArray[numpy.float64]) -> NDArray[numpy.float64]:
    """The values as single precision holds them, those beyond it as the largest that it has."""
    return rows.clip(-_LARGEST_SINGLE, _LARGEST_SINGLE).astype(numpy.float32).astype(numpy.float64)


def _depth(tree: Tree) -> int:
    depth = [0] * len(tree.feature)
    for node, feature in enumerate(tree.feature):
        if feature != LEAF:
            depth[tree.left[node]] = depth[tree.right[node]] = depth[node] + 1
    return max(depth)


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

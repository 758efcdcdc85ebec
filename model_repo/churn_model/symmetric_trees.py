"""CatBoost's symmetric trees as arrays, for the few rows of an online request.

The library's Python call costs 80 µs before it looks at a tree, and three times that when other work has emptied the
processor's caches, as in a server. A symmetric tree asks the same question on all nodes of a level, so all trees are
evaluated by five array operations. The answer has CatBoost's own bits: the same comparisons in single precision, the
same sum in the same order. Golden rows, scored alone and together, compare both ways on every load. It must not know
the CatBoost library, only the document that the library writes.
"""

from typing import Any

import numpy
from numpy.typing import NDArray

_DEEPEST = 8  # a leaf's number is packed into one byte, a bit a level
# NaN fails every comparison here, which is what these two do with it.
_NAN_GOES_DOWN = {"AsIs", "AsFalse"}


class SymmetricTrees:
    """Log-odds of a model whose trees all are symmetric and split on numbers; immutable."""

    def __init__(self, document: dict[str, Any]) -> None:
        """Read a model in CatBoost's JSON format.

        Raises:
            ValueError: it has another kind of trees, splits or treatment of missing numbers, or deeper trees.
        """
        trees = document.get("oblivious_trees") or []
        numbers = document["features_info"]["float_features"]
        kinds = {split["split_type"] for tree in trees for split in tree["splits"] or ()}
        treatments = {feature["nan_value_treatment"] for feature in numbers}
        depth = max((len(tree["splits"] or ()) for tree in trees), default=0)
        if not 0 < depth <= _DEEPEST or not kinds <= {"FloatFeature"} or not treatments <= _NAN_GOES_DOWN:
            raise ValueError("trees of a form that is not evaluated here")
        self.count, self._depth = len(trees), depth
        self._place(trees, {place: feature["feature_index"] for place, feature in enumerate(numbers)})
        scale, biases = document["scale_and_bias"]
        self._scale, self._bias = float(scale), float(biases[0])

    def _place(self, trees: list[dict[str, Any]], column: dict[int, int]) -> None:
        """Lay out splits level by level and leaves tree by tree."""
        features = numpy.zeros((self._depth, self.count), numpy.intp)
        borders = numpy.full((self._depth, self.count), numpy.inf, numpy.float32)  # no split: nothing is above it
        leaves = numpy.zeros((self.count, 1 << self._depth))
        for number, tree in enumerate(trees):
            for level, split in enumerate(tree["splits"] or ()):
                features[level, number] = column[split["float_feature_index"]]
                borders[level, number] = split["border"]
            leaves[number, : len(tree["leaf_values"])] = tree["leaf_values"]
        self._features, self._borders, self._leaves = features.ravel(), borders.ravel(), leaves.ravel()
        self._first_leaf = numpy.arange(self.count) << self._depth

    def raw(self, rows: NDArray[numpy.float32]) -> list[float]:
        """Log-odds of rows of shape ``[rows, features]`` in single precision, NaN for missing."""
        above = (rows[:, self._features] > self._borders).reshape(len(rows), self._depth, self.count)
        leaf = numpy.packbits(above, axis=1, bitorder="little")[:, 0, :]
        values = self._leaves[leaf + self._first_leaf]
        total = numpy.cumsum(values, axis=1)[:, -1]  # cumsum adds one after the other; sum would add in pairs
        answers: list[float] = (total * self._scale + self._bias).tolist()
        return answers

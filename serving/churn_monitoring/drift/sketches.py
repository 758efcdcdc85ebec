"""What was asked of a model lately, in a few kilobytes: the one module that imports `datasketches`.

Sketches (Apache DataSketches) say what customers are like now, for people: quantiles of numbers (KLL: Karnin, Lang and
Liberty 2016) and the most frequent of levels that nobody knew (frequent items: Misra and Gries 1982). Their error is as
large as the changes that are tested for, so nothing is decided by them: what is decided is counted exactly.
"""

from collections.abc import Mapping, Sequence

import datasketches
import numpy

_ACCURACY = 200
"""Quantiles are right within 1.7 % of the ranks."""
_LOG_ITEMS = 8
KNOWN_BY = 20
"""Customers below which a level that nobody knew is not shown: it may be what somebody typed."""


class NumberSketch:
    """Quantiles of numbers."""

    def __init__(self, kept: bytes = b"") -> None:
        kind = datasketches.kll_doubles_sketch
        self.sketch = kind.deserialize(kept) if kept else kind(_ACCURACY)

    def add(self, values: numpy.ndarray) -> None:
        """Add numbers, none of them missing."""
        self.sketch.update(numpy.ascontiguousarray(values, dtype=float))

    def merge(self, other: "NumberSketch") -> None:
        """Add what another has seen."""
        self.sketch.merge(other.sketch)

    def quantiles(self, ranks: Sequence[float]) -> tuple[float, ...]:
        """The numbers below which these shares lie; none before a number was added."""
        return () if self.sketch.is_empty() else tuple(float(each) for each in self.sketch.get_quantiles(list(ranks)))

    def kept(self) -> bytes:
        """What the sketch is made of again."""
        return bytes(self.sketch.serialize())


class LevelSketch:
    """The most frequent of many texts."""

    def __init__(self, kept: bytes = b"") -> None:
        kind = datasketches.frequent_strings_sketch
        self.sketch = kind.deserialize(kept) if kept else kind(_LOG_ITEMS)

    def add(self, counts: Mapping[str, int]) -> None:
        """Add texts with how often they came."""
        for text, count in counts.items():
            self.sketch.update(text, count)

    def merge(self, other: "LevelSketch") -> None:
        """As :meth:`NumberSketch.merge`."""
        self.sketch.merge(other.sketch)

    def frequent(self) -> dict[str, int]:
        """The texts that surely came often enough to be shown, most frequent first, with at least how often."""
        kind = datasketches.frequent_items_error_type.NO_FALSE_POSITIVES
        found = self.sketch.get_frequent_items(kind, KNOWN_BY - 1)
        return {text: int(lower) for text, _, lower, _ in found}

    def kept(self) -> bytes:
        """As :meth:`NumberSketch.kept`."""
        return bytes(self.sketch.serialize())

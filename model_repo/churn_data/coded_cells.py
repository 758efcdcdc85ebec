"""A column's cells as its different texts and which of them each row has: what a million rows are thought about by.

To whoever looks at rows it is a sequence of cells like any other. It must not know what texts mean.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy
from numpy.typing import NDArray

Cell = str | None


class CodedCells(Sequence[Cell]):
    """Cells by place in `levels`, different texts and None, of which some may be nobody's; `codes` is int [rows]."""

    def __init__(self, levels: Sequence[Cell], codes: NDArray[Any]) -> None:
        """Texts that occur more than once among the levels become one."""
        self.levels, self.codes = levels, codes
        if len(set(levels)) < len(levels):
            places: dict[Cell, int] = {}
            merged = [places.setdefault(level, len(places)) for level in levels]
            self.levels, self.codes = list(places), numpy.array(merged, codes.dtype)[codes]

    @cached_property
    def counts(self) -> NDArray[numpy.int64]:
        """How many rows have each level."""
        return numpy.bincount(self.codes, minlength=len(self.levels))

    @cached_property
    def first(self) -> NDArray[numpy.int64]:
        """The first row of each level; the number of rows where none has it."""
        rows = numpy.arange(len(self.codes))
        found = numpy.full(len(self.levels), len(rows))
        found[self.codes[::-1]] = rows[::-1]  # of several rows the last that is written stays
        return found

    @property
    def known(self) -> NDArray[numpy.bool_]:
        """Which rows have a text."""
        return self.taken(numpy.array([level is not None for level in self.levels], dtype=bool))

    def found(self) -> dict[str, int]:
        """How often each text occurs, in the order in which they first do."""
        order = numpy.argsort(self.first, kind="stable").tolist()
        pairs = ((self.levels[place], int(self.counts[place])) for place in order)
        return {level: count for level, count in pairs if count and level is not None}

    def first_of(self, levels: "set[str] | dict[str, Any] | frozenset[str]") -> int:
        """The first row that has one of these."""
        return min(int(row) for level, row in zip(self.levels, self.first, strict=True) if level in levels)

    def taken(self, values: NDArray[Any]) -> NDArray[Any]:
        """Each row's value, of one a level."""
        taken: NDArray[Any] = values[self.codes]
        return taken

    def become(self, levels: Sequence[Cell]) -> "CodedCells":
        """The rows with other texts, one a level."""
        return CodedCells(levels, self.codes)

    def take(self, rows: Any) -> "CodedCells":
        """The cells of some rows."""
        return CodedCells(self.levels, self.codes[rows])

    def objects(self, missing: Any = None) -> NDArray[numpy.object_]:
        """The cells as objects, with another word for None; equal ones are one object."""
        values = numpy.empty(len(self.levels), dtype=object)
        values[:] = [missing if level is None else level for level in self.levels]
        return self.taken(values)

    def __len__(self) -> int:
        return len(self.codes)

    def __iter__(self) -> Iterator[Cell]:
        return iter(self.objects().tolist())

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return CodedCells(self.levels, self.codes[index])
        return self.levels[self.codes[index]]


def coded(cells: Sequence[Cell]) -> CodedCells:
    """Cells of any kind as coded ones."""
    if isinstance(cells, CodedCells):
        return cells
    places: dict[Cell, int] = {}
    codes = numpy.fromiter((places.setdefault(cell, len(places)) for cell in cells), numpy.int64, len(cells))
    return CodedCells(list(places), codes)

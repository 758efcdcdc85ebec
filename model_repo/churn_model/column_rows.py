"""Rows that are held by column, for whoever scores a million customers at once.

They are rows like any others for code that looks at one after the other; what looks at columns answers with the same
bits, since it does the same arithmetic in the same order. Arrays come from the caller: servers import no numpy for it.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from churn_model.schema import Row

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray


class CategoryColumn(NamedTuple):
    """A category of each row: ``codes`` are places in ``levels``, among which None is a missing one."""

    codes: "NDArray[numpy.integer[Any]]"
    levels: "Sequence[str | None]"

    def values(self) -> list[str | None]:
        """The level of each row; equal ones are one object."""
        import numpy

        levels = numpy.empty(len(self.levels), dtype=object)
        levels[:] = self.levels
        values: list[str | None] = levels[self.codes].tolist()
        return values

    def looked_up(self, table: "dict[str, float] | dict[str | None, float]", missing: float, unseen: float) -> Any:
        """Float [rows]: what a table says of each row's level."""
        import numpy

        found = [missing if level is None else table.get(level, unseen) for level in self.levels]
        return numpy.array(found, dtype=float)[self.codes]


Column = "NDArray[numpy.float64] | CategoryColumn"


class ColumnRows(Sequence[Row]):
    """At least one row in schema order: a float array with NaN for missing a number, a :class:`CategoryColumn` a
    category."""

    def __init__(self, columns: Sequence[Any]) -> None:
        self.columns = tuple(columns)
        first = self.columns[0]
        self._length = len(first.codes) if isinstance(first, CategoryColumn) else len(first)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: Any) -> Any:
        return list(self)[index]

    def __iter__(self) -> Iterator[Row]:
        return zip(*self.values(), strict=True)

    def values(self) -> list[list[Any]]:
        """Each column's values, one a row."""
        return [column.values() if isinstance(column, CategoryColumn) else column.tolist() for column in self.columns]

    def take(self, places: "NDArray[numpy.integer[Any]]") -> "ColumnRows":
        """Some of the rows, in the order of their places."""
        return ColumnRows([
            CategoryColumn(each.codes[places], each.levels) if isinstance(each, CategoryColumn) else each[places]
            for each in self.columns
        ])  # fmt: skip

"""How many bytes rows take in a call to a backend, so that no call is too large for it.

Counted as JSON, the largest form that a call has: a control character becomes six bytes (a backslash, u and four
digits), so a request in the protocol's binary form can grow eightfold on its way. It must not encode anything: it
bounds from above, cheaply.
"""

from collections.abc import Iterator, Sequence

from churn_model import Row, Schema
from churn_model.schema import MAXIMUM_TEXT

_KEPT = 8
"""Schemas that a process meets at a time; two while a model changes."""
_BYTES_A_CHARACTER = 6
_BYTES_A_NUMBER = 26
"""Sign, 17 digits, point, exponent and comma."""
_BYTES_AROUND_A_TEXT = 3
_BYTES_AROUND_A_TENSOR = 96
"""Keys, datatype, shape and brackets."""


class CallSize:
    """Bounds for rows of one schema, in bytes."""

    def __init__(self, schema: Schema) -> None:
        self._texts = tuple(index for index, feature in enumerate(schema.features) if feature.type == "category")
        numbers = len(schema.features) - len(self._texts)
        names = sum(len(name) for name in schema.names)
        self.empty = len(schema.features) * _BYTES_AROUND_A_TENSOR + names * _BYTES_A_CHARACTER
        """A call without rows."""
        self._short = numbers * _BYTES_A_NUMBER + len(self._texts) * (_BYTES_AROUND_A_TEXT + _BYTES_A_CHARACTER)
        self.longest_row = self._short + len(self._texts) * MAXIMUM_TEXT * _BYTES_A_CHARACTER
        """Any row that a door lets in."""

    def of(self, rows: Sequence[Row]) -> int:
        """What these rows add to a call, at most."""
        return sum(map(self._of_row, rows))

    def fits(self, rows: Sequence[Row], limit: int) -> bool:
        """Whether a call of these rows stays within ``limit`` bytes; measured only where some rows might not."""
        return self.empty + len(rows) * self.longest_row <= limit or self.empty + self.of(rows) <= limit

    def pieces(self, rows: Sequence[Row], limit: int) -> Iterator[Sequence[Row]]:
        """The rows in runs that each fit into a call of ``limit`` bytes; one that does not fit alone goes alone."""
        if self.empty + len(rows) * self.longest_row <= limit:
            yield rows
            return
        start, size = 0, self.empty
        for index, row in enumerate(rows):
            size += self._of_row(row)
            if size > limit and index > start:
                yield rows[start:index]
                start, size = index, self.empty + self._of_row(row)
        yield rows[start:]

    def _of_row(self, row: Row) -> int:
        size = self._short
        for index in self._texts:
            value = row[index]
            if value is not None:
                size += len(value) * _BYTES_A_CHARACTER  # type: ignore[arg-type]  # a category is a text
        return size


_sizes: dict[str, CallSize] = {}


def size_for(schema: Schema) -> CallSize:
    """The bounds of a schema, made when it is first met."""
    sizes = _sizes.get(schema.hash)
    if sizes is None:
        if len(_sizes) >= _KEPT:
            _sizes.clear()
        sizes = _sizes[schema.hash] = CallSize(schema)
    return sizes

"""Which behaviour segment a customer belongs to.

The nearest of some centroids in a scaled, mixed-type space is the smallest of as many sums that are linear in the
customer's numbers and look-ups in the customer's categories, so serving needs neither numpy nor the clustering
library. How the clusters are found and named is training's business.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from churn_model.column_rows import ColumnRows
from churn_model.documents import read_by_any_thread
from churn_model.errors import SchemaMismatch
from churn_model.schema import Row, Schema

FORMAT = 1
FOUR = 4
Weights = tuple[float, ...]
"""One number a segment."""


class SegmentProfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A segment for people: ``size`` is its share of the training customers, ``profile`` plain statistics."""

    id: int
    name: str
    size: float
    profile: dict[str, Any] = {}


class _Number(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    index: int
    fill: float
    weights: Weights


class _Category(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    index: int
    table: dict[str, Weights]
    missing: Weights
    unseen: Weights


@read_by_any_thread
class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: int
    segments: tuple[SegmentProfile, ...]
    bias: Weights
    numbers: tuple[_Number, ...] = ()
    categories: tuple[_Category, ...] = ()


_Numbers = tuple[tuple[int, float, Weights], ...]
_Categories = tuple[tuple[int, dict[float | str | None, Weights], Weights], ...]


class Segmenter:
    """Assigns rows to segments 1, 2, …; immutable."""

    def __init__(self, document: _Document) -> None:
        self._document = document
        self.profiles: dict[int, SegmentProfile] = {profile.id: profile for profile in document.segments}
        self._bias = document.bias
        self._numbers = tuple((number.index, number.fill, number.weights) for number in document.numbers)
        self._categories = tuple(
            (category.index, {**category.table, None: category.missing}, category.unseen)
            for category in document.categories
        )
        self._sums = _sums_of_four if len(document.bias) == FOUR else _sums

    def assign(self, rows: Sequence[Row]) -> list[int]:
        """Segment ids, from 1, one a row; of equally near segments the lowest id."""
        if isinstance(rows, ColumnRows):
            from churn_model.column_segments import nearest_segments

            return nearest_segments(self._document, rows)
        bias, numbers, categories, sums = self._bias, self._numbers, self._categories, self._sums
        return [_nearest(sums(row, bias, numbers, categories)) for row in rows]

    def to_json(self) -> dict[str, Any]:
        """The document that :meth:`from_json` reads."""
        document: dict[str, Any] = msgspec.to_builtins(self._document)
        return document

    @classmethod
    def from_json(cls, document: object, schema: Schema) -> "Segmenter":
        """Read ``segments.json`` and hold it against the schema.

        Raises:
            SchemaMismatch: unknown format, ids other than 1, 2, …, not one weight a segment, or an index outside the
                schema or of the wrong type.
        """
        try:
            parsed = msgspec.convert(document, _Document)
        except msgspec.ValidationError as error:
            raise SchemaMismatch(f"segments.json: {error}") from error
        if parsed.format != FORMAT:
            raise SchemaMismatch(f"segments.json: format {parsed.format} is not known here, expected {FORMAT}")
        count = len(parsed.bias)
        if not count or [profile.id for profile in parsed.segments] != list(range(1, count + 1)):
            raise SchemaMismatch("segments.json: segment ids must be 1, 2, 3, …, one a bias")
        if any(len(weights) != count for weights in _all_weights(parsed)):
            raise SchemaMismatch(f"segments.json: {count} segments need {count} weights each")
        types = [feature.type for feature in schema.features]
        used = [(n.index, "number") for n in parsed.numbers] + [(c.index, "category") for c in parsed.categories]
        for index, kind in used:
            if not 0 <= index < len(types) or types[index] != kind:
                raise SchemaMismatch(f"segments.json: feature {index} is not a {kind} of the schema")
        return cls(parsed)


def _all_weights(document: _Document) -> Iterator[Weights]:
    for number in document.numbers:
        yield number.weights
    for category in document.categories:
        yield from (category.missing, category.unseen, *category.table.values())


def _nearest(sums: Sequence[float]) -> int:
    return sums.index(min(sums)) + 1


def _sums(row: Row, bias: Weights, numbers: _Numbers, categories: _Categories) -> Sequence[float]:
    """The sum of each segment for one customer, smallest for the nearest."""
    sums = list(bias)
    for index, fill, weights in numbers:
        value: float = row[index]  # type: ignore[assignment]
        if value != value:  # noqa: PLR0124 - only NaN differs from itself
            value = fill
        sums = [so_far + value * weight for so_far, weight in zip(sums, weights, strict=True)]
    for index, table, unseen in categories:
        sums = [so_far + more for so_far, more in zip(sums, table.get(row[index], unseen), strict=True)]
    return sums


def _sums_of_four(row: Row, bias: Weights, numbers: _Numbers, categories: _Categories) -> Sequence[float]:
    """The same for four segments, the usual number: written out it takes half the time on the way of a request."""
    first, second, third, fourth = bias
    for index, fill, (weight1, weight2, weight3, weight4) in numbers:
        value: float = row[index]  # type: ignore[assignment]
        if value != value:  # noqa: PLR0124 - only NaN differs from itself
            value = fill
        first += value * weight1
        second += value * weight2
        third += value * weight3
        fourth += value * weight4
    for index, table, unseen in categories:
        add1, add2, add3, add4 = table.get(row[index], unseen)
        first += add1
        second += add2
        third += add3
        fourth += add4
    return first, second, third, fourth

"""Which of four behaviour segments a customer belongs to.

The nearest of four centroids in a scaled, mixed-type space is the smallest of four sums that are linear in the
customer's numbers and look-ups in the customer's categories, so serving needs neither numpy nor the clustering
library. How the clusters are found and named is training's business.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from churn_model.column_rows import ColumnRows
from churn_model.documents import read_by_any_thread
from churn_model.errors import SchemaMismatch
from churn_model.schema import Row, Schema

FORMAT = 1
Four = tuple[float, float, float, float]


class SegmentProfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A segment for people: ``size`` is its share of the training customers, ``profile`` plain statistics."""

    id: int
    name: str
    size: float
    profile: dict[str, Any] = {}


class _Number(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    index: int
    fill: float
    weights: Four


class _Category(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    index: int
    table: dict[str, Four]
    missing: Four
    unseen: Four


@read_by_any_thread
class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: int
    segments: tuple[SegmentProfile, SegmentProfile, SegmentProfile, SegmentProfile]
    bias: Four
    numbers: tuple[_Number, ...] = ()
    categories: tuple[_Category, ...] = ()


class Segmenter:
    """Assigns rows to segments 1 to 4; immutable."""

    def __init__(self, document: _Document) -> None:
        self._document = document
        self.profiles: dict[int, SegmentProfile] = {profile.id: profile for profile in document.segments}
        self._bias = document.bias
        self._numbers = tuple((number.index, number.fill, *number.weights) for number in document.numbers)
        self._categories = tuple(
            (category.index, {**category.table, None: category.missing}, category.unseen)
            for category in document.categories
        )

    def assign(self, rows: Sequence[Row]) -> list[int]:
        """Segment ids, 1 to 4, one a row; of equally near segments the lowest id."""
        if isinstance(rows, ColumnRows):
            from churn_model.column_segments import nearest_segments

            return nearest_segments(self._document, rows)
        return [self._assign(row) for row in rows]

    def _assign(self, row: Row) -> int:
        first, second, third, fourth = self._bias
        for index, fill, weight1, weight2, weight3, weight4 in self._numbers:
            value: float = row[index]  # type: ignore[assignment]
            if value != value:  # noqa: PLR0124 - only NaN differs from itself
                value = fill
            first += value * weight1
            second += value * weight2
            third += value * weight3
            fourth += value * weight4
        for index, table, unseen in self._categories:
            add1, add2, add3, add4 = table.get(row[index], unseen)
            first += add1
            second += add2
            third += add3
            fourth += add4
        scores = (first, second, third, fourth)
        return scores.index(min(scores)) + 1

    def to_json(self) -> dict[str, Any]:
        """The document that :meth:`from_json` reads."""
        document: dict[str, Any] = msgspec.to_builtins(self._document)
        return document

    @classmethod
    def from_json(cls, document: object, schema: Schema) -> "Segmenter":
        """Read ``segments.json`` and hold it against the schema.

        Raises:
            SchemaMismatch: unknown format, ids other than 1 to 4, or an index outside the schema or of the wrong type.
        """
        try:
            parsed = msgspec.convert(document, _Document)
        except msgspec.ValidationError as error:
            raise SchemaMismatch(f"segments.json: {error}") from error
        if parsed.format != FORMAT:
            raise SchemaMismatch(f"segments.json: format {parsed.format} is not known here, expected {FORMAT}")
        if [profile.id for profile in parsed.segments] != [1, 2, 3, 4]:
            raise SchemaMismatch("segments.json: segment ids must be 1, 2, 3, 4")
        types = [feature.type for feature in schema.features]
        used = [(n.index, "number") for n in parsed.numbers] + [(c.index, "category") for c in parsed.categories]
        for index, kind in used:
            if not 0 <= index < len(types) or types[index] != kind:
                raise SchemaMismatch(f"segments.json: feature {index} is not a {kind} of the schema")
        return cls(parsed)

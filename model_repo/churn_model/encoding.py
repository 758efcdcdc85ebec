"""The categorical encoder as a lookup table.

``category_encoders.CatBoostEncoder`` recomputes its level means in pandas on every call (13 ms a row). Once fitted it
is a pure function of one column's level, so packaging asks it for every level once and serving looks the answer up.
This module must not know pandas, scikit-learn or how the table was made.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from churn_model.column_rows import CategoryColumn, ColumnRows
from churn_model.documents import read_by_any_thread
from churn_model.errors import SchemaMismatch
from churn_model.schema import Row, Schema

FORMAT = 1
MISSING_CATEGORY = "(missing)"
"""What models that take raw categories, and people, read where a category is missing."""


class EncodedFeature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One feature's encoding: a number passes through; a category becomes ``table[level]``, ``missing`` or
    ``unseen``."""

    name: str
    kind: str
    table: dict[str, float] = {}
    missing: float = 0.0
    unseen: float = 0.0


@read_by_any_thread
class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: int
    features: tuple[EncodedFeature, ...]


class Encoder:
    """Turns rows into the float vectors that models are trained on; immutable, safe to share between threads."""

    def __init__(self, features: Sequence[EncodedFeature]) -> None:
        self._features = tuple(features)
        self._columns = tuple((_lookup(feature), feature.unseen) for feature in self._features)

    def encode(self, rows: Sequence[Row]) -> list[list[float]]:
        """Encode rows; shape ``[rows][features]``, NaN where a number is missing; rows by column give an array."""
        if isinstance(rows, ColumnRows):
            return self._encode_columns(rows)  # type: ignore[no-any-return]
        columns = self._columns
        return [
            [
                value if table is None else table.get(value, unseen)  # type: ignore[misc, arg-type]
                for value, (table, unseen) in zip(row, columns, strict=True)
            ]
            for row in rows
        ]

    def _encode_columns(self, rows: ColumnRows) -> Any:
        import numpy

        encoded = numpy.empty((len(rows), len(self._features)))
        for place, (feature, column) in enumerate(zip(self._features, rows.columns, strict=True)):
            category = isinstance(column, CategoryColumn)
            encoded[:, place] = column.looked_up(feature.table, feature.missing, feature.unseen) if category else column
        return encoded

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the encoded features in order."""
        return tuple(feature.name for feature in self._features)

    def to_json(self) -> dict[str, Any]:
        """The document that :meth:`from_json` reads."""
        return {"format": FORMAT, "features": [msgspec.to_builtins(feature) for feature in self._features]}

    @classmethod
    def from_json(cls, document: object, schema: Schema) -> "Encoder":
        """Read ``encoder.json`` and hold it against the schema.

        Raises:
            SchemaMismatch: unknown format, or features that are not the schema's.
        """
        try:
            parsed = msgspec.convert(document, _Document)
        except msgspec.ValidationError as error:
            raise SchemaMismatch(f"encoder.json: {error}") from error
        if parsed.format != FORMAT:
            raise SchemaMismatch(f"encoder.json: format {parsed.format} is not known here, expected {FORMAT}")
        expected = [(feature.name, feature.type) for feature in schema.features]
        if [(feature.name, feature.kind) for feature in parsed.features] != expected:
            raise SchemaMismatch("encoder.json: features differ from the schema's names, types or order")
        return cls(parsed.features)


def _lookup(feature: EncodedFeature) -> dict[str | None, float] | None:
    """The table with the missing value under None; no table for a number."""
    if feature.kind != "category":
        return None
    table: dict[str | None, float] = {level: value for level, value in feature.table.items()}  # noqa: C416 - wider keys
    table[None] = feature.missing
    return table

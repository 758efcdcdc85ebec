"""Logistic regression as plain numbers. It must not know how the numbers were found, nor any library."""

from collections.abc import Sequence
from typing import Any

import msgspec

from churn_model.column_rows import ColumnRows
from churn_model.documents import read_by_any_thread
from churn_model.estimator_checks import require_features, require_format
from churn_model.schema import Row


@read_by_any_thread
class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: int
    fill: tuple[float, ...]
    center: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float


class LinearEstimator:
    """Logistic regression on standardised features, a missing one replaced by its fill value; immutable."""

    def __init__(self, document: _Document) -> None:
        self._terms = tuple(zip(document.fill, document.center, document.scale, document.weights, strict=True))
        self._intercept = document.intercept

    @classmethod
    def load(cls, content: bytes, features: int) -> "LinearEstimator":
        """Read the content of ``linear.json``.

        Raises:
            ValueError: unreadable, an unknown format, another number of features, or a scale of 0.
        """
        document = msgspec.json.decode(content, type=_Document)
        require_format(document.format)
        require_features(len(document.weights), features)
        if 0.0 in document.scale:
            raise ValueError("a scale is 0, by which nothing can be divided")
        return cls(document)

    def raw(self, encoded: Sequence[Sequence[float]], rows: Sequence[Row]) -> list[float]:
        """Log-odds, one a row."""
        if isinstance(rows, ColumnRows):
            return self._by_column(encoded)
        return [self._row(row) for row in encoded]

    def contributions(self, encoded: Sequence[Sequence[float]], rows: Sequence[Row]) -> list[list[float]]:  # noqa: ARG002
        """Shapley values with independent features: weight × distance from the mean of training (``center``); the base
        is the log-odds of the mean customer (Lundberg and Lee 2017, "A Unified Approach", corollary 1)."""
        return [[*self._parts(row), self._intercept] for row in encoded]

    def _by_column(self, encoded: Any) -> list[float]:
        """The same sums in the same order, a feature of all rows at a time."""
        import numpy

        total = numpy.full(len(encoded), self._intercept)
        for column, (fill, center, scale, weight) in zip(encoded.T, self._terms, strict=True):
            known = numpy.where(numpy.isnan(column), fill, column)
            total += weight * ((known - center) / scale)
        answers: list[float] = total.tolist()
        return answers

    def _row(self, row: Sequence[float]) -> float:
        total = self._intercept
        for value, (fill, center, scale, weight) in zip(row, self._terms, strict=True):
            known = fill if value != value else value  # noqa: PLR0124 - only NaN differs from itself
            total += weight * ((known - center) / scale)
        return total

    def _parts(self, row: Sequence[float]) -> list[float]:
        return [
            weight * (((fill if value != value else value) - center) / scale)  # noqa: PLR0124 - as above
            for value, (fill, center, scale, weight) in zip(row, self._terms, strict=True)
        ]

"""The model's stand-in for the day when no backend answers: a linear score in plain arithmetic.

It works on the same encoding as the model, is fitted on the same labels (so its probabilities mean probability), and is
worse but honest. It needs no library, which is the point: the gateway carries it.
"""

from collections.abc import Sequence

import msgspec

from churn_model.documents import read_by_any_thread
from churn_model.errors import SchemaMismatch
from churn_model.estimator import sigmoid

FORMAT = 1


@read_by_any_thread
class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: int
    fill: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float


class Scorecard:
    """Churn probabilities from encoded rows; immutable."""

    def __init__(self, document: _Document) -> None:
        self._terms = tuple(zip(document.fill, document.weights, strict=True))
        self._intercept = document.intercept

    def probabilities(self, encoded: Sequence[Sequence[float]]) -> list[float]:
        """Churn probability of each encoded row."""
        return [sigmoid(self._raw(row)) for row in encoded]

    def _raw(self, row: Sequence[float]) -> float:
        total = self._intercept
        for value, (fill, weight) in zip(row, self._terms, strict=True):
            total += weight * (fill if value != value else value)  # noqa: PLR0124 - only NaN differs from itself
        return total

    @classmethod
    def from_json(cls, document: object, features: int) -> "Scorecard":
        """Read ``scorecard.json`` for an encoder that yields ``features`` values.

        Raises:
            SchemaMismatch: unknown format or another number of features.
        """
        try:
            parsed = msgspec.convert(document, _Document)
        except msgspec.ValidationError as error:
            raise SchemaMismatch(f"scorecard.json: {error}") from error
        if parsed.format != FORMAT or not len(parsed.fill) == len(parsed.weights) == features:
            raise SchemaMismatch(f"scorecard.json: expected format {FORMAT} with {features} weights")
        return cls(parsed)

"""An additive model as plain numbers: a weight for each level, a curve for each number (Hastie and Tibshirani 1986).

It reads raw rows, not encoded ones. It must not know how curves and weights were found, nor any library.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec

from churn_model.column_rows import ColumnRows
from churn_model.documents import read_by_any_thread
from churn_model.estimator_checks import require_features, require_format
from churn_model.schema import Row, Schema

Cubic = tuple[float, float, float, float]
Part = Callable[[float | str | None], float]


class CategoryPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="category"):
    """Log-odds by level. ``mean`` is the part's mean over the training customers."""

    table: dict[str, float]
    missing: float
    unseen: float
    mean: float


class NumberPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="number"):
    """Log-odds by a number: between ``breaks[i]`` and ``breaks[i + 1]`` the cubic ``coefficients[i]`` in powers 3, 2,
    1, 0 of the distance to ``breaks[i]``; constant beyond the ends."""

    breaks: tuple[float, ...]
    coefficients: tuple[Cubic, ...]
    missing: float
    mean: float


@read_by_any_thread
class AdditiveDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of ``additive.json``, one part a feature in schema order."""

    format: Literal[1]
    intercept: float
    parts: tuple[CategoryPart | NumberPart, ...]


class AdditiveEstimator:
    """The intercept plus one part a feature; immutable."""

    def __init__(self, document: AdditiveDocument) -> None:
        self._intercept = document.intercept
        self._parts: tuple[Part, ...] = tuple(map(_part, document.parts))
        self._document = document
        self._means = tuple(part.mean for part in document.parts)
        self._base = document.intercept + sum(self._means)

    @classmethod
    def load(cls, content: bytes, schema: Schema) -> "AdditiveEstimator":
        """Read the content of ``additive.json``.

        Raises:
            ValueError: unreadable, an unknown format, or parts that are not the schema's.
        """
        document = msgspec.json.decode(content, type=AdditiveDocument)
        require_format(document.format)
        require_features(len(document.parts), len(schema.features))
        for part, feature in zip(document.parts, schema.features, strict=True):
            if isinstance(part, CategoryPart) != (feature.type == "category"):
                raise ValueError(f"the part of {feature.name!r} is not one of a {feature.type}")
            if isinstance(part, NumberPart):
                _check(part, feature.name)
        return cls(document)

    def raw(self, encoded: Sequence[Sequence[float]], rows: Sequence[Row]) -> list[float]:  # noqa: ARG002
        """Log-odds, one a row."""
        if isinstance(rows, ColumnRows):
            return self._by_column(rows)
        parts, intercept = self._parts, self._intercept
        answers: list[float] = []
        for row in rows:
            total = intercept
            for part, value in zip(parts, row, strict=True):
                total += part(value)
            answers.append(total)
        return answers

    def _by_column(self, rows: ColumnRows) -> list[float]:
        """The same sums in the same order, a part of all rows at a time."""
        import numpy

        total = numpy.full(len(rows), self._intercept)
        for part, column in zip(self._document.parts, rows.columns, strict=True):
            if isinstance(part, CategoryPart):
                total += column.looked_up(part.table, part.missing, part.unseen)
            else:
                total += _curve_of_column(part, column)
        answers: list[float] = total.tolist()
        return answers

    def contributions(self, encoded: Sequence[Sequence[float]], rows: Sequence[Row]) -> list[list[float]]:  # noqa: ARG002
        """Shapley values: in an additive model a part less its mean over the training customers, whatever the features
        have to do with each other (Lundberg and Lee 2017, corollary 1); the base is the mean log-odds."""
        return [
            [
                *(part(value) - mean for part, value, mean in zip(self._parts, row, self._means, strict=True)),
                self._base,
            ]
            for row in rows
        ]


def _part(part: CategoryPart | NumberPart) -> Part:
    return _levels(part) if isinstance(part, CategoryPart) else _curve(part)


def _levels(part: CategoryPart) -> Part:
    table: dict[str | None, float] = {level: weight for level, weight in part.table.items()}  # noqa: C416 - wider keys
    table[None] = part.missing
    find, unseen = table.get, part.unseen
    return lambda value: find(value, unseen)  # type: ignore[arg-type]


def _curve(part: NumberPart) -> Part:
    breaks, pieces, missing = part.breaks, part.coefficients, part.missing
    first, last, inner = breaks[0], breaks[-1], breaks[1:-1]

    def evaluate(value: float | str | None) -> float:
        number: float = value  # type: ignore[assignment]
        if number != number:  # noqa: PLR0124 - only NaN differs from itself
            return missing
        number = min(max(number, first), last)
        place = bisect_right(inner, number)
        cubed, squared, linear, constant = pieces[place]
        distance = number - breaks[place]
        return ((cubed * distance + squared) * distance + linear) * distance + constant

    return evaluate


def _curve_of_column(part: NumberPart, numbers: Any) -> Any:
    """What :func:`_curve` says of each number of an array."""
    import numpy

    known = numpy.where(numpy.isnan(numbers), part.breaks[0], numbers)
    known = numpy.minimum(numpy.maximum(known, part.breaks[0]), part.breaks[-1])
    place = numpy.searchsorted(numpy.array(part.breaks[1:-1], dtype=float), known, side="right")
    cubed, squared, linear, constant = numpy.array(part.coefficients, dtype=float)[place].T
    distance = known - numpy.array(part.breaks, dtype=float)[place]
    curve = ((cubed * distance + squared) * distance + linear) * distance + constant
    return numpy.where(numpy.isnan(numbers), part.missing, curve)


def _check(part: NumberPart, name: str) -> None:
    if len(part.coefficients) != len(part.breaks) - 1 or len(part.breaks) < 2:  # noqa: PLR2004 - a start and an end
        raise ValueError(f"the curve of {name!r} needs one piece between two breaks")
    if any(low >= high for low, high in zip(part.breaks, part.breaks[1:], strict=False)):
        raise ValueError(f"the breaks of {name!r} must rise")

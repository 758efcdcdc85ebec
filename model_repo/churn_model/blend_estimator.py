"""Several estimators as one: a weighted sum of their log-odds, on a calibrated scale.

A calibrated model is a blend of one member (Platt 1999: a straight line over log-odds). The members travel inside the
blend's own file, so a package holds one estimator whatever it is made of. It must not know kinds of estimators.
"""

import math
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from churn_model.column_rows import ColumnRows
from churn_model.documents import read_by_any_thread
from churn_model.errors import SchemaMismatch
from churn_model.estimator import Estimator
from churn_model.schema import Row

MOST_MEMBERS = 16


class _Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``content`` is the member's own file, base64 in the document."""

    kind: str
    weight: float
    content: bytes


@read_by_any_thread
class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: Literal[1]
    slope: float
    intercept: float
    members: tuple[_Member, ...]


class BlendEstimator:
    """``slope`` × Σ weight × member's log-odds + ``intercept``, summed in the members' order; immutable."""

    def __init__(self, slope: float, intercept: float, members: Sequence[tuple[float, Estimator]]) -> None:
        self._slope = slope
        self._intercept = intercept
        self._members = tuple(members)

    @classmethod
    def load(cls, content: bytes, load_member: Callable[[str, bytes], Estimator]) -> "BlendEstimator":
        """Read the content of ``blend.json``; ``load_member`` loads a member by its kind and file.

        Raises:
            ValueError: unreadable, an unknown format, no or too many members, a blend among them, a slope or weights
                that turn the order of customers round, or a member that cannot be loaded.
        """
        document = msgspec.json.decode(content, type=_Document)
        _check(document)
        members: list[tuple[float, Estimator]] = []
        for number, member in enumerate(document.members, start=1):
            try:
                members.append((member.weight, load_member(member.kind, member.content)))
            except SchemaMismatch as error:
                raise ValueError(f"member {number}: {error}") from error
        return cls(document.slope, document.intercept, members)

    def raw(self, encoded: Sequence[Sequence[float]], rows: Sequence[Row]) -> list[float]:
        """Log-odds, one a row."""
        if isinstance(rows, ColumnRows):
            return self._by_column(encoded, rows)
        totals = [0.0] * len(encoded)
        for weight, member in self._members:
            answers = member.raw(encoded, rows)
            totals = [total + weight * answer for total, answer in zip(totals, answers, strict=True)]
        return [self._slope * total + self._intercept for total in totals]

    def _by_column(self, encoded: Sequence[Sequence[float]], rows: ColumnRows) -> list[float]:
        """The same sums in the same order, a member's answers for all rows at a time."""
        import numpy

        totals = numpy.zeros(len(rows))
        for weight, member in self._members:
            totals += weight * numpy.array(member.raw(encoded, rows))
        answers: list[float] = (self._slope * totals + self._intercept).tolist()
        return answers

    def contributions(self, encoded: Sequence[Sequence[float]], rows: Sequence[Row]) -> list[list[float]]:
        """The same combination of the members' Shapley values, for these are linear in the game (Shapley 1953).

        Raises:
            ExplanationUnavailable: one of the members cannot be explained.
        """
        members = [member.contributions(encoded, rows) for _, member in self._members]
        factors = [self._slope * weight for weight, _ in self._members]
        return [self._combined(factors, parts) for parts in zip(*members, strict=True)]

    def _combined(self, factors: Sequence[float], parts: Sequence[Sequence[float]]) -> list[float]:
        """One row's values from those of each member."""
        combined = [
            sum(factor * value for factor, value in zip(factors, values, strict=True))
            for values in zip(*parts, strict=True)
        ]
        combined[-1] += self._intercept
        return combined


def _check(document: _Document) -> None:
    if not 1 <= len(document.members) <= MOST_MEMBERS:
        raise ValueError(f"it has {len(document.members)} members, expected 1 to {MOST_MEMBERS}")
    if not (0 < document.slope < math.inf and math.isfinite(document.intercept)):
        raise ValueError("`slope` must be a number above 0, `intercept` a number")
    for number, member in enumerate(document.members, start=1):
        if member.kind == "blend":
            raise ValueError(f"member {number} is a blend itself")
        if not 0 <= member.weight < math.inf:
            raise ValueError(f"member {number}: its weight must not be negative")

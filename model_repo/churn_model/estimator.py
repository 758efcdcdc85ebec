"""What turns a customer's row into log-odds, in formats that hold no code: data plus one of a few fixed evaluators.

It must not know the evaluators; they and whoever asks them stand on it.
"""

import math
import operator
from collections.abc import Sequence
from typing import Protocol

from churn_model.schema import Row


class Estimator(Protocol):
    """Log-odds of churn; the same bits for a row whether it is scored alone or among others.

    Every method takes the same customers twice: ``encoded``, shape ``[rows][features]``, numbers with NaN for missing,
    and ``rows`` as they came, in schema order. An estimator reads the one that it was trained on.
    """

    def raw(self, encoded: Sequence[Sequence[float]], rows: Sequence[Row]) -> list[float]:
        """Log-odds, one a row."""

    def contributions(self, encoded: Sequence[Sequence[float]], rows: Sequence[Row]) -> list[list[float]]:
        """Shapley values of the log-odds, shape ``[rows][features + 1]``, the base last; they sum to :meth:`raw`
        within 1e-6.

        Raises:
            ExplanationUnavailable: the model's file does not hold what that takes.
        """


def sigmoid(raw: float) -> float:
    """Probability from log-odds. The one implementation that every scorer uses, so that all agree bit for bit;
    written so that neither tail overflows."""
    if raw >= 0.0:
        return 1.0 / (1.0 + math.exp(-raw))
    power = math.exp(raw)
    return power / (1.0 + power)


def sigmoids(raws: Sequence[float]) -> list[float]:
    """:func:`sigmoid` of each, by the same steps, without a call for each."""
    powers = map(math.exp, map(operator.neg, map(abs, raws)))
    return [
        1.0 / (1.0 + power) if raw >= 0.0 else power / (1.0 + power) for raw, power in zip(raws, powers, strict=True)
    ]

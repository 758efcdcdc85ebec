"""From rows to probabilities and segments: the one code path that predictor, fallback and batch share."""

from collections.abc import Sequence
from typing import NamedTuple

from churn_model.encoding import Encoder
from churn_model.estimator import Estimator, sigmoids
from churn_model.schema import Row
from churn_model.segments import Segmenter


class Scores(NamedTuple):
    """Answers in the order of the rows: churn probabilities (0 to 1) and segment ids (1 to 4)."""

    probabilities: list[float]
    segments: list[int]


class Scorer:
    """A loaded model; immutable. The same row gets the same bits alone, in a batch, and on every machine path."""

    def __init__(self, encoder: Encoder, estimator: Estimator, segmenter: Segmenter) -> None:
        self._encoder = encoder
        self._estimator = estimator
        self._segmenter = segmenter

    def score(self, rows: Sequence[Row]) -> Scores:
        """Score at least one row; rows are in schema order and already checked."""
        raw = self._estimator.raw(self._encoder.encode(rows), rows)
        return Scores(sigmoids(raw), self._segmenter.assign(rows))

    def contributions(self, rows: Sequence[Row]) -> list[list[float]]:
        """Why: each feature's Shapley value of the churn log-odds, shape ``[rows][features + 1]``.

        Entry i is what schema feature i adds for this customer, the last one the base; a row's entries sum to its
        log-odds within 1e-6. It costs a multiple of :meth:`score`; keep it off the way of a request.

        Raises:
            ExplanationUnavailable: the model's file does not hold what that takes.
        """
        return self._estimator.contributions(self._encoder.encode(rows), rows)

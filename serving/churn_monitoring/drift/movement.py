"""How far a model's answers have moved lately, and which features moved them by how much.

The package knows by how much each bin of each feature moves the log-odds of an answer, in an additive stand-in for the
model; of a sum the part of a feature in a movement of the mean is its own term's (the Shapley value), whatever else
moved at the same time. What is left is of features that may not be kept, of interactions and of chance.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy

from churn_model.training_profile import TrainingProfile
from churn_monitoring.drift.counting import Column
from churn_monitoring.drift.state import Recent

NOTICEABLE = 3.0
"""Standard errors that the answers must have moved before shares of that are told."""


@dataclass(frozen=True)
class Movement:
    """Of how many ``customers``; the mean log-odds of the answers moved by ``moved``, with its standard ``error`` (of
    both samples); by feature how much of that is its own; ``rest`` is nobody's. ``shares`` by column are those of bins
    now, and ``psi`` the population stability index of each column (below 0.1 little, above 0.25 much, as the trade
    has it). No movement where nobody was answered."""

    customers: int
    moved: float | None
    error: float
    features: dict[str, float]
    rest: float
    shares: dict[str, numpy.ndarray]
    psi: dict[str, float]

    def share_of(self, feature: str) -> float | None:
        """The feature's share of the answers' movement; None where they have hardly moved, or where it is none."""
        if self.moved is None or abs(self.moved) < NOTICEABLE * self.error or feature not in self.features:
            return None
        return self.features[feature] / self.moved


def movement_of(
    columns: Sequence[Column], offsets: numpy.ndarray, profile: TrainingProfile, recent: Sequence[Recent], since: float
) -> Movement:
    """The movement of those customers who were asked about since a moment; of all that are remembered where nobody
    was."""
    chosen = [each for each in recent if each.ended >= since] or list(recent)
    counts = numpy.sum([each.counts for each in chosen], axis=0) if chosen else numpy.zeros(offsets[-1])
    shares, psi, features = {}, {}, {}
    for column, start, end in zip(columns, offsets, offsets[1:], strict=False):
        now, before = counts[start:end], numpy.asarray(column.profile.counts)
        if not now.sum() or not before.sum():
            continue
        shares[column.name] = now / now.sum()
        psi[column.name] = _stability(before, now)
        if column.feature and column.profile.effects:
            difference = shares[column.name] - before / before.sum()
            features[column.name] = float(difference @ numpy.asarray(column.profile.effects))
    customers, answered = sum(each.customers for each in chosen), sum(each.answered for each in chosen)
    if not answered:
        return Movement(customers, None, 0.0, features, 0.0, shares, psi)
    moved = sum(each.log_odds for each in chosen) / answered - profile.log_odds
    error = profile.deviation * (1.0 / answered + 1.0 / max(profile.score.rows * profile.independent, 1.0)) ** 0.5
    return Movement(customers, moved, error, features, moved - sum(features.values()), shares, psi)


def _stability(before: numpy.ndarray, now: numpy.ndarray) -> float:
    """The population stability index; half a customer more in every bin, so that an empty one has a logarithm."""
    first, second = before + 0.5, now + 0.5
    first, second = first / first.sum(), second / second.sum()
    return float(((second - first) * numpy.log(second / first)).sum())

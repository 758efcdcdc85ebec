"""What drives churn: which features move the model's answers most, over the whole base and within each segment.

Importance is the mean absolute Shapley value of the churn log-odds (Lundberg and Lee 2017), of the very model that will
be served. It describes the model, not causes. It must not know who reads it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy

from churn_data.dataset import Dataset, rows_of, schema_of
from churn_model.errors import ExplanationUnavailable
from churn_model.scorer import Scorer

EXPLAINED = 300
"""Customers whose answers are explained, drawn at random; each takes a multiple of the time of an answer."""
FEWEST = 10
"""Explained customers below which nothing is said of a segment."""
SHOWN = 10


@dataclass(frozen=True)
class Driver:
    """A feature in plain words, and its share (0 to 1) of all that moves the answers."""

    words: str
    share: float


@dataclass(frozen=True)
class Drivers:
    """Over the whole base and by segment name, largest first, at most ten each. Empty where the model has no Shapley
    values."""

    overall: tuple[Driver, ...] = ()
    segments: tuple[tuple[str, tuple[Driver, ...]], ...] = ()


def drivers_of(scorer: Scorer, held_out: Dataset, names: Mapping[int, str], seed: int) -> Drivers:
    """What drives churn among these customers.

    Args:
        scorer: the model as it will be served.
        held_out: customers that it was not fitted on.
        names: of segments by id.
        seed: of the draw, where there are many customers.
    """
    count = min(EXPLAINED, len(held_out))
    part = held_out.take(numpy.sort(numpy.random.default_rng(seed).choice(len(held_out), count, replace=False)))
    rows = rows_of(part.frame)
    try:
        moved = numpy.abs(numpy.array(scorer.contributions(rows))[:, :-1])
    except ExplanationUnavailable:
        return Drivers()
    words = [feature.label for feature in schema_of(held_out).features]
    segment = numpy.array(scorer.score(rows).segments)
    by_segment = (
        (name, _ranked(moved[segment == number], words))
        for number, name in sorted(names.items())
        if (segment == number).sum() >= FEWEST
    )
    return Drivers(_ranked(moved, words), tuple(by_segment))


def _ranked(moved: numpy.ndarray, words: Sequence[str]) -> tuple[Driver, ...]:
    means = moved.mean(axis=0)
    total = float(means.sum()) or 1.0
    order = numpy.argsort(-means, kind="stable")[:SHOWN]
    return tuple(Driver(words[place], float(means[place]) / total) for place in order.tolist() if means[place] > 0)

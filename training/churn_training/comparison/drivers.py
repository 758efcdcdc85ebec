"""What drives churn: how far each feature moves the model's answers, over all customers and in each segment.

Means of Shapley values (Lundberg et al. 2020) of customers, those first whom the model has not learnt from. They tell
what the model relies on, not what would change if a feature were changed. It must not know how a model is made.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy
import pandas

from churn_data.dataset import Dataset, rows_of
from churn_model.errors import ExplanationUnavailable
from churn_model.reasons import NOTICEABLE, plain
from churn_model.schema import Schema, SchemaFeature
from churn_model.scorer import Scorer
from churn_model.segments import SegmentProfile
from churn_training.families.ensemble import Blend, Contender

ASKED = 1000
ASKED_OF_FORESTS = 100
"""Customers whose answers are explained; a forest takes about 40 ms for each, everything else about one."""
SMALLEST_GROUP = 10
"""Customers below which nothing is said of a level, a range or a segment."""
MOST_IN_SEGMENT = 3


@dataclass(frozen=True)
class Driver:
    """One feature: `share` of all movement of log-odds, 0 to 1; the values with which churn is highest and lowest, in
    words, empty where none moves it noticeably."""

    label: str
    share: float
    raises: str
    lowers: str


@dataclass(frozen=True)
class SegmentDriver:
    """One feature in one segment: its usual value, and what the odds of leaving are multiplied by on average."""

    label: str
    value: str
    odds: float


@dataclass(frozen=True)
class SegmentDrivers:
    """A segment with its share of the customers asked, 0 to 1, their mean churn probability, and what moves them most;
    none where they are too few."""

    name: str
    share: float
    probability: float
    drivers: tuple[SegmentDriver, ...]


@dataclass(frozen=True)
class Drivers:
    """What drives churn, by falling importance, as told by so many customers."""

    asked: int
    whole: tuple[Driver, ...]
    segments: tuple[SegmentDrivers, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def drivers_of(
    scorer: Scorer,
    schema: Schema,
    profiles: Sequence[SegmentProfile],
    contender: Contender,
    held_out: Dataset,
    training: Dataset,
) -> Drivers | None:
    """What drives churn by a finished model; None where its file does not hold what explaining takes.

    Args:
        scorer: the model as it will be served.
        schema: what its rows hold.
        profiles: of its segments.
        contender: what it was made of, which decides how many customers can be asked.
        held_out: customers whom it has not learnt from.
        training: asked where those are too few.
    """
    frame = pandas.concat([held_out.frame, training.frame], ignore_index=True).head(_asked(contender))
    rows = rows_of(frame)
    try:
        moved = numpy.array(scorer.contributions(rows))[:, : len(schema.features)]
    except ExplanationUnavailable:
        return None
    importance = numpy.abs(moved).mean(axis=0)
    order = numpy.argsort(-importance, kind="stable")
    total = importance.sum() or 1.0
    whole = [
        _driver(schema.features[place], frame.iloc[:, place], moved[:, place], importance[place] / total)
        for place in order
    ]
    probabilities, segments = scorer.score(rows)
    members = ((profile, numpy.array(segments) == profile.id) for profile in profiles)
    found = [
        _segment(profile.name, mask, numpy.array(probabilities), frame, moved, schema) for profile, mask in members
    ]
    return Drivers(len(rows), tuple(whole), tuple(found))


def _asked(contender: Contender) -> int:
    members = contender.members if isinstance(contender, Blend) else (contender,)
    forest = any(member.is_forest for member in members)
    return ASKED_OF_FORESTS if forest else ASKED


def _driver(feature: SchemaFeature, column: pandas.Series, moved: numpy.ndarray, share: float) -> Driver:
    means = {words: float(moved[mask].mean()) for words, mask in _groups(column) if mask.sum() >= SMALLEST_GROUP}
    highest = max(means, key=means.__getitem__, default="")
    lowest = min(means, key=means.__getitem__, default="")
    return Driver(
        feature.label or feature.name,
        float(share),
        highest if highest and means[highest] >= NOTICEABLE else "",
        lowest if lowest and means[lowest] <= -NOTICEABLE else "",
    )


def _groups(column: pandas.Series) -> Iterator[tuple[str, numpy.ndarray]]:
    """Levels of a category; of a number its few values or else the lowest, middle and highest third; what is not known
    by itself."""
    missing = column.isna().to_numpy()
    if missing.any():
        yield plain(None), missing
    known = column[~missing]
    if not pandas.api.types.is_float_dtype(column) or known.nunique() <= MOST_IN_SEGMENT:
        for value in sorted(known.unique()):
            yield plain(value), (column == value).to_numpy()
        return
    low, high = known.quantile([1 / 3, 2 / 3])
    yield f"up to {plain(low)}", (column <= low).to_numpy()
    yield f"{plain(low)} to {plain(high)}", ((column > low) & (column <= high)).to_numpy()
    yield f"above {plain(high)}", (column > high).to_numpy()


def _segment(
    name: str,
    members: numpy.ndarray,
    probabilities: numpy.ndarray,
    frame: pandas.DataFrame,
    moved: numpy.ndarray,
    schema: Schema,
) -> SegmentDrivers:
    if members.sum() < SMALLEST_GROUP:
        return SegmentDrivers(name, float(members.mean()), float("nan"), ())
    means = moved[members].mean(axis=0)
    places = numpy.argsort(-numpy.abs(means), kind="stable")[:MOST_IN_SEGMENT]
    found = tuple(
        SegmentDriver(
            schema.features[place].label or schema.features[place].name,
            _usual(frame.iloc[:, place][members]),
            float(numpy.exp(means[place])),
        )
        for place in places
        if abs(means[place]) >= NOTICEABLE
    )
    return SegmentDrivers(name, float(members.mean()), float(probabilities[members].mean()), found)


def _usual(column: pandas.Series) -> str:
    """The most frequent level with its share, or the mean."""
    if column.isna().all():
        return plain(None)
    if pandas.api.types.is_float_dtype(column):
        return f"{plain(float(column.mean()))} on average"
    counts = column.value_counts()
    return f"{plain(str(counts.index[0]))} ({counts.iloc[0] / len(column):.0%})".replace("%)", " %)")

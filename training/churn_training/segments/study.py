"""How many segments the customers' behaviour really has: separation and stability for 2 to 8 of them.

The use case says how many are served; the study shows what that choice gains or costs. It must not change a model.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, davies_bouldin_score, silhouette_score

from churn_data.dataset import Dataset, schema_of
from churn_training.segments.segmentation import behaviour_space

COUNTS = range(2, 9)
RESAMPLES = 20
SAMPLE = 2500
"""Customers who are enough to tell numbers of segments apart; all of 7,000 would take four times as long, longer than
fitting the model."""


@dataclass(frozen=True)
class SegmentCount:
    """One number of segments: silhouette (-1 to 1, Rousseeuw 1987), Davies-Bouldin index (1979, lower is better),
    stability: the mean adjusted Rand index between the segments and those found in bootstrap samples, both assigned to
    all customers (Hennig 2007), its lowest value, the shares of customers in each segment, largest first, and whether
    it is the use case's."""

    segments: int
    silhouette: float
    davies_bouldin: float
    stability: float
    least_stability: float
    shares: tuple[float, ...]
    chosen: bool = False


@dataclass(frozen=True)
class SegmentStudy:
    """Every number of segments that was tried."""

    counts: tuple[SegmentCount, ...]

    def to_json(self) -> list[dict[str, Any]]:
        """Plain data."""
        return [asdict(count) for count in self.counts]


def study_segments(
    dataset: Dataset, seed: int, counts: Sequence[int] = COUNTS, resamples: int = RESAMPLES
) -> SegmentStudy:
    """Compare numbers of segments on these customers, or a random part of many, in the space in which segments are
    sought; numbers that as many customers who differ in behaviour cannot fill are left out.

    Raises:
        DataError: fewer customers than the use case wants segments differ in behaviour.
    """
    chosen = dataset.usecase.segments.count
    space = _at_most(SAMPLE, behaviour_space(dataset, schema_of(dataset), chosen), seed)
    different = len(numpy.unique(space, axis=0))
    found = (_count(space, count, seed, resamples) for count in counts if count < different)
    return SegmentStudy(tuple(replace(count, chosen=count.segments == chosen) for count in found))


def _at_most(rows: int, space: numpy.ndarray, seed: int) -> numpy.ndarray:
    if len(space) <= rows:
        return space
    drawn: numpy.ndarray = space[numpy.random.default_rng(seed).choice(len(space), rows, replace=False)]
    return drawn


def _count(space: numpy.ndarray, count: int, seed: int, resamples: int) -> SegmentCount:
    generator = numpy.random.default_rng(seed)
    reference = _clusters(space, count, seed).labels_
    agreements = [
        float(adjusted_rand_score(reference, _clusters(space[drawn], count, seed).predict(space)))
        for drawn in (generator.integers(len(space), size=len(space)) for _ in range(resamples))
    ]
    shares = numpy.sort(numpy.bincount(reference, minlength=count) / len(reference))[::-1]
    return SegmentCount(
        segments=count,
        silhouette=float(silhouette_score(space, reference)),
        davies_bouldin=float(davies_bouldin_score(space, reference)),
        stability=float(numpy.mean(agreements)),
        least_stability=min(agreements),
        shares=tuple(float(share) for share in shares),
    )


def _clusters(space: numpy.ndarray, count: int, seed: int) -> KMeans:
    return KMeans(n_clusters=count, n_init=5, random_state=seed).fit(space)

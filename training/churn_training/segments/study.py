"""How many segments the customers' behaviour really has: separation and stability for 2 to 8 of them.

Serving has four; the study shows what that choice gains or costs. It must not change a model.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, davies_bouldin_score, silhouette_score

from churn_data.dataset import Dataset, schema_of
from churn_training.segments.segmentation import SEGMENTS, behaviour_space

COUNTS = range(2, 9)
RESAMPLES = 20
SAMPLE = 5000
"""Customers whose distances are compared for the silhouette, which looks at every pair."""


@dataclass(frozen=True)
class SegmentCount:
    """One number of segments: silhouette (-1 to 1, Rousseeuw 1987), Davies-Bouldin index (1979, lower is better),
    stability: the mean adjusted Rand index between the segments and those found in bootstrap samples, both assigned to
    all customers (Hennig 2007), its lowest value, and the shares of customers in each segment, largest first."""

    segments: int
    silhouette: float
    davies_bouldin: float
    stability: float
    least_stability: float
    shares: tuple[float, ...]

    @property
    def chosen(self) -> bool:
        """Whether it is the number that serving has."""
        return self.segments == SEGMENTS


@dataclass(frozen=True)
class SegmentStudy:
    """Every number of segments that was tried."""

    counts: tuple[SegmentCount, ...]

    def to_json(self) -> list[dict[str, Any]]:
        """Plain data."""
        return [{**asdict(count), "chosen": count.chosen} for count in self.counts]


def study_segments(
    dataset: Dataset, seed: int, counts: Sequence[int] = COUNTS, resamples: int = RESAMPLES
) -> SegmentStudy:
    """Compare numbers of segments on these customers, in the space in which segments are sought; numbers that as many
    customers who differ in behaviour cannot fill are left out.

    Raises:
        DataError: fewer than four customers differ in behaviour.
    """
    space = behaviour_space(dataset, schema_of(dataset), SEGMENTS)
    different = len(numpy.unique(space, axis=0))
    return SegmentStudy(tuple(_count(space, count, seed, resamples) for count in counts if count < different))


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
        silhouette=float(silhouette_score(space, reference, sample_size=min(SAMPLE, len(space)), random_state=seed)),
        davies_bouldin=float(davies_bouldin_score(space, reference)),
        stability=float(numpy.mean(agreements)),
        least_stability=min(agreements),
        shares=tuple(float(share) for share in shares),
    )


def _clusters(space: numpy.ndarray, count: int, seed: int) -> KMeans:
    return KMeans(n_clusters=count, n_init=5, random_state=seed).fit(space)

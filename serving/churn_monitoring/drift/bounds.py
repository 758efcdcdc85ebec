"""What the share of each bin may be, as far as the customers of the training tell.

They were a sample, so the shares that they came from are known within bounds alone; what lies inside is never called
drift. It must not know how later customers are held against the bounds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy
from scipy.stats import beta

from churn_model.training_profile import ColumnProfile

ERROR = 0.01
"""Probability that a training was so unlucky that any bound of any column does not hold."""
LEAST = 0.001
"""Share of the customers by which a bin may grow or shrink in any case."""


@dataclass(frozen=True)
class Bounds:
    """By bin the lowest and the highest share that is no drift; no number of a column without rows."""

    lower: numpy.ndarray
    upper: numpy.ndarray


def bounds_of(profiles: Sequence[ColumnProfile], independent: float, tolerance: float) -> list[Bounds]:
    """Bounds for all bins of all columns, which hold together with a probability of 1 - ERROR.

    By Clopper and Pearson (1934), each at its part of the error (Bonferroni). Between two order statistics lies a share
    of Beta(k, n + 1 - k), whatever the distribution, so they hold for bins that were cut at quantiles of the same rows.

    Args:
        profiles: of the columns.
        independent: the share of rows that count as customers of their own.
        tolerance: by how much of itself a share may change in any case, 0 or more: what is too little to matter.
    """
    counted = [each for profile in profiles for each in (profile.counts, profile.fitted)]
    error = ERROR / (2 * sum(map(len, counted)))
    return [_bounds(profile, independent, error, tolerance) for profile in profiles]


def _bounds(profile: ColumnProfile, independent: float, error: float, tolerance: float) -> Bounds:
    """Whoever is asked about is one of those fitted or somebody else, so the share is anything between."""
    kinds = [_shares(counts, independent, error) for counts in (profile.counts, profile.fitted) if counts]
    lower = numpy.min([low for low, _ in kinds], axis=0) * (1.0 - tolerance) - LEAST
    upper = numpy.max([high for _, high in kinds], axis=0) * (1.0 + tolerance) + LEAST
    return Bounds(numpy.clip(lower, 0.0, 1.0), numpy.clip(upper, 0.0, 1.0))


def _shares(counted: Sequence[int], independent: float, error: float) -> tuple[numpy.ndarray, numpy.ndarray]:
    counts = numpy.asarray(counted) * independent
    rows = counts.sum()
    if not rows:
        return numpy.zeros(len(counts)), numpy.ones(len(counts))
    lower = numpy.where(counts > 0, beta.ppf(error, numpy.maximum(counts, 1e-9), rows - counts + 1.0), 0.0)
    upper = numpy.where(counts < rows, beta.isf(error, counts + 1.0, numpy.maximum(rows - counts, 1e-9)), 1.0)
    return lower, upper

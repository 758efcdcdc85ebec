"""Columns as counts in bins: how bins are chosen, and which bin a value belongs to.

Whoever describes the customers of a training and whoever holds later ones against them must count alike, so both count
here. It must not know what is concluded from counts.
"""

from collections.abc import Sequence

import numpy
import pyarrow
import pyarrow.compute

from churn_model.training_profile import MISSING, RARE, UNSEEN, ColumnProfile

QUANTILES = (0.02, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.98)
"""Tenths, and tails apart: a shift of all moves tails most."""
MOST_LEVELS = 20
USUAL = 0.01
"""Share of the rows below which a level has no bin of its own."""


def number_profile(values: numpy.ndarray) -> ColumnProfile:
    """The profile of numbers, NaN where one is missing."""
    known = values[~numpy.isnan(values)]
    cuts = numpy.unique(numpy.quantile(known, QUANTILES, method="higher")) if len(known) else numpy.empty(0)
    empty = ColumnProfile((0,) * (len(cuts) + 2), cuts=tuple(cuts.tolist()))
    return _counted(empty, number_bins(empty, values))


def category_profile(values: pyarrow.Array, known: Sequence[str]) -> ColumnProfile:
    """The profile of texts, null where one is missing; `known` are the levels that the model has learnt."""
    counted = pyarrow.compute.value_counts(pyarrow.compute.drop_null(values))
    shares = {each["values"].as_py(): each["counts"].as_py() for each in counted}
    least = USUAL * len(values)
    learnt = set(known)
    usual = sorted((level for level, rows in shares.items() if rows >= least and level in learnt), key=str)
    levels = tuple(sorted(usual, key=lambda level: -shares[level])[:MOST_LEVELS])
    empty = ColumnProfile((0,) * (len(levels) + 3), category=True, levels=levels)
    return _counted(empty, category_bins(empty, values, known))


def number_bins(profile: ColumnProfile, values: numpy.ndarray) -> numpy.ndarray:
    """The bin of each number."""
    bins = numpy.searchsorted(numpy.asarray(profile.cuts), values, side="right")
    return numpy.where(numpy.isnan(values), len(profile.cuts) + 1, bins)


def category_bins(profile: ColumnProfile, values: pyarrow.Array, known: Sequence[str]) -> numpy.ndarray:
    """The bin of each text."""
    usual = len(profile.levels)
    place = pyarrow.compute.index_in(values, pyarrow.array(profile.levels, pyarrow.string()))
    rare = pyarrow.compute.is_in(values, pyarrow.array(known, pyarrow.string()))
    other = pyarrow.compute.if_else(rare, usual, usual + 2)
    found = pyarrow.compute.if_else(values.is_null(), usual + 1, pyarrow.compute.coalesce(place, other))
    return numpy.asarray(found.cast(pyarrow.int64()))


def bin_names(profile: ColumnProfile) -> tuple[str, ...]:
    """What bins are called, for people; a level by itself."""
    if profile.category:
        return (*profile.levels, RARE, MISSING, UNSEEN)
    if not profile.cuts:
        return ("any", MISSING)
    between = (f"{low:g} to {high:g}" for low, high in zip(profile.cuts, profile.cuts[1:], strict=False))
    return (f"below {profile.cuts[0]:g}", *between, f"from {profile.cuts[-1]:g}", MISSING)


def _counted(profile: ColumnProfile, bins: numpy.ndarray) -> ColumnProfile:
    counts = numpy.bincount(bins, minlength=len(profile.counts))
    return ColumnProfile(tuple(counts.tolist()), profile.category, profile.cuts, profile.levels)

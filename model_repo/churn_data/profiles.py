"""Columns as counts in bins: how bins are chosen, and which bin a value belongs to.

Whoever describes the customers of a training and whoever holds later ones against them must count alike, so both count
here. It must not know what is concluded from counts.
"""

from collections.abc import Sequence

import msgspec
import numpy
import pyarrow
import pyarrow.compute

from churn_model.training_profile import MISSING, RARE, UNSEEN, ColumnProfile

QUANTILES = (0.02, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.98)
"""Tenths, and tails apart: a shift of all moves tails most."""
MOST_LEVELS = 20
USUAL, FEWEST = 0.01, 10
"""Share of the rows, and rows, below which a level has no bin of its own."""
_FEW, _NOBODY = 3, 0.0005
"""So many customers, or such a share of them, are too few to matter."""


def number_profile(values: numpy.ndarray) -> ColumnProfile:
    """The profile of numbers, NaN where one is missing."""
    known = values[~numpy.isnan(values)]
    cuts = numpy.unique(numpy.quantile(known, QUANTILES, method="higher")) if len(known) else numpy.empty(0)
    empty = ColumnProfile((0,) * (len(cuts) + 2), cuts=tuple(cuts.tolist()))
    return counted(empty, number_bins(empty, values))


def category_profile(values: pyarrow.Array, known: Sequence[str]) -> ColumnProfile:
    """The profile of texts, null where one is missing; `known` are the levels that the model has learnt."""
    found = pyarrow.compute.value_counts(pyarrow.compute.drop_null(values))
    rows = {each["values"].as_py(): each["counts"].as_py() for each in found}
    least, learnt = max(USUAL * len(values), FEWEST), set(known)
    usual = sorted(level for level, count in rows.items() if count >= least and level in learnt)
    levels = tuple(sorted(usual, key=lambda level: -rows[level])[:MOST_LEVELS])
    empty = ColumnProfile((0,) * (len(levels) + 3), category=True, levels=levels)
    return counted(empty, category_bins(empty, values, known))


def category_profile_apart(
    values: pyarrow.Array, known: Sequence[str], held_out: int, customers: numpy.ndarray
) -> tuple[ColumnProfile, numpy.ndarray]:
    """The profile of texts, and the bin of each.

    Those whom a model was fitted on have no level that it has never seen. So where later customers will have others,
    those held out are counted apart.

    Args:
        values: texts, null where one is missing.
        known: levels that the model has learnt.
        held_out: how many come first whom it was not fitted on.
        customers: numbers of those whom it was fitted on, as :func:`has_other_levels` has them.
    """
    profile = category_profile(values, known)
    bins = category_bins(profile, values, known)
    if has_other_levels(values.slice(held_out), customers):
        profile = counted_apart(profile, bins[:held_out], bins[held_out:])
    return profile, bins


def answer_profile(values: pyarrow.Array) -> ColumnProfile:
    """The profile of what a model answers in words: each has a bin, since none of them is a customer's."""
    levels = tuple(sorted(pyarrow.compute.unique(values).to_pylist()))
    empty = ColumnProfile((0,) * (len(levels) + 3), category=True, levels=levels)
    return counted(empty, category_bins(empty, values, levels))


def counted(profile: ColumnProfile, bins: numpy.ndarray) -> ColumnProfile:
    """The same bins with these customers in them."""
    return msgspec.structs.replace(profile, counts=_counts(profile, bins))


def counted_apart(profile: ColumnProfile, others: numpy.ndarray, fitted: numpy.ndarray) -> ColumnProfile:
    """The same bins with those in them whom a model was fitted on apart from others."""
    return msgspec.structs.replace(profile, counts=_counts(profile, others), fitted=_counts(profile, fitted))


def _counts(profile: ColumnProfile, bins: numpy.ndarray) -> tuple[int, ...]:
    return tuple(numpy.bincount(bins, minlength=len(profile.counts)).tolist())


def has_other_levels(fitted: pyarrow.Array, customers: numpy.ndarray) -> bool:
    """Whether later customers will have levels that none of these has: about as many will as now have one for
    themselves (Good 1953). `customers` numbers them, so rows of one share a number."""
    levels = pyarrow.table({"level": fitted, "customer": customers}).group_by("level")
    alone = levels.aggregate([("customer", "count_distinct")])["customer_count_distinct"]
    return bool((numpy.asarray(alone) == 1).sum() > max(_FEW, _NOBODY * len(fitted)))


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

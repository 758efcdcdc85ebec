"""The same id for the same segment after retraining: new groups are matched with the former ones by their customers.

It must not find or name groups.
"""

from collections.abc import Sequence

import numpy
from scipy.optimize import linear_sum_assignment

SUCCESSOR = 0.5
"""Least share of customers in common, of those in either (Jaccard), with which a segment counts as the same."""


def match_segments(former: Sequence[int], found: Sequence[int], count: int) -> tuple[list[int], list[float]]:
    """Which former segment each new one follows, so that as many customers as possible keep their id.

    Args:
        former: each customer's id before, 1 to `count`.
        found: the same customers' new groups, 0 to `count` - 1.
        count: how many segments there are.

    Returns:
        For each new group the id it takes over, and by id the Jaccard index of the two (0 where both are empty).
    """
    before, now = numpy.asarray(former) - 1, numpy.asarray(found)
    common = numpy.zeros((count, count))
    numpy.add.at(common, (now, before), 1)
    groups, ids = linear_sum_assignment(common, maximize=True)
    either = common.sum(axis=1)[:, None] + common.sum(axis=0)[None, :] - common
    jaccard = [0.0] * count
    taken = [0] * count
    for group, old in zip(groups, ids, strict=True):
        taken[group] = int(old) + 1
        jaccard[old] = float(common[group, old] / either[group, old]) if either[group, old] else 0.0
    return taken, jaccard


def matching_warnings(jaccard: Sequence[float], before: Sequence[str], after: Sequence[str]) -> tuple[str, ...]:
    """Lines for whoever trains: segments without a successor, and segments with a new name."""
    lines: list[str] = []
    for number, (share, old, new) in enumerate(zip(jaccard, before, after, strict=True), start=1):
        if share < SUCCESSOR:
            common = f"the new segment {number} ({new}) has {share:.0%} of their customers in common"
            lines.append(f"segment {number} ({old}) has no successor: {common}")
        elif old != new:
            lines.append(f"segment {number} is now called {new}, before {old}")
    return tuple(lines)

"""Which customers are enough: where there are very many, a part of them decides as well and in time.

Whole customers are drawn, leavers and stayers in the proportion that they have, by the seed; those to judge on by where
they stand, so that no seed changes them. It must not know what the sample is for.
"""

from dataclasses import dataclass

import numpy

from churn_data.dataset import Dataset
from churn_model.holdout import Holdout

COMPARED_ROWS = 40_000
"""Rows on which contenders are compared: an out-of-fold log loss is then known to a third of a percent or so."""
FITTED_ROWS = 250_000
"""Rows that the winner is fitted on; more change its answers by less than another seed does."""
JUDGED_ROWS = 50_000
"""Held-out rows that a finished model is judged on."""


@dataclass(frozen=True)
class Sample:
    """Customers, and a sentence where they are a part of all."""

    customers: Dataset
    notice: str | None = None


def at_most(dataset: Dataset, rows: int, seed: int, purpose: str) -> Sample:
    """All customers, or where they have more rows a random part that has about so many; `purpose` is what for."""
    if len(dataset) <= rows:
        return Sample(dataset)
    generator = numpy.random.default_rng(seed)
    taken: list[numpy.ndarray] = []
    everybody, first = numpy.unique(dataset.groups, return_index=True)
    for value in (0, 1):
        members = everybody[dataset.churned[first] == value]
        share = max(1, round(len(members) * rows / len(dataset)))
        taken.append(generator.choice(members, share, replace=False))
    positions = numpy.flatnonzero(numpy.isin(dataset.groups, numpy.concatenate(taken)))
    sample = dataset.take(generator.permutation(positions))
    return Sample(sample, f"{purpose}: {len(sample):,} of {len(dataset):,} rows, drawn at random")


def lowest(dataset: Dataset, rows: int, positions: numpy.ndarray, purpose: str) -> Sample:
    """All customers, or about so many rows of those who stand lowest: the same customers whatever the seed.

    Args:
        dataset: the customers.
        rows: how many are enough.
        positions: where each row's customer stands, the same for rows that stay together.
        purpose: what the sample is for.
    """
    if len(dataset) <= rows:
        return Sample(dataset)
    edge = numpy.sort(positions)[rows]
    sample = dataset.take(numpy.flatnonzero(positions < edge))
    return Sample(sample, f"{purpose}: {len(sample):,} of {len(dataset):,} rows, the same ones in every run")


@dataclass(frozen=True)
class Samples:
    """The customers that contenders are compared on, that the winner is fitted on and that it is judged on, by `rule`
    held out from the others; `notices` are lines for whoever trains, none where these are all customers."""

    compared: Dataset
    fitted: Dataset
    judged: Dataset
    rule: Holdout
    notices: tuple[str, ...] = ()

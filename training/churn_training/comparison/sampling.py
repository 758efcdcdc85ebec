"""Which customers are enough: where there are very many, a part of them decides as well and in time.

Whole customers are drawn, leavers and stayers in the proportion that they have, by the seed; those to judge on by where
they stand, so that no seed changes them. It must not know what the sample is for.
"""

from dataclasses import dataclass

import numpy

from churn_data.dataset import Dataset
from churn_model.holdout import Holdout
from churn_training.comparison.splits import positions_of
from churn_training.segments.segmentation import sought_among

COMPARED_ROWS = 40_000
"""Rows on which contenders are compared at most: an out-of-fold log loss is then known to a third of a percent."""
FITTED_ROWS = 250_000
"""Rows that the winner is fitted on at most; more change its answers by less than another seed does."""
JUDGED_ROWS = 50_000
"""Held-out rows that a finished model is judged on."""
COMPARED_A_SECOND, COMPARED_IN_ANY_CASE = 67, 10_000
FITTED_A_SECOND, FITTED_IN_ANY_CASE = 400, 25_000
"""Rows for each second of the budget, so that two cores can measure every family once in about a third of it and fit a
few once more in another, and rows that little time does not spare."""


def affordable(most: int, a_second: int, in_any_case: int, budget: float) -> int:
    """How many rows a budget allows; all that are ever wanted where none was set. It follows from the number that was
    given, not from a clock: the same command learns from the same customers on every machine."""
    return most if not budget else min(most, max(in_any_case, round(a_second * budget)))


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
    held out from the others. `everybody` is how many customers the file has, `learnable` how many rows of those who are
    not held out; `notices` are lines for whoever trains, none where these are all customers."""

    compared: Dataset
    fitted: Dataset
    judged: Dataset
    rule: Holdout
    everybody: int
    learnable: int
    notices: tuple[str, ...] = ()

    @property
    def fits(self) -> float:
        """How often as many rows as contenders are compared on are fitted in the end: once all that the winner learns
        from, and where days are known, once more to be judged on later customers."""
        return len(self.fitted) / len(self.compared) + (self.compared.moments is not None)


def samples_of(rest: Dataset, held_out: Dataset, rule: Holdout, seed: int, budget: float) -> Samples:
    """What is compared and fitted of those who are not held out, and judged of those who are; who is compared does not
    hang on how many are fitted, so that a search with more time can go on from one with less."""
    compared = at_most(
        rest,
        affordable(COMPARED_ROWS, COMPARED_A_SECOND, COMPARED_IN_ANY_CASE, budget),
        seed,
        "contenders are compared on",
    )
    fitted = at_most(
        rest, affordable(FITTED_ROWS, FITTED_A_SECOND, FITTED_IN_ANY_CASE, budget), seed, "the winner is fitted on"
    )
    judged = lowest(held_out, JUDGED_ROWS, positions_of(held_out, rule.salt), "it is judged on")
    notices = (compared.notice, fitted.notice, sought_among(fitted.customers), judged.notice)
    everybody = rest.customer_count + held_out.customer_count
    told = tuple(filter(None, notices))
    return Samples(compared.customers, fitted.customers, judged.customers, rule, everybody, len(rest), told)

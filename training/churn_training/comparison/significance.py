"""Whether a difference between two models is more than chance, and how much error a holdout that is used again allows.

Means over customers and their standard errors, so that levels of one in a million can be told apart, which no
affordable number of resamples can. It must not know models.
"""

import math
from dataclasses import dataclass

import numpy
from scipy.stats import t as student

ERROR = 0.05
"""Probability that a champion ever gives way to a model that knows no more, over all its contests."""
SOON, EQUALLY, LATER = 0.2, 0.5, 0.3
"""Parts of `ERROR` for the first few contests, for each of many alike, and for whatever may follow."""
MANY = 208
"""Contests that are promised alike: four years of weekly trainings."""
HALF_WAY = 36
"""After so many contests half of what is there for the later ones is spent: three years of monthly trainings."""


def level_of(contest: int) -> float:
    """The part of `ERROR` that a champion's contest of this number, counted from 1, may spend.

    `SOON` of the error by 6 / (pi² k²), which favours the first contests, `EQUALLY` by 1 / `MANY` as long as there are
    no more than so many, `LATER` by h / ((h + k - 1)(h + k)) with h = `HALF_WAY`, which favours the first years and
    never ends. Each adds up to 1 over all contests there will ever be (Euler's sum; h/(h+k-1) - h/(h+k) telescopes), so
    by the union bound a champion ever loses wrongly with a probability of at most `ERROR`, however much its contests
    have in common (alpha spending; Tian and Ramdas 2021, "Online control of the familywise error rate", section 2).
    No division gives the weakest of n contests more than `ERROR` / n.

    That holds for challengers not fitted to the holdout. Choosing the next one by how the last contest ended is
    allowed for: until the first wrongful promotion every answer was "no", so there is one path of challengers to sum
    over, not a tree of them (so few bits are what Blum and Hardt 2015, "The Ladder", section 3, rest on, too). New
    customers or another salt bring no new error, for contests on fresh holdouts go wrong as often. A new champion does:
    the sum is each champion's own, and where all models are equal, one was lost wrongly before there is a second.
    """
    if contest < 1:
        raise ValueError(f"contests are counted from 1, this one is {contest}")
    soon = 6.0 / (math.pi * contest) ** 2
    equally = 1.0 / MANY if contest <= MANY else 0.0
    later = HALF_WAY / ((HALF_WAY + contest - 1.0) * (HALF_WAY + contest))
    return ERROR * (SOON * soon + EQUALLY * equally + LATER * later)


_EQUAL = 1e-12


@dataclass(frozen=True)
class Lead:
    """By how much one model is ahead of another, a mean over customers: `mean` and its standard `error`, both in the
    measure's unit, and how many `customers` it is of."""

    mean: float
    error: float
    customers: int

    def chance(self, margin: float = 0.0) -> float:
        """How probable so large a lead, or a larger one, is by chance where it is really `-margin` (one-sided)."""
        if not self.error > 0.0:
            return 0.5 if abs(self.mean + margin) <= _EQUAL else float(self.mean + margin < 0.0)
        return float(student.sf((self.mean + margin) / self.error, max(1, self.customers - 1)))

    def interval(self, level: float = 0.05) -> tuple[float, float]:
        """Lower and upper end, each missed with a probability of half of `level`."""
        half = float(student.ppf(1.0 - level / 2.0, max(1, self.customers - 1))) * self.error
        return self.mean - half, self.mean + half


def lead_of(differences: numpy.ndarray, customers: numpy.ndarray | None = None) -> Lead:
    """The mean of differences, one a row.

    Args:
        differences: of the rows, above zero where the first model is ahead.
        customers: a number a row, the same for rows of one customer, which are no independent observations: the error
            is that of a ratio of sums over customers (Cochran 1977, section 2.11); None: each row is a customer.
    """
    rows = len(differences)
    mean = float(differences.mean())
    left = numpy.asarray(differences - mean, dtype=float)
    if customers is not None:
        _, customer = numpy.unique(customers, return_inverse=True)
        left = numpy.bincount(customer, weights=left).astype(float)
    count = len(left)
    error = math.sqrt(float(left @ left) * count / max(1, count - 1)) / rows
    return Lead(mean, error if error > _EQUAL * max(1.0, abs(mean)) else 0.0, count)

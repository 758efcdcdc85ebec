"""Whether chance alone dealt a campaign's arms, and whether chance alone would show an effect in it: permutations.

A history is believed because its arms were drawn; if what was known before tells who was treated, they were not. And
arms dealt anew in the same history, an A/A test of it, must show effects as rarely as promised (Kohavi, Tang and Xu
2020, "Trustworthy Online Controlled Experiments", chapter 19). It must not know files or actions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy
from sklearn.linear_model import RidgeCV
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

PERMUTATIONS = 999
ALARM = 0.001
"""A check that every history passes through must rarely cry wolf."""

Array = numpy.ndarray


@dataclass(frozen=True)
class Randomisation:
    """``balance``: how often arms dealt anew differ at least as much in what was known before (a p-value).
    ``p_value``: how often arms dealt anew show as large a difference in churn, adjusted for what was known.
    ``shown``: the share of arms dealt anew that would have shown an effect at the level."""

    balance: float
    p_value: float
    shown: float

    @property
    def alarm(self) -> bool:
        """Whether the arms cannot have been dealt by chance."""
        return self.balance <= ALARM


def check_randomisation(
    customers: Array, treated: Array, churned: Array, strata: Array, threshold: float, seed: int
) -> Randomisation:
    """Deal the arms anew within strata, many times.

    Args:
        customers: float [customers, columns], what was known before the campaign.
        treated: int [customers], 1 for treated.
        churned: int [customers], 1 for left.
        strata: int [customers]; within one everybody had the same chance.
        threshold: the standard score that shows an effect.
        seed: of the permutations.
    """
    generator = numpy.random.default_rng([seed, 7])
    with threadpool_limits(1):
        residuals = _centred((churned - _expected(customers, churned, strata))[:, None], strata)
        columns = _centred(customers, strata)
        columns = columns[:, columns.std(axis=0) > 0.0]
        table = numpy.column_stack([residuals, columns / columns.std(axis=0)])
        dealt = _centred(treated[:, None].astype(float), strata)[:, 0]
        squares = table**2
        seen = _scores(table, squares, dealt)
        together = [numpy.flatnonzero(strata == stratum) for stratum in range(strata.max() + 1)]
        anew = (_dealt_anew(dealt, together, generator) for _ in range(PERMUTATIONS))
        drawn = numpy.array([_scores(table, squares, arms) for arms in anew])
    return Randomisation(
        balance=_p_value(numpy.abs(seen[1:]).max(initial=0.0), numpy.abs(drawn[:, 1:]).max(axis=1, initial=0.0)),
        p_value=_p_value(abs(seen[0]), numpy.abs(drawn[:, 0])),
        shown=float((numpy.abs(drawn[:, 0]) > threshold).mean()),
    )


def _expected(customers: Array, churned: Array, strata: Array) -> Array:
    """Churn as a line in what was known, whatever the arm: under "no effect" that is all there is to know."""
    one = numpy.eye(strata.max() + 1)[strata]
    known = numpy.column_stack([customers, one])
    return numpy.asarray(RidgeCV(alphas=numpy.logspace(0, 4, 5)).fit(known, churned).predict(known))


def _scores(table: Array, squares: Array, dealt: Array) -> Array:
    """Standard scores of the difference between the arms in each column."""
    return numpy.asarray((dealt @ table) / numpy.sqrt((dealt**2) @ squares))


def _dealt_anew(dealt: Array, together: Sequence[Array], generator: numpy.random.Generator) -> Array:
    anew = numpy.empty_like(dealt)
    for rows in together:
        anew[rows] = generator.permutation(dealt[rows])
    return anew


def _centred(table: Array, strata: Array) -> Array:
    sizes = numpy.bincount(strata)[:, None]
    means = numpy.column_stack([numpy.bincount(strata, column) for column in table.T]) / numpy.maximum(sizes, 1)
    return numpy.asarray(table - means[strata])


def _p_value(seen: float, drawn: Array) -> float:
    return float((1 + (drawn >= seen - 1e-12).sum()) / (1 + len(drawn)))

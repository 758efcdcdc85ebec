"""The effect of a plan on those for whom something was planned: within planned actions, adjusted by what was known.

Treated and held-out customers are compared only where the same was planned for them. The churn probability of before
the campaign takes the part of the noise away that was foreseeable (CUPED; Deng et al. 2013, "Improving the sensitivity
of online controlled experiments by utilizing pre-experiment data"). It must not know files, looks or words.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy
from scipy.special import ndtr, ndtri_exp
from scipy.stats import t as student

Array = numpy.ndarray
_TWO = 2


@dataclass(frozen=True)
class Difference:
    """Control less treated, per customer: mean, variance of that, degrees of freedom of the variance."""

    mean: float
    variance: float
    freedom: float

    @property
    def error(self) -> float:
        """The standard error."""
        return float(numpy.sqrt(self.variance))

    @property
    def score(self) -> float:
        """The standard normal score with the same p-value as the difference has by Student's t; 0 without spread."""
        if self.variance <= 0.0:
            return 0.0
        ratio = self.mean / self.error
        return float(numpy.sign(ratio) * _normal_of(abs(ratio), self.freedom))

    def interval(self, score: float) -> tuple[float, float]:
        """Where the truth lies unless the normal score was exceeded by chance; anywhere, where that is as good as never
        (a look on the day of a plan)."""
        # Far out SciPy's quantile is minus infinity, and the ends would change places.
        reach = abs(float(student.isf(ndtr(-score), self.freedom))) * self.error
        return self.mean - reach, self.mean + reach


@dataclass(frozen=True)
class Strata:
    """Customers for whom something was planned, and whose outcome is known.

    Attributes:
        stratum: int [customers], the planned action.
        treated: bool [customers], whether it was done.
        planned: int [strata], how many were meant to be treated, outcome known or not.
    """

    stratum: Array
    treated: Array
    planned: Array

    @property
    def compared(self) -> list[int]:
        """Strata with at least two customers on each side."""
        sizes = [
            numpy.bincount(self.stratum[self.treated == side], minlength=len(self.planned)) for side in (False, True)
        ]
        return [int(each) for each in numpy.flatnonzero((sizes[0] >= _TWO) & (sizes[1] >= _TWO))]

    def differences(self, outcome: Array, before: Array) -> dict[int, Difference]:
        """Each compared stratum's difference, adjusted by ``before``: outcome and before are float [customers]."""
        compared = self.compared
        slope = self._slope(outcome, before, compared)
        rest = outcome - slope * before
        return {each: self._difference(rest, each) for each in compared}

    def together(self, differences: dict[int, Difference]) -> Difference | None:
        """The difference per treated customer over all compared strata; None where there are none."""
        return combined([(float(self.planned[each]), found) for each, found in differences.items()])

    def _slope(self, outcome: Array, before: Array, compared: list[int]) -> float:
        """How outcomes follow what was known within strata and sides: one number, or small strata would guess it."""
        above = below = 0.0
        for each in compared:
            for side in (False, True):
                rows = (self.stratum == each) & (self.treated == side)
                known = before[rows] - before[rows].mean()
                above += float(known @ outcome[rows])
                below += float(known @ known)
        return above / below if below > 0.0 else 0.0

    def _difference(self, rest: Array, each: int) -> Difference:
        inside = self.stratum == each
        means, parts, sizes = [], [], []
        for side in (False, True):
            values = rest[inside & (self.treated == side)]
            means.append(float(values.mean()))
            sizes.append(len(values))
            parts.append(float(values.var(ddof=1)) / len(values))
        return Difference(means[0] - means[1], sum(parts), _freedom(parts, [size - 1.0 for size in sizes]))


def combined(weighted: Sequence[tuple[float, Difference]]) -> Difference | None:
    """The weighted mean of independent differences; None where there are none."""
    total = sum(weight for weight, _ in weighted)
    if total <= 0.0:
        return None
    shares = [(weight / total, found) for weight, found in weighted]
    parts = [share**2 * found.variance for share, found in shares]
    return Difference(
        sum(share * found.mean for share, found in shares),
        sum(parts),
        _freedom(parts, [found.freedom for _, found in shares]),
    )


def _freedom(parts: list[float], freedoms: list[float]) -> float:
    """Degrees of freedom of a sum of variances (Satterthwaite 1946)."""
    below = sum(part**2 / freedom for part, freedom in zip(parts, freedoms, strict=True))
    return sum(parts) ** 2 / below if below > 0.0 else max(sum(freedoms), 1.0)


def _normal_of(ratio: float, freedom: float) -> float:
    return float(-ndtri_exp(student.logsf(ratio, freedom)))

"""Whether the shares of bins have left their bounds, asked again and again without end.

For each bin, each side and some sizes of change a likelihood ratio against the nearest share within the bounds is an
e-value: under any share within them its mean is at most 1. Of them Shiryaev-Roberts e-detectors are made (Shin, Ramdas
and Rinaldo 2024, "E-detectors: a nonparametric framework for sequential change detection"): M becomes (M + w) times the
ratio of each step. Then M minus the sum of w is a supermartingale, through restarts after alarms too, so of a column
whose M is held against a threshold c at most sum(w) / c false alarms are to be expected, however often anybody looks.
w is what the clock says: a column's part of the false alarms that a stretch of time may bring. A column's M is the mean
of its bins', columns share the budget; neither needs them to be independent.

It must not know what bins mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy

from churn_monitoring.drift.bounds import Bounds

SIZES = (1.15, 1.4, 2.0, 4.0, 16.0)
"""By how much the odds of a bin change: which of them is the true one costs a logarithm, not a test."""
_NEVER = 1e-18


@dataclass(frozen=True)
class Alarm:
    """A column whose customers have left the bounds: the bin that says so most, whether it has more of them than it may
    (else fewer), and since which moment, seconds since 1970, its evidence has grown."""

    column: int
    bin: int
    more: bool
    begun: float


class Detector:
    """The e-detectors of all columns. Bins of all columns stand one behind the other, in the order of `bounds`."""

    def __init__(self, bounds: Sequence[Bounds]) -> None:
        self._columns = len(bounds)
        sides = [_sides(each) for each in bounds]
        offsets = numpy.cumsum([0, *(len(each.lower) for each in bounds)])
        self._bins = numpy.concatenate([offset + side.bins for offset, side in zip(offsets, sides, strict=False)])
        self._offsets = offsets
        self._owner = numpy.concatenate([numpy.full(len(side.bins), place) for place, side in enumerate(sides)])
        self._more = numpy.concatenate([side.more for side in sides])
        self._hit = numpy.concatenate([side.hit for side in sides])
        self._miss = numpy.concatenate([side.miss for side in sides])
        self._sizes = numpy.bincount(self._owner, minlength=self._columns)
        self.evidence = numpy.full(len(self._bins), -numpy.inf)
        """The logarithm of M, by bin, side and size."""
        self.begun = numpy.zeros(len(self._bins))
        """Since when M has grown: the moment of the step that made it larger than a new one."""

    def step(self, counts: numpy.ndarray, rows: numpy.ndarray, budget: float, moment: float) -> list[Alarm]:
        """Look at some customers.

        Args:
            counts: how many fell into each bin.
            rows: by column how many were counted.
            budget: false alarms that may be expected of the time since the last step; known before they are looked at.
            moment: when the first of the customers was asked about.
        """
        fresh = numpy.log(max(budget, _NEVER))
        self.begun = numpy.where(self.evidence <= fresh, moment, self.begun)
        hits = counts[self._bins]
        ratio = hits * self._hit + (rows[self._owner] - hits) * self._miss
        self.evidence = numpy.logaddexp(self.evidence, fresh) + ratio
        return [self._alarm(int(column)) for column in numpy.flatnonzero(self.levels() >= 0.0)]

    def levels(self) -> numpy.ndarray:
        """By column the logarithm of its evidence over what makes an alarm."""
        found = numpy.full(self._columns, -numpy.inf)
        has = numpy.flatnonzero(self._sizes)
        starts = numpy.concatenate([[0], numpy.cumsum(self._sizes)[:-1]])[has]
        if len(has):
            found[has] = numpy.logaddexp.reduceat(self.evidence, starts) - numpy.log(self._sizes[has] * self._columns)
        return found

    def _alarm(self, column: int) -> Alarm:
        """The alarm of a column, which begins anew."""
        own = numpy.flatnonzero(self._owner == column)
        best = own[numpy.argmax(self.evidence[own])]
        alarm = Alarm(
            column,
            int(self._bins[best] - self._offsets[column]),
            bool(self._more[best]),
            float(self.begun[best]),
        )
        self.evidence[own] = -numpy.inf
        return alarm


@dataclass(frozen=True)
class _Sides:
    """By tracker its bin, its side, and what a customer in the bin and one outside add to the logarithm."""

    bins: numpy.ndarray
    more: numpy.ndarray
    hit: numpy.ndarray
    miss: numpy.ndarray


def _sides(bounds: Bounds) -> _Sides:
    bins, more, hit, miss = [], [], [], []
    for place, (lower, upper) in enumerate(zip(bounds.lower, bounds.upper, strict=True)):
        for edge, up in ((upper, True), (lower, False)):
            if not 0.0 < edge < 1.0:
                continue
            for size in SIZES:
                odds = edge / (1.0 - edge) * (size if up else 1.0 / size)
                other = odds / (1.0 + odds)
                bins.append(place)
                more.append(up)
                hit.append(numpy.log(other / edge))
                miss.append(numpy.log((1.0 - other) / (1.0 - edge)))
    return _Sides(
        numpy.array(bins, dtype=numpy.int64),
        numpy.array(more, dtype=bool),
        numpy.array(hit, dtype=float),
        numpy.array(miss, dtype=float),
    )

"""How good probabilities were, of a tally of leavers and stayers by score, each number with how sure it is.

Every interval is a closed form for independent customers, of 95 %: it says what chance leaves open, not what has
changed since. It must not know models or money.
"""

from typing import NamedTuple

import numpy

from churn_model.evaluation import BINS, bins_of, brier, ece, log_loss, rate_intervals, roc_auc
from churn_model.profit import Tally

NORMAL = 1.959963984540054
_STEPS = 50
_ENOUGH = 1e-10
_LEAST = 1e-9
_FEWEST = 2
ENOUGH_CUSTOMERS = 10
"""Fewer who left, or who stayed, and nothing is said of how good scores and decisions were: intervals that take means
for normally distributed promise too much then."""


class Interval(NamedTuple):
    """A number and the ends of its interval; None where too little is known for one."""

    estimate: float
    lower: float | None = None
    upper: float | None = None

    def times(self, factor: float) -> "Interval":
        """The number and its ends so many times, of a mean the sum."""
        lower, upper = (None if end is None else factor * end for end in (self.lower, self.upper))
        return Interval(factor * self.estimate, lower, upper)

    def to_json(self) -> dict[str, float | None]:
        """The three by name."""
        return self._asdict()


class Calibration(NamedTuple):
    """`difference` of churn rate and mean probability; `intercept` and `slope` of the log-odds (Cox 1958: 0 and 1 are
    right; None where they cannot be found); `ece`, which chance can only raise and which has no interval for that; and
    tenths of the customers by rising probability."""

    difference: Interval
    intercept: Interval | None
    slope: Interval | None
    ece: float
    bins: tuple[tuple[float, Interval, int], ...]


class Quality(NamedTuple):
    """How good probabilities were. Of too few (`enough`) there are the counts, the churn rate and the mean probability
    alone. `auc_error` is by how much the AUC can differ, at most, from that of scores that are not binned."""

    customers: int
    leavers: int
    churn_rate: Interval
    mean_probability: float
    auc: Interval | None
    auc_error: float | None
    brier: Interval | None
    log_loss: float | None
    calibration: Calibration | None


def quality(counted: Tally) -> Quality:
    """Measure a tally."""
    customers, leavers = counted.customers.sum(), counted.leavers.sum()
    known = (
        int(customers),
        int(leavers),
        rate(leavers, customers),
        float(counted.scores @ counted.customers / customers),
    )
    if not enough(counted):
        return Quality(*known, None, None, None, None, None)
    return Quality(
        *known,
        auc(counted),
        auc_error(counted),
        mean_of(counted, (1.0 - counted.scores) ** 2, counted.scores**2)._replace(estimate=brier(counted)),
        log_loss(counted),
        _calibration(counted),
    )


def enough(counted: Tally) -> bool:
    """Whether so many left, and so many stayed, that more can be said than how many."""
    return bool(min(counted.leavers.sum(), counted.stayers.sum()) >= ENOUGH_CUSTOMERS)


def rate(leavers: float, customers: float) -> Interval:
    """A share with its interval (Wilson 1927)."""
    lower, upper = rate_intervals(numpy.array([leavers / customers]), numpy.array([customers]))
    return Interval(float(leavers / customers), float(lower[0]), float(upper[0]))


def mean_of(counted: Tally, leaver: numpy.ndarray, stayer: numpy.ndarray) -> Interval:
    """The mean of what a leaver and a stayer of each score counts, by the normal distribution of means."""
    size = counted.customers.sum()
    total = counted.leavers @ leaver + counted.stayers @ stayer
    squares = counted.leavers @ leaver**2 + counted.stayers @ stayer**2
    return mean_from(size, float(total), float(squares))


def mean_from(size: float, total: float, squares: float) -> Interval:
    """The mean of so many numbers of which the sum and the sum of squares are known."""
    mean = total / size
    if size < _FEWEST:
        return Interval(mean)
    error = NORMAL * (max(squares / size - mean**2, 0.0) / (size - 1.0)) ** 0.5
    return Interval(mean, mean - error, mean + error)


def auc(counted: Tally) -> Interval | None:
    """The area under the ROC curve, ties counting half (DeLong et al. 1988), its interval made on the log-odds so that
    it stays within 0 and 1 (Pepe 2003, section 5.2); None where one class is missing."""
    leavers, stayers = counted.leavers.sum(), counted.stayers.sum()
    if not leavers or not stayers:
        return None
    area = roc_auc(counted)
    if min(leavers, stayers) < _FEWEST:
        return Interval(area)
    if not 0.0 < area < 1.0:
        least = _least_area(leavers, stayers)
        return Interval(area, least, 1.0) if area else Interval(area, 0.0, 1.0 - least)
    above = numpy.cumsum(counted.leavers) - counted.leavers / 2.0
    below = stayers - numpy.cumsum(counted.stayers) + counted.stayers / 2.0
    of_leavers = counted.leavers @ (below / stayers - area) ** 2 / (leavers - 1.0)
    of_stayers = counted.stayers @ (above / leavers - area) ** 2 / (stayers - 1.0)
    deviation = float(of_leavers / leavers + of_stayers / stayers) ** 0.5
    odds, error = numpy.log(area / (1.0 - area)), NORMAL * deviation / (area * (1.0 - area))
    lower, upper = (1.0 / (1.0 + numpy.exp(-each)) for each in (odds - error, odds + error))
    return Interval(area, float(lower), float(upper))


def _least_area(leavers: float, stayers: float) -> float:
    """The lower end of the interval of an area of 1, of which DeLong's variance is 0: the area that lies as far below
    as its own standard error says (Newcombe 2006, part 2, method 5; variance of Hanley and McNeil 1982)."""
    from scipy.optimize import brentq

    half = (leavers + stayers) / 2.0 - 1.0

    def beyond(area: float) -> float:
        spread = 1.0 + half * ((1.0 - area) / (2.0 - area) + area / (1.0 + area))
        return 1.0 - area - NORMAL**2 * area * spread / (leavers * stayers)

    return float(brentq(beyond, 0.0, 1.0))


def auc_error(counted: Tally) -> float:
    """Half of the share of pairs that have one score here: as much would the area change if all of them were ordered
    in one way."""
    pairs = counted.leavers.sum() * counted.stayers.sum()
    return float(counted.leavers @ counted.stayers / pairs / 2.0) if pairs else 0.0


def _calibration(counted: Tally) -> Calibration:
    intercept, slope = _recalibration(counted)
    predicted, observed, sizes = bins_of(counted, BINS)
    bins = tuple(
        (float(mean), rate(share * size, size), round(size))
        for mean, share, size in zip(predicted, observed, sizes, strict=True)
    )
    return Calibration(mean_of(counted, 1.0 - counted.scores, -counted.scores), intercept, slope, ece(counted), bins)


def _recalibration(counted: Tally) -> tuple[Interval | None, Interval | None]:
    """Intercept and slope of a logistic regression of churn on the log-odds of the scores, by Newton's method, with
    Wald's intervals; None where it has no solution: one class alone, one score alone, classes that scores separate."""
    likely = numpy.clip(counted.scores, _LEAST, 1.0 - _LEAST)
    design = numpy.stack((numpy.ones_like(likely), numpy.log(likely / (1.0 - likely))), axis=1)
    found = numpy.array([0.0, 1.0])
    for _ in range(_STEPS):
        fitted = 1.0 / (1.0 + numpy.exp(-numpy.clip(design @ found, -30.0, 30.0)))
        weights = counted.customers * fitted * (1.0 - fitted)
        information = design.T @ (design * weights[:, None])
        if numpy.linalg.cond(information) > 1.0 / _ENOUGH:
            return None, None
        step = numpy.linalg.solve(information, design.T @ (counted.leavers - counted.customers * fitted))
        found = found + step
        if numpy.abs(step).max() < _ENOUGH:
            errors = NORMAL * numpy.sqrt(numpy.diag(numpy.linalg.inv(information)))
            intercept, slope = (
                Interval(float(value), float(value - error), float(value + error))
                for value, error in zip(found, errors, strict=True)
            )
            return intercept, slope
    return None, None

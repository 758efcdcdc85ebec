"""Two arms held against each other: how much less churn, how sure.

One test throughout, the score test of two proportions (Miettinen & Nurminen 1985, Statistics in Medicine 4), and the
intervals that come from inverting it: so p-value and interval never contradict each other, whatever the boundary of a
look. It must not know files or how many arms and looks there are.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import ndtr

Interval = tuple[float, float]
_NEXT = 1e-9


@dataclass(frozen=True)
class Outcomes:
    """How many customers of an arm are known to have left or stayed, and how many of them left."""

    churned: int
    known: int

    @property
    def churn(self) -> float:
        """The share (0 to 1) that left."""
        return self.churned / self.known


def nominal_p(score: float) -> float:
    """The ordinary two-sided p-value of a standard normal score."""
    return float(2.0 * ndtr(-abs(score)))


def scores(
    control_churned: ArrayLike, control: ArrayLike, treatment_churned: ArrayLike, treatment: ArrayLike
) -> numpy.ndarray:
    """Standard normal scores of "both arms churn alike", positive where the treatment arm churns less.

    Takes numbers or arrays of one shape: customers who left, and customers (at least 1), of each arm. 0 where nobody or
    everybody left, which tells nothing.
    """
    first, second = numpy.asarray(control, dtype=float), numpy.asarray(treatment, dtype=float)
    left_first, left_second = numpy.asarray(control_churned, dtype=float), numpy.asarray(treatment_churned, dtype=float)
    total = first + second
    pooled = (left_first + left_second) / total
    variance = pooled * (1.0 - pooled) * (1.0 / first + 1.0 / second) * total / (total - 1.0)
    difference = left_first / first - left_second / second
    nothing = variance <= 0.0
    return numpy.where(nothing, 0.0, difference / numpy.sqrt(numpy.where(nothing, 1.0, variance)))


def score(control: Outcomes, treatment: Outcomes) -> float:
    """As `scores`, of one pair of arms."""
    return float(scores(control.churned, control.known, treatment.churned, treatment.known))


def absolute_interval(control: Outcomes, treatment: Outcomes, boundary: float) -> Interval:
    """Which differences churn(control) - churn(treatment) have a score below the boundary (1.96: 95 %; Miettinen &
    Nurminen 1985, equations 8 and 9). statsmodels 0.15 offers the same, but has a count for a sample size in the cubic,
    and its search fails on everyday counts (10 and 20 of 100)."""
    estimate = control.churn - treatment.churn

    def beyond(value: float) -> float:
        other = _restricted(control, treatment, value)
        deviation = _deviation(control, treatment, (other + value, other), 1.0)
        return abs(estimate - value) - boundary * deviation

    return _inverted(beyond, estimate, -1.0, 1.0)


def relative_interval(control: Outcomes, treatment: Outcomes, boundary: float) -> Interval | None:
    """Which relative reductions 1 - churn(treatment) / churn(control) have a score below the boundary (Miettinen &
    Nurminen 1985, equations 10 to 12; Koopman 1984). None where nobody left in the control arm: then there is no such
    thing. statsmodels 0.15 offers the same, but is wrong where everybody or nobody of an arm left."""
    if control.churned == 0:
        return None

    def beyond(ratio: float) -> float:
        base = _restricted_base(control, treatment, ratio)
        deviation = _deviation(control, treatment, (base, min(1.0, base * ratio)), ratio)
        return abs(treatment.churn - ratio * control.churn) - boundary * deviation

    estimate = treatment.churn / control.churn
    largest = max(2.0 * estimate, 2.0)
    while beyond(largest) < 0.0:
        largest *= 2.0
    low, high = _inverted(beyond, estimate, 0.0, largest)
    return 1.0 - high, 1.0 - low


def _inverted(beyond: Callable[[float], float], estimate: float, lowest: float, highest: float) -> Interval:
    """Where `beyond`, falling up to the estimate and rising after it, is 0. The estimate itself is left out: where
    nobody left, the deviation there is 0 too."""
    low, high = max(lowest, estimate - _NEXT), min(highest, estimate + _NEXT)
    return (
        low if beyond(low) >= 0.0 else float(brentq(beyond, lowest, low, xtol=1e-12)),
        high if beyond(high) >= 0.0 else float(brentq(beyond, high, highest, xtol=1e-12)),
    )


def _deviation(control: Outcomes, treatment: Outcomes, churn: tuple[float, float], ratio: float) -> float:
    """The standard deviation of `ratio` × churn(control) - churn(treatment) when the true churns are such."""
    first, second = churn
    variance = ratio**2 * first * (1.0 - first) / control.known + second * (1.0 - second) / treatment.known
    total = control.known + treatment.known
    return math.sqrt(max(variance, 0.0) * total / (total - 1))


def _restricted_base(control: Outcomes, treatment: Outcomes, ratio: float) -> float:
    """The likeliest churn of the control arm when that of the treatment arm is `ratio` times it: the smaller root of a
    quadratic (Miettinen & Nurminen 1985, equation 12), in the form that loses no digits."""
    total, left = control.known + treatment.known, control.churned + treatment.churned
    slope = treatment.known * ratio + treatment.churned + control.known + control.churned * ratio
    root = math.sqrt(max(slope**2 - 4.0 * total * ratio * left, 0.0))
    return min(1.0, 2.0 * left / (slope + root))


def _restricted(control: Outcomes, treatment: Outcomes, value: float) -> float:
    """The likeliest churn of the treatment arm when that of the control arm is `value` higher: the one root within
    bounds of a cubic (Miettinen & Nurminen 1985, appendix 1)."""
    total, left = control.known + treatment.known, control.churned + treatment.churned
    square = ((control.known + 2.0 * treatment.known) * value - total - left) / (3.0 * total)
    linear = ((treatment.known * value - total - 2.0 * treatment.churned) * value + left) / (3.0 * total)
    constant = treatment.churned * value * (1.0 - value) / total
    bend = square**3 - 1.5 * square * linear + 0.5 * constant
    radius = math.copysign(math.sqrt(max(square**2 - linear, 0.0)), bend)
    cosine = 1.0 if radius == 0.0 else max(-1.0, min(1.0, bend / radius**3))
    root = 2.0 * radius * math.cos((math.pi + math.acos(cosine)) / 3.0) - square
    return min(max(root, 0.0, -value), 1.0, 1.0 - value)

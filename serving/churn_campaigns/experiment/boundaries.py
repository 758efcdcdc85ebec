"""How far a difference must go at each look so that looking several times still errs in `alpha` of all experiments.

Alpha spending of the O'Brien–Fleming type (Lan & DeMets 1983, Biometrika 70, "Discrete sequential boundaries for
clinical trials"), symmetric and two-sided: each side spends half of alpha. Crossing probabilities come by recursive
numerical integration (Armitage, McPherson & Rowe 1969, JRSS A 132; Jennison & Turnbull 2000, "Group Sequential
Methods", chapter 19). No kept-up Python library does this. It must not know what is measured: all it sees is a standard
normal score.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

MAX_LOOKS = 20
MIN_INFORMATION = 1.0 / MAX_LOOKS
"""Before so little information hardly any alpha is spent, and nothing could be concluded."""

SMALLEST_ALPHA, LARGEST_ALPHA = 1e-6, 0.5
SMALLEST_P = 1e-12
_NEVER = 1e-300
_NODES = 256


def equal_looks(looks: int) -> tuple[float, ...]:
    """The information at each of `looks` (1 to 20) equally spaced looks: 1/looks, 2/looks, …, 1.

    Raises:
        ValueError: too few or too many looks.
    """
    if not 1 <= looks <= MAX_LOOKS:
        raise ValueError(f"{looks} looks, 1 to {MAX_LOOKS} were expected")
    return tuple(look / looks for look in range(1, looks + 1))


def require_level(alpha: float) -> None:
    """Return if alpha is one at which an effect can be shown, and means something if it is.

    Raises:
        ValueError: it is not.
    """
    if not SMALLEST_ALPHA <= alpha <= LARGEST_ALPHA:
        raise ValueError(f"{alpha:g} is not a share from {SMALLEST_ALPHA:.6f} to {LARGEST_ALPHA:g}")


def spent(information: float, alpha: float) -> float:
    """The two-sided alpha spent when this share (0 to 1) of the planned information is in: 4 (1 - Φ(z /
    √information)) with z the normal quantile of 1 - alpha / 4 (Lan & DeMets 1983, first function, for each side)."""
    return float(4.0 * ndtr(ndtri(alpha / 4.0) / math.sqrt(information)))


def boundaries(information: Sequence[float], alpha: float) -> tuple[float, ...]:
    """The standard normal score that must be reached at each look.

    Args:
        information: share of the planned information at each look so far, rising, at least 0.05 and at most 1.
        alpha: probability (0 to 1) of reaching any of them by chance when the last look has all information.

    Raises:
        ValueError: the information is not such.
    """
    known = tuple(information)
    rising = all(after > before for before, after in pairwise(known))
    if not known or not (rising and known[0] >= MIN_INFORMATION and known[-1] <= 1.0):
        raise ValueError(f"information at the looks must rise from at least {MIN_INFORMATION:g} to at most 1")
    return _boundaries(known, alpha)


@lru_cache(maxsize=256)
def _boundaries(information: tuple[float, ...], alpha: float) -> tuple[float, ...]:
    walk, before, found = _Walk(drift=0.0), 0.0, []
    for share in information:
        goal = max((spent(share, alpha) - before) / 2.0, _NEVER)
        found.append(walk.edge(share, goal))
        walk.go_on(share, found[-1])
        before += 2.0 * goal
    return tuple(found)


def next_boundary(before: Sequence[tuple[float, float]], information: float, already: float, until_now: float) -> float:
    """The score to reach at one more look.

    Args:
        before: information and score to reach at each look so far; information in any units, rising.
        information: at this look, above all before.
        already: alpha spent by the looks so far.
        until_now: alpha that may be spent when this look is over.

    Raises:
        ValueError: the information does not rise.
    """
    if information <= max((known for known, _ in before), default=0.0):
        why = "nothing more is known than at the look before, or corrected outcomes have left less to go by"
        raise ValueError(f"{why}; look again when more outcomes are known")
    walk = _Walk(drift=0.0)
    for known, score in before:
        walk.go_on(known / information, score)
    return walk.edge(1.0, max((until_now - already) / 2.0, _NEVER))


def crossing_probability(scores: Sequence[float], information: Sequence[float], drift: float) -> float:
    """The probability that some look's score is at least its boundary in size, on either side, when the score at full
    information has the mean `drift` and standard deviation 1."""
    walk, total = _Walk(drift), 0.0
    for score, share in zip(scores, information, strict=True):
        total += walk.beyond(share, score) + walk.below(share, score)
        walk.go_on(share, score)
    return total


def inflation(looks: int, alpha: float, power: float) -> float:
    """How many times as many customers `looks` equally spaced looks need as one look with the same power at the end
    (Jennison & Turnbull 2000, section 2.3)."""
    if looks == 1:
        return 1.0
    information = equal_looks(looks)
    scores = boundaries(information, alpha)
    fixed = float(ndtri(1.0 - alpha / 2.0) + ndtri(power))
    needed = brentq(lambda drift: crossing_probability(scores, information, drift) - power, 0.5 * fixed, 2.0 * fixed)
    return float((needed / fixed) ** 2)


def repeated_p_value(score: float, information: Sequence[float]) -> float:
    """The smallest alpha whose boundary at the last of these looks the score reaches (Jennison & Turnbull 2000, section
    9.4); the ordinary two-sided p-value when there is one look with all information. Not below 1e-12 otherwise."""
    size = abs(score)
    if tuple(information) == (1.0,):
        return float(2.0 * ndtr(-size))

    *before, last = information

    def surplus(logarithm: float) -> float:
        """Above 0 where this alpha leaves more for the look than going beyond the score takes."""
        alpha = math.exp(logarithm)
        walk, gone = _Walk(drift=0.0), 0.0
        for share, boundary in zip(before, boundaries(before, alpha) if before else (), strict=True):
            walk.go_on(share, boundary)
            gone = spent(share, alpha)
        return spent(last, alpha) - gone - 2.0 * walk.beyond(last, size)

    smallest, largest = math.log(SMALLEST_P), math.log1p(-1e-9)
    if surplus(smallest) >= 0.0:
        return SMALLEST_P
    if surplus(largest) <= 0.0:
        return 1.0
    return float(math.exp(brentq(surplus, smallest, largest, xtol=1e-8)))


class _Walk:
    """The sums of an experiment that has not ended: a Brownian motion with drift, watched at looks only.

    `_places` are the nodes of a Gauss–Legendre rule between the last look's boundaries, `_mass` the density there times
    the rule's weights, so that an integral over all sums is a plain sum.
    """

    def __init__(self, drift: float) -> None:
        self._drift, self._time = drift, 0.0
        self._places, self._mass = numpy.zeros(1), numpy.ones(1)

    def beyond(self, time: float, score: float) -> float:
        """The probability of going on until this look and being at or above its boundary there."""
        distance, spread = self._step(time, score * math.sqrt(time))
        return float(self._mass @ ndtr(-distance / spread))

    def below(self, time: float, score: float) -> float:
        """As `beyond`, at or below the boundary on the other side."""
        distance, spread = self._step(time, -score * math.sqrt(time))
        return float(self._mass @ ndtr(distance / spread))

    def edge(self, time: float, probability: float) -> float:
        """The score that is exceeded at this look with this probability."""
        highest = -float(ndtri(probability))  # what it would be if nobody had left before

        def surplus(score: float) -> float:
            return self.beyond(time, score) / probability - 1.0

        return highest if surplus(highest) >= 0.0 else float(brentq(surplus, 0.0, highest, xtol=1e-12))

    def go_on(self, time: float, score: float) -> None:
        """Leave out those who have crossed."""
        nodes, weights = _rule()
        width = score * math.sqrt(time)
        places = width * nodes
        distance, spread = self._step(time, places[:, None])
        density = numpy.exp(-0.5 * (distance / spread) ** 2) / (spread * math.sqrt(2.0 * math.pi))
        # Not `@`: a multiplication in threads costs more than it saves here, a thousandfold on a busy machine.
        reached = numpy.einsum("ij,j->i", density, self._mass)
        self._places, self._mass, self._time = places, width * weights * reached, time

    def _step(self, time: float, place: float | numpy.ndarray) -> tuple[numpy.ndarray, float]:
        """How far `place` is from where the walk would go from each node, and the standard deviation of that."""
        duration = time - self._time
        return place - self._places - self._drift * duration, math.sqrt(duration)


@lru_cache(maxsize=1)
def _rule() -> tuple[numpy.ndarray, numpy.ndarray]:
    nodes, weights = numpy.polynomial.legendre.leggauss(_NODES)
    return nodes, weights

"""How strongly differences of two models' probabilities for the same customers speak for or against a margin, whenever
one looks.

Of each customer one is seen by how much the candidate's probability is higher, or lower: two numbers h and l from 0 to
1, of which one is 0. For k between 0 and 1 the factor (1 + k)^h (1 - k)^l / (1 + k m) is expected to be at most 1 while
the mean of h - l is at most the margin m: (1 + k)^h is at most 1 + k h and (1 - k)^l at most 1 - k l, as both are
convex and the line between 0 and 1 lies above them, and since one of h and l is 0 their product is at most
1 + k (h - l). With k's sign changed the same holds against "at least m". So products over customers are e-processes
(:mod:`churn_delivery.rollout.evidence`), they need the sums of h and l alone, and nothing else is assumed of how
differences are distributed. Several k share the stake. Mean differences either way are the case without l.
"""

from dataclasses import dataclass

import numpy as np

from churn_delivery.rollout.evidence import Array

BOUNDS = (0.01, 0.05, 0.1)
"""Differences whose shares are told; bounds of the gateways' histogram."""
_STAKES = np.array([0.05, 0.2, 0.5, 0.8, 0.95])


@dataclass(frozen=True)
class Differences:
    """By block, shape (blocks,): customers whom both models have scored, in how many calls, and the sums by which the
    canary's probabilities are `higher` and `lower`; `within`, shape (blocks, bounds): those who differ by at most each
    of :data:`BOUNDS`."""

    customers: Array
    calls: Array
    higher: Array
    lower: Array
    within: Array


@dataclass(frozen=True)
class Compared:
    """All blocks together: `shares` of customers within each of :data:`BOUNDS`; the mean `difference` either way and
    the mean `shift`, positive where the canary says more."""

    customers: int
    shares: tuple[float, ...]
    difference: float
    shift: float

    def worded(self) -> str:
        """For people."""
        if not self.customers:
            return "nobody was scored by both models yet"
        within = ", ".join(f"{share:.1%} within {bound:g}" for bound, share in zip(BOUNDS, self.shares, strict=True))
        return (
            f"of {self.customers} customers scored by both models {within}; the canary says {self.shift:+.4f} on "
            f"average, and differs by {self.difference:.4f} either way"
        )


def together(found: Differences) -> Compared:
    """What all blocks come to."""
    customers = float(found.customers.sum())
    whole = max(customers, 1.0)
    higher, lower = float(found.higher.sum()), float(found.lower.sum())
    shares = tuple(float(each) / whole for each in found.within.sum(axis=0))
    return Compared(int(customers), shares, (higher + lower) / whole, (higher - lower) / whole)


def evidence(measure: str, found: Differences, margin: float) -> tuple[Array, Array]:
    """After each block the logarithms of the e-processes against "`difference` (or `shift`, either way) is at most
    `margin`" and against "it is at least that"."""
    # Customers of one call are no more than one observation: what comes together is alike.
    weights = np.minimum(1.0, found.calls / np.maximum(found.customers, 1.0))
    number, higher, lower = (part * weights for part in (found.customers, found.higher, found.lower))
    if measure == "difference":
        either = higher + lower
        return _log_capital(number, either, either * 0.0, margin), _log_capital(
            number, either, either * 0.0, margin, -1
        )
    ways = ((higher, lower), (lower, higher))
    against = [_log_capital(number, more, less, margin) for more, less in ways]
    towards = [_log_capital(number, more, less, margin, -1) for more, less in ways]
    return np.logaddexp(*against) - np.log(2), np.minimum(*towards)


def _log_capital(number: Array, more: Array, less: Array, margin: float, sign: int = 1) -> Array:
    stakes = sign * _STAKES
    gains = (
        more[:, None] * np.log1p(stakes)
        + less[:, None] * np.log1p(-stakes)
        - number[:, None] * np.log1p(stakes * margin)
    )
    return np.asarray(np.logaddexp.reduce(np.cumsum(gains, axis=0), axis=1) - np.log(len(stakes)))

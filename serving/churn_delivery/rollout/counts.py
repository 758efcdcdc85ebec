"""What was counted of a backend, block by block, and which of it says how good it is.

It must not know who has counted, nor what follows from it.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Protocol

import numpy as np

from churn_delivery.rollout.differences import Differences
from churn_delivery.rollout.evidence import Array, Pairs


@dataclass(frozen=True)
class Window:
    """From `start` on, in Unix time, `blocks` blocks of `seconds` each, while every gateway gave the canary `percent`
    of customers, or where that is 0 copies of `shadow` percent of requests."""

    start: float
    seconds: float
    blocks: int
    percent: float
    shadow: float = 0.0


@dataclass(frozen=True)
class Counts:
    """By block, shape (blocks,): calls that ended in an answer, in an error, too late; of the answered those `slow`;
    requests that went on without its answer; customers with a score, and `below`, shape (blocks, bounds): of them those
    with at most each bound."""

    answered: Array
    failed: Array
    late: Array
    slow: Array
    left: Array
    customers: Array
    below: Array

    @property
    def calls(self) -> Array:
        """Calls however they ended."""
        return np.asarray(self.answered + self.failed + self.late)

    def first(self, blocks: int) -> "Counts":
        """The first of them."""
        return Counts(*(getattr(self, each.name)[:blocks] for each in fields(self)))

    def then(self, others: "Counts") -> "Counts":
        """These and others after them."""
        names = [each.name for each in fields(self)]
        return Counts(*(np.concatenate([getattr(self, name), getattr(others, name)]) for name in names))


@dataclass(frozen=True)
class Observed:
    """What gateways counted of the canary and of the primary in the blocks of a window in which every gateway gave
    the share that was asked for, from the first on at whose beginning all had met the canary's model: what is asked of
    pods that only start says nothing of it. `met`: whether there was one; `differences` where the share was one of
    copies."""

    canary: Counts
    primary: Counts
    differences: Differences | None = None
    met: bool = True

    @property
    def blocks(self) -> int:
        """How many there were."""
        return len(self.canary.answered)


class Gateways(Protocol):
    """Where counts come from."""

    def require_clock(self, now: datetime) -> None:
        """That newest counts are of this moment.

        Raises:
            ClockDiffers: they are older, or are said to come.
            NothingCounted: there are none.
        """
        ...

    def observe(self, window: Window, canary: str, slow_seconds: float) -> Observed:
        """What was counted of the canary of this digest and of the primary."""
        ...

    def shares(self, *, shadow: bool) -> tuple[float, float]:
        """The smallest and the largest share of customers, or of copies, in percent, that gateways give the canary
        now."""
        ...

    def serves(self, backend: str) -> frozenset[str]:
        """Digests of the models that gateways see at a backend now."""
        ...


MEASURES = ("errors", "timeouts", "slow", "fallback", "scores")
SHADOW_MEASURES = ("errors", "timeouts", "slow", "difference", "shift")
"""Those of a canary that is asked about copies alone: no request goes on from it, and both models score everybody."""


def pairs(measure: str, canary: Counts, primary: Counts) -> Pairs:
    """A measure's counts; those of `scores` by bound, shape (blocks, bounds)."""
    return Pairs(*_measured(measure, canary), *_measured(measure, primary))


def _measured(measure: str, counts: Counts) -> tuple[Array, Array]:
    if measure == "errors":
        return counts.failed, counts.calls
    if measure == "timeouts":
        return counts.late, counts.calls
    if measure == "slow":
        return counts.slow, counts.answered
    if measure == "fallback":
        return counts.left, counts.left + counts.answered
    # Customers of one call are no more than one observation: what comes together is alike.
    weights = np.minimum(1.0, counts.answered / np.maximum(counts.customers, 1.0))[:, None]
    return counts.below * weights, np.broadcast_to((counts.customers[:, None] * weights), counts.below.shape)

"""The allocation problem in the form that all its solvers share: gains by action, and limits as rows.

It exists so that the exact solver, the dual and the repair agree about what is feasible. It knows no customers, no
models and no use cases.
"""

from dataclasses import dataclass
from typing import Self

import numpy
import numpy.typing

Floats = numpy.typing.NDArray[numpy.float64]
Integers = numpy.typing.NDArray[numpy.int64]

NOTHING = -1
# Sums of prices such as three times 0.1 must fit into 0.3: what a limit forgives, far below any coin.
FORGIVEN = 1e-9


@dataclass(frozen=True)
class AllocationProblem:
    """``gain``: float [actions, customers], -inf where an action is not possible or does not pay. ``rows``: float
    [limits, actions], what one customer with the action uses of each limit. ``limits``: float [limits]."""

    gain: Floats
    rows: Floats
    limits: Floats

    @classmethod
    def of(cls, net: Floats, cost: Floats, budget: float, capacity: Integers | None) -> Self:
        """The problem without what can never be chosen and without limits that cannot bind."""
        gain = numpy.ascontiguousarray(numpy.asarray(net, dtype=numpy.float64).T)
        gain = numpy.where(gain > 0, gain, -numpy.inf)
        gain[cost > budget * (1 + FORGIVEN)] = -numpy.inf
        room = numpy.full(len(cost), -1) if capacity is None else capacity
        gain[room == 0] = -numpy.inf
        possible = (gain > 0).sum(axis=1)
        rows, limits = [], []
        if numpy.isfinite(budget) and possible @ cost > budget:
            rows.append(cost)
            limits.append(float(budget))
        for action in numpy.flatnonzero((room >= 0) & (room < possible)):
            rows.append(numpy.eye(len(cost))[action])
            limits.append(float(room[action]))
        return cls(gain, numpy.array(rows, dtype=float).reshape(-1, len(cost)), numpy.array(limits, dtype=float))

    @property
    def actions(self) -> int:
        """How many actions there are."""
        return int(self.gain.shape[0])

    @property
    def customers(self) -> int:
        """How many customers there are."""
        return int(self.gain.shape[1])

    @property
    def tolerance(self) -> Floats:
        """What each limit forgives (float [limits]); see :data:`FORGIVEN`."""
        return self.limits * FORGIVEN

    def counts(self, choice: Integers) -> Integers:
        """How many customers have each action: int [actions]."""
        return numpy.bincount(choice + 1, minlength=self.actions + 1)[1:]

    def left(self, choice: Integers) -> Floats:
        """What a choice leaves of each limit, forgiveness included; negative where it is broken: float [limits]."""
        return self.limits + self.tolerance - self.rows @ self.counts(choice)

    def feasible(self, choice: Integers) -> bool:
        """Whether every limit is kept."""
        return bool((self.left(choice) >= 0).all())

    def gains(self, choice: Integers) -> Floats:
        """What each customer's choice gains, 0 for nothing: float [customers]."""
        chosen = self.gain[numpy.maximum(choice, 0), numpy.arange(self.customers)]
        return numpy.where(choice == NOTHING, 0.0, chosen)

    def best_at(self, charge: Floats) -> tuple[Floats, Integers]:
        """The best action of each customer when an action costs its ``charge`` (float [actions]), and what it then
        gains: float [customers] of at least 0, int [customers]; the first listed of equals, nothing where none is above
        0."""
        best = numpy.zeros(self.customers)
        choice = numpy.full(self.customers, NOTHING)
        for action in range(self.actions):
            reduced = self.gain[action] - charge[action]
            better = reduced > best
            numpy.copyto(best, reduced, where=better)
            choice[better] = action
        return best, choice

"""Which customer gets which action, when a budget and capacities are shared by all.

A multiple-choice knapsack with capacities: at most one action a customer, total cost within the budget, as much net
gain in all as possible. Small problems are solved exactly, large ones to a gap that is proven and small. It
knows neither customers nor models: numbers in, numbers out.
"""

from typing import NamedTuple

import numpy

from churn_campaigns.campaign.dual import price
from churn_campaigns.campaign.exact import solve
from churn_campaigns.campaign.primal import recover, without_hopeless
from churn_campaigns.campaign.problem import AllocationProblem, Floats, Integers

EXACT_CELLS = 2_000
EXACT_NODES = 2_000
PROVEN = 1e-9  # of the bound: what is closer to it is the optimum


class Allocation(NamedTuple):
    """``choice``: int [customers], the action's index or -1 for nothing. ``value``: total net of the chosen. ``cost``:
    their total cost. ``bound``: proven upper bound of the optimum. ``gap``: share of the bound that the value misses,
    0 where the bound is 0."""

    choice: Integers
    value: float
    cost: float
    bound: float
    gap: float


def allocate(net: Floats, cost: Floats, budget: float, capacity: Integers | None = None) -> Allocation:
    """Choose at most one action for each customer so that the total net gain is as large as possible.

    The same input always has the same answer. Only actions with a net above 0 are chosen; a limit forgives a relative
    1e-9, so that three times 0.1 fits into 0.3.

    Args:
        net: float [customers, actions], expected gain less cost of giving the action, -inf where it is not possible.
        cost: float [actions], money per customer, at least 0.
        budget: money for all, at least 0; infinite for no limit.
        capacity: int [actions], to how many customers each action can be given; -1 for no limit. None: no limits.

    Raises:
        ValueError: shapes that do not fit, a negative or unknown cost or budget, an unknown or infinite gain.
    """
    net, cost = numpy.asarray(net, dtype=numpy.float64), numpy.asarray(cost, dtype=numpy.float64)
    _check(net, cost, budget, capacity)
    problem = AllocationProblem.of(net, cost, budget, capacity)
    choice, bound = _unlimited(problem)
    if not problem.feasible(choice):
        few = numpy.count_nonzero(problem.gain > 0) <= EXACT_CELLS
        choice, bound = solve_exactly(problem) if few else solve_by_prices(problem)
    value = float(problem.gains(choice).sum())
    bound = max(bound, value)
    gap = (bound - value) / bound if bound > 0 else 0.0
    return Allocation(choice, value, float(problem.counts(choice) @ cost), bound, gap)


def solve_exactly(problem: AllocationProblem) -> tuple[Integers, float]:
    """The optimum and itself as its bound; where branch and bound has not proven one in :data:`EXACT_NODES` nodes, the
    best choice and the best bound known. For problems of few cells."""
    priced = price(problem)
    choice = recover(problem, priced)
    value = float(problem.gains(choice).sum())
    found = solve(without_hopeless(problem, priced, value), EXACT_NODES)
    if found.choice is not None and problem.gains(found.choice).sum() > value:
        choice, value = found.choice, float(problem.gains(found.choice).sum())
    # Without the hopeless pairs the bound may lie below what was known before.
    bound = min(priced.bound, max(found.bound, value))
    return choice, value if bound - value <= PROVEN * bound else bound


def solve_by_prices(problem: AllocationProblem) -> tuple[Integers, float]:
    """A choice near the optimum and a proven bound, in a time that grows with the number of cells alone."""
    priced = price(problem)
    return recover(problem, priced), priced.bound


def _unlimited(problem: AllocationProblem) -> tuple[Integers, float]:
    """What everybody would get if there were no limits: the optimum where it keeps them."""
    gains, choice = problem.best_at(numpy.zeros(problem.actions))
    return choice, float(gains.sum())


def _check(net: Floats, cost: Floats, budget: float, capacity: Integers | None) -> None:
    if net.ndim != 2 or cost.shape != net.shape[1:] or (capacity is not None and len(capacity) != len(cost)):  # noqa: PLR2004
        raise ValueError("net must be [customers, actions], cost and capacity [actions]")
    if not budget >= 0 or not (numpy.isfinite(cost) & (cost >= 0)).all():
        raise ValueError("budget and costs must be numbers of at least 0")
    if numpy.isnan(net).any() or numpy.isposinf(net).any():
        raise ValueError("net must hold numbers, or -inf where an action is not possible")

"""From prices to a choice that keeps every limit: rounding, repair, a small exact core, and filling what is left.

Each step returns a choice at least as good as it was given among those that keep the limits. It proves nothing: bounds
are the dual's.
"""

import numpy

from churn_campaigns.campaign.dual import Priced, evaluate
from churn_campaigns.campaign.exact import solve
from churn_campaigns.campaign.problem import FORGIVEN, NOTHING, AllocationProblem, Floats, Integers

CORE_CELLS = 500
CORE_NODES = 100
ENOUGH = 1e-4  # share of the bound that may be missed without deciding anew about anybody


def recover(problem: AllocationProblem, priced: Priced) -> Integers:
    """A choice near the dual's bound: int [customers]."""
    choice = _repaired(problem, _rounded(problem, priced), priced.prices)
    choice = _filled(problem, choice, priced.prices)
    if problem.gains(choice).sum() >= (1 - ENOUGH) * priced.bound:
        return choice
    return _filled(problem, _improved(problem, choice, priced.prices), priced.prices)


def without_hopeless(problem: AllocationProblem, priced: Priced, value: float) -> AllocationProblem:
    """The problem without pairs of customer and action that no choice better than ``value`` can hold: a pair whose
    reduced gain lies so far below the customer's best that the bound would fall below the value (variable fixing by
    reduced costs; Kellerer, Pferschy and Pisinger 2004, "Knapsack Problems", section 3.2)."""
    charge = priced.prices @ problem.rows
    lost = problem.best_at(charge)[0] - (problem.gain - charge[:, None])
    hopeless = priced.bound - lost < value * (1 - FORGIVEN)
    return AllocationProblem(numpy.where(hopeless, -numpy.inf, problem.gain), problem.rows, problem.limits)


def _rounded(problem: AllocationProblem, priced: Priced) -> Integers:
    """The mixture of choices as one choice: customers of whom the parts say the same are shared out by weight."""
    parts = numpy.array([evaluate(problem, prices)[1] for _, prices in priced.mixture])
    choice: Integers = parts[0].copy()
    contested = numpy.flatnonzero((parts != choice).any(axis=0))
    if not len(contested):
        return choice
    patterns = numpy.zeros(len(contested), dtype=numpy.int64)
    for part in parts[:, contested]:
        patterns = numpy.unique(patterns * (problem.actions + 1) + part + 1, return_inverse=True)[1]
    order = numpy.argsort(patterns, kind="stable")
    sizes = numpy.bincount(patterns)
    starts = numpy.cumsum(sizes) - sizes
    place = numpy.empty(len(contested))
    place[order] = numpy.arange(len(contested)) - starts[patterns[order]] + 0.5
    until = numpy.cumsum([weight for weight, _ in priced.mixture])
    part_of = numpy.minimum(numpy.searchsorted(until, place / sizes[patterns]), len(parts) - 1)
    choice[contested] = parts[part_of, contested]
    return choice


def _repaired(problem: AllocationProblem, choice: Integers, prices: Floats) -> Integers:
    """Takes actions away, those worth least at the prices first, until every limit is kept."""
    choice = choice.copy()
    worth = problem.gains(choice) - numpy.append(prices @ problem.rows, 0.0)[choice]
    for limit, row in enumerate(problem.rows):
        over = -problem.left(choice)[limit]
        if over > 0:
            users = numpy.flatnonzero(numpy.append(row, 0.0)[choice] > 0)
            users = users[numpy.argsort(worth[users], kind="stable")]
            freed = numpy.cumsum(row[choice[users]])
            choice[users[: int(numpy.searchsorted(freed, over)) + 1]] = NOTHING
    return choice


def _improved(problem: AllocationProblem, choice: Integers, prices: Floats) -> Integers:
    """Decides anew, exactly, about the customers whose best actions are nearly equal at the prices (the core of Balas
    and Zemel 1980, "An algorithm for large zero-one knapsack problems"); all others keep what they have."""
    core = _contested(problem, choice, prices)
    others = choice.copy()
    others[core] = NOTHING
    left = problem.limits - problem.rows @ problem.counts(others)
    gain = problem.gain[:, core]
    gain[(problem.rows > left[:, None]).any(axis=0)] = -numpy.inf
    usable = left > 0
    found = solve(AllocationProblem(gain, problem.rows[usable], left[usable]), CORE_NODES).choice
    if found is None:
        return choice
    others[core] = found
    better = problem.gains(others).sum() > problem.gains(choice).sum()
    return others if better and problem.feasible(others) else choice


def _contested(problem: AllocationProblem, choice: Integers, prices: Floats) -> Integers:
    """The customers with the smallest difference between best and second best, as many as make a small problem."""
    best, wanted = problem.best_at(prices @ problem.rows)
    reduced = problem.gain - (prices @ problem.rows)[:, None]
    reduced[wanted[wanted != NOTHING], numpy.flatnonzero(wanted != NOTHING)] = 0.0
    second = reduced.max(axis=0)
    margin = numpy.where(wanted == NOTHING, -second, best - numpy.maximum(second, 0.0))
    margin[choice != wanted] = -1.0
    return numpy.sort(numpy.argsort(margin, kind="stable")[: CORE_CELLS // problem.actions])


def _filled(problem: AllocationProblem, choice: Integers, prices: Floats) -> Integers:
    """Gives what is left to those who gain most by it at the prices, in place of nothing or of a lesser action.

    In each round the longest run of changes that fits is made; what did not fit next is not tried again, so that there
    are at most as many rounds as pairs of actions.
    """
    choice = choice.copy()
    rows = numpy.column_stack([problem.rows, numpy.zeros(len(problem.rows))])
    tried = numpy.eye(problem.actions + 1, dtype=bool)
    while True:
        left = problem.left(choice)
        more = rows[:, None, :] - rows[:, :, None]  # [limits, from, to]
        fits = ~tried & (more <= left[:, None, None]).all(axis=0)
        gain, target = _best_change(problem, choice, fits, prices)
        movers = numpy.flatnonzero(target != NOTHING)
        if not len(movers):
            return choice
        movers = movers[numpy.argsort(-gain[movers], kind="stable")]
        used = numpy.cumsum(more[:, choice[movers], target[movers]], axis=1)
        broken = numpy.flatnonzero((used > left[:, None]).any(axis=0))
        run = movers[: broken[0]] if len(broken) else movers
        if len(broken):
            tried[choice[movers[broken[0]]], target[movers[broken[0]]]] = True
        choice[run] = target[run]


def _best_change(
    problem: AllocationProblem, choice: Integers, fits: numpy.ndarray, prices: Floats
) -> tuple[Floats, Integers]:
    """For each customer the best change that gains something: its worth at the prices and its action, or nothing."""
    now = problem.gains(choice)
    best = numpy.full(problem.customers, -numpy.inf)
    target = numpy.full(problem.customers, NOTHING)
    charge = numpy.append(prices @ problem.rows, 0.0)
    for action in numpy.flatnonzero(fits[:, :-1].any(axis=0)):
        worth = problem.gain[action] - charge[action] - (now - charge[choice])
        better = fits[choice, action] & (problem.gain[action] > now) & (worth > best)
        numpy.copyto(best, worth, where=better)
        target[better] = action
    return best, target

"""A trial: actions dealt by chance, to learn from, where a campaign would give each customer the best that is known.

What is planned for whom is a hash of salt and id alone, and so is who is held out; a trial is read, and learned from,
like every other plan. It must not know how effects were found.
"""

from collections.abc import Sequence

import numpy

from churn_campaigns.campaign.allocation import Allocation
from churn_campaigns.campaign.problem import FORGIVEN, NOTHING, Floats, Integers
from churn_model.holdout import position

_TURN, _ACTION = " turn", " action"
Flags = numpy.typing.NDArray[numpy.bool_]


def deal(
    net: Floats, cost: Floats, limits: tuple[float, Integers], held_out: Flags, ids: Sequence[str], salt: str
) -> Allocation:
    """For customers in an order by chance, one of the actions that could pay with them, until the budget is spent.

    Args:
        net: float [customers, actions], -inf where an action is not possible; what is not above 0 is not tried.
        cost: float [actions].
        limits: budget and capacities (int [actions], -1: none) of those who are not held out.
        held_out: bool [customers].
        ids: of the customers.
        salt: of the experiment.

    Returns:
        What is planned for all. Nothing was optimised: bound and gap are infinite and 1.
    """
    possible = net > 0.0
    open_to = numpy.flatnonzero(possible.any(axis=1))
    turn, lot = (
        numpy.array([position(salt + word, ids[row]) for row in open_to.tolist()]) for word in (_TURN, _ACTION)
    )
    count = possible[open_to].sum(axis=1)
    which = numpy.minimum((lot * count).astype(int), count - 1)
    drawn = (numpy.cumsum(possible[open_to], axis=1) == (which + 1)[:, None]).argmax(axis=1)
    order = numpy.argsort(turn, kind="stable")
    rows, actions = open_to[order], drawn[order]
    kept = _within(actions, ~held_out[rows], cost, limits)
    choice = numpy.full(len(net), NOTHING)
    choice[rows[kept]] = actions[kept]
    value = float(net[rows[kept], actions[kept]].sum())
    return Allocation(choice, value, float(cost[actions[kept]].sum()), numpy.inf, 1.0)


def _within(actions: Integers, treated: Flags, cost: Floats, limits: tuple[float, Integers]) -> Flags:
    """Who comes before a capacity, and then before the budget, is used up: bool [customers in their order]."""
    budget, capacity = limits
    kept = numpy.ones(len(actions), dtype=bool)
    for action in numpy.flatnonzero(capacity >= 0):
        own = actions == action
        kept[own] = numpy.cumsum(treated[own]) <= capacity[action]
    spent = numpy.cumsum(cost[actions] * treated * kept)
    return numpy.asarray(kept & (spent <= budget * (1.0 + FORGIVEN)))

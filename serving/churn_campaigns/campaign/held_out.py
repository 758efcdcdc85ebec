"""The best allocation when limits bind those who are treated and not those who are held out.

Who is held out must have no say in what is planned for whom, or treated and held-out customers would differ by more
than chance. So everybody competes alike under wider limits, until the treated alone fill the real ones. It must not
know customers or how the holdout is drawn.
"""

import numpy

from churn_campaigns.campaign.allocation import Allocation, allocate
from churn_campaigns.campaign.problem import FORGIVEN, NOTHING, Floats, Integers

ROUNDS = 5
Flags = numpy.typing.NDArray[numpy.bool_]


def allocate_treated(net: Floats, cost: Floats, budget: float, capacity: Integers, held_out: Flags) -> Allocation:
    """As :func:`~churn_campaigns.campaign.allocation.allocate`, but budget and capacities are those of the customers
    who are not held out; the answer is what is planned for all. Its ``bound`` is that of the wider limits.

    Args:
        net: as there.
        cost: as there.
        budget: as there, of those treated.
        capacity: as budget; -1 for no limit.
        held_out: bool [customers].
    """
    if not held_out.any():
        return allocate(net, cost, budget, capacity)
    treated = ~held_out
    more = 1.0 / max(float(treated.mean()), 1.0 / len(held_out))
    money, room = budget * more, numpy.where(capacity > 0, numpy.ceil(capacity * more), capacity).astype(numpy.int64)
    found = allocate(net, cost, money, room)
    for _ in range(ROUNDS):
        counts = _counts(found.choice[treated], len(cost))
        lacking = budget - float(counts @ cost)
        missing = capacity - counts
        money_binds = found.cost > money - 2.0 * cost.max()
        rooms_bind = (capacity > 0) & (_counts(found.choice, len(cost)) >= room)
        widen_money = numpy.isfinite(budget) and money_binds and lacking > cost.max()
        widen_rooms = rooms_bind & (missing > 0)
        if not widen_money and not widen_rooms.any():
            break
        money += (lacking * more + cost.max()) * widen_money if numpy.isfinite(budget) else 0.0
        room = room + numpy.where(widen_rooms, numpy.ceil(missing * more), 0).astype(numpy.int64)
        found = allocate(net, cost, money, room)
    return _trimmed(found, net, cost, (budget, capacity), treated)


def _trimmed(
    found: Allocation, net: Floats, cost: Floats, limits: tuple[float, Integers], treated: Flags
) -> Allocation:
    """Takes from the treated and the held out alike, those worth least first, until the treated keep the limits."""
    budget, capacity = limits
    choice = found.choice.copy()
    worth = net[numpy.arange(len(choice)), numpy.maximum(choice, 0)]
    for action in numpy.flatnonzero(capacity >= 0):
        users = numpy.flatnonzero(choice == action)
        _take(choice, users, worth[users], treated[users].astype(float), float(capacity[action]))
    if numpy.isfinite(budget):
        price = numpy.append(cost, 0.0)
        users = numpy.flatnonzero(price[choice] > 0)
        spent = price[choice[users]]
        _take(choice, users, worth[users] / spent, treated[users] * spent, budget)
    value = float(worth[choice != NOTHING].sum())
    gap = (found.bound - value) / found.bound if found.bound > 0 else 0.0
    return Allocation(choice, value, float(_counts(choice, len(cost)) @ cost), found.bound, max(gap, 0.0))


def _take(choice: Integers, users: Integers, worth: Floats, used: Floats, limit: float) -> None:
    over = float(used.sum()) - limit * (1.0 + FORGIVEN)
    if over <= 0:
        return
    order = numpy.argsort(worth, kind="stable")
    freed = numpy.cumsum(used[order])
    choice[users[order[: int(numpy.searchsorted(freed, over)) + 1]]] = NOTHING


def _counts(choice: Integers, actions: int) -> Integers:
    return numpy.bincount(choice + 1, minlength=actions + 1)[1:]

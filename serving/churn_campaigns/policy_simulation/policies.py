"""Ways to choose whom to contact that need no experiment: nobody, by chance, by risk; and the oracle.

All spend the same budget. What ours does stands in `planner`.
"""

import numpy

from churn_campaigns.campaign.allocation import allocate
from churn_campaigns.policy_simulation.world import NOTHING, World

Array = numpy.ndarray


def nobody(world: World) -> Array:
    """No action for anybody: int [customers]."""
    return numpy.full(len(world), NOTHING)


def ranked(world: World, score: Array, budget: float) -> Array:
    """One action for the customers of highest score until the budget is spent; of the actions the one that, as is known
    only with hindsight, then earns most.

    Args:
        world: its customers.
        score: float [customers].
        budget: money for all.
    """
    order = numpy.argsort(-score, kind="stable")
    choices = []
    for action, cost in enumerate(world.cost):
        choice = nobody(world)
        choice[order[: int(budget // cost)]] = action
        choices.append(choice)
    return max(choices, key=lambda choice: expected_net(world, choice))


def oracle(world: World, budget: float) -> Array:
    """The best choice for somebody who knows every customer's probabilities, but not the chance on top."""
    return allocate(world.net, world.cost, budget).choice


def clairvoyant(world: World, budget: float) -> Array:
    """The best choice for somebody who knows what each customer will do; nothing can be learned that does as well."""
    kept = world.leaves[:, None] - world.leaves_after
    return allocate(kept * world.value[:, None] - world.cost, world.cost, budget).choice


def expected_net(world: World, choice: Array) -> float:
    """Expected value kept less cost, of all customers."""
    chosen = numpy.flatnonzero(choice != NOTHING)
    return float(world.net[chosen, choice[chosen]].sum())

"""The campaign: who gets what within the budget, and who is held out so that its effect can be measured.

It must not know files or how effects were found.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy

from churn_campaigns.campaign.allocation import Allocation, allocate
from churn_campaigns.campaign.customers import Customers, Flags
from churn_campaigns.campaign.eligibility import Offers, offers
from churn_campaigns.campaign.held_out import allocate_treated
from churn_campaigns.campaign.orders import Order
from churn_campaigns.campaign.problem import NOTHING, Floats, Integers
from churn_campaigns.campaign.trial import deal
from churn_campaigns.experiment.assignment import in_holdout
from churn_model.rules import ActionRule


@dataclass(frozen=True)
class CampaignPlan:
    """``planned`` is what is planned for all customers; who of them is ``held_out`` gets nothing all the same:
    ``choice``, int [customers], -1 for nothing, is what is done, and keeps budget and capacities. ``unlimited``: what
    would be best for each customer without budget and capacities."""

    actions: tuple[ActionRule, ...]
    offers: Offers
    planned: Allocation
    held_out: Flags
    choice: Integers
    unlimited: Allocation

    @property
    def control(self) -> Flags:
        """Customers who would have got an action and are held out: whom those who got it are compared with."""
        control: Flags = self.held_out & (self.planned.choice != NOTHING)
        return control

    @property
    def measured(self) -> Flags:
        """Customers who get an action whose effect on them was measured in past campaigns."""
        known = self.offers.measured[numpy.arange(len(self.choice)), numpy.maximum(self.choice, 0)]
        measured: Flags = known & (self.choice != NOTHING)
        return measured

    def taken(self, table: Floats) -> Floats:
        """The entries of a table [customers, actions] at what is done, 0 where nothing is: float [customers]."""
        chosen = table[numpy.arange(len(table)), numpy.maximum(self.choice, 0)]
        return numpy.where(self.choice == NOTHING, 0.0, chosen)


def make_plan(customers: Customers, actions: Sequence[ActionRule], order: Order) -> CampaignPlan:
    """Decide about every customer.

    The holdout is drawn by a hash of the id alone and has no say in what is planned for whom, so that customers who got
    an action and customers of the control arm with the same planned action differ by chance only. Budget and capacities
    are filled by those who are treated.
    """
    left_out = numpy.array([customer in order.left_out for customer in customers.ids], dtype=bool)
    found = offers(customers, actions, left_out, proven_only=order.proven_only)
    cost = numpy.array([action.cost for action in actions])
    held_out = numpy.zeros(len(customers), dtype=bool)
    if order.holdout > 0:
        held_out[:] = [in_holdout(order.salt, customer, order.holdout) for customer in customers.ids]
    if order.trial:
        planned = deal(found.net, cost, (order.budget, order.capacity), held_out, customers.ids, order.salt)
    else:
        planned = allocate_treated(found.net, cost, order.budget, order.capacity, held_out)
    choice = numpy.where(held_out, NOTHING, planned.choice)
    return CampaignPlan(tuple(actions), found, planned, held_out, choice, allocate(found.net, cost, numpy.inf))

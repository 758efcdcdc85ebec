"""The columns of a campaign's file. It must not know how decisions come about."""

from typing import Any

import numpy

from churn_campaigns.campaign.customers import Customers
from churn_campaigns.campaign.eligibility import FROM_HISTORY
from churn_campaigns.campaign.plan import CampaignPlan
from churn_campaigns.experiment.assignment import CONTROL

NO_ACTION = "none"


def columns_of(customers: Customers, plan: CampaignPlan) -> dict[str, list[Any]]:
    """The file's columns, one entry a customer. ``effect`` is by how much the action lowers this customer's churn
    probability; ``arm`` is the action, ``control`` for who would have got ``planned_action`` and is held out, or
    ``none``."""
    names = numpy.array([*(action.id for action in plan.actions), NO_ACTION])
    action = names[plan.choice]
    cost = numpy.array([*(action.cost for action in plan.actions), 0.0])
    return {
        "id": customers.ids,
        "churn_probability": customers.probability.tolist(),
        "segment": customers.segment.tolist(),
        "value": customers.value.round(2).tolist(),
        "action": action.tolist(),
        "expected_net": plan.taken(plan.offers.net).round(2).tolist(),
        "cost": cost[plan.choice].tolist(),
        "effect": plan.taken(plan.offers.effect).round(6).tolist(),
        "effect_source": numpy.where(
            plan.measured, FROM_HISTORY, numpy.array([*plan.offers.sources, ""])[plan.choice]
        ).tolist(),
        "arm": numpy.where(plan.control, CONTROL, action).tolist(),
        "planned_action": names[plan.planned.choice].tolist(),
    }

"""A campaign's file: first whom to contact, the best first, and everything that its experiment is read by.

It must not know how decisions come about.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy

from churn_campaigns.campaign.customers import Customers
from churn_campaigns.campaign.eligibility import FROM_HISTORY
from churn_campaigns.campaign.plan import CampaignPlan
from churn_campaigns.campaign.problem import NOTHING
from churn_campaigns.experiment import plan_columns
from churn_campaigns.experiment.assignment import CONTROL
from churn_campaigns.experiment.plan_columns import NO_ACTION, row_check

Columns = dict[str, list[Any]]


@dataclass(frozen=True)
class Identity:
    """What all rows of a plan share: the use case's name, the day of the plan, the name of its salt (empty: nobody is
    held out), and the share held out."""

    usecase: str
    planned_on: date
    salt_id: str
    holdout: float


def call_order(plan: CampaignPlan) -> numpy.ndarray:
    """Positions of the customers as the file lists them: who gets an action, by falling net value; then who is held out
    of one, in the same way; then all others in their own order."""
    places = numpy.arange(len(plan.choice))
    planned = plan.planned.choice
    net = plan.offers.net[places, numpy.maximum(planned, 0)]
    group = numpy.where(plan.choice != NOTHING, 0, numpy.where(plan.control, 1, 2))
    return numpy.lexsort((places, numpy.where(planned == NOTHING, 0.0, -net), group))


def columns_of(
    customers: Customers,
    plan: CampaignPlan,
    identity: Identity,
    reasons: Sequence[str] = (),
    why_not: Sequence[str] = (),
) -> Columns:
    """The file's columns, one entry a customer, in the order of :func:`call_order`.

    ``effect`` is by how much the action lowers this customer's churn probability; ``arm`` is the action, ``control``
    for who would have got ``planned_action`` and is held out, or ``none``; ``propensity`` is the probability with which
    those with a planned action get it.

    Args:
        customers: all of them.
        plan: the decisions.
        identity: of the plan.
        reasons: what raises churn, by customer (empty: not known).
        why_not: why nothing is done, by customer (empty: not known).
    """
    names = numpy.array([*(action.id for action in plan.actions), NO_ACTION])
    words = numpy.array([*(action.name for action in plan.actions), ""])
    prices = numpy.array([*(action.cost for action in plan.actions), 0.0])
    action, planned = names[plan.choice], names[plan.planned.choice]
    count = len(customers)
    columns: Columns = {
        plan_columns.ID: customers.ids,
        plan_columns.ACTION: action.tolist(),
        plan_columns.ARM: numpy.where(plan.control, CONTROL, action).tolist(),
        "action_name": words[plan.choice].tolist(),
        "expected_net": plan.taken(plan.offers.net).round(2).tolist(),
        "reasons": list(reasons) or [""] * count,
        "not_contacted_because": list(why_not) or [""] * count,
        plan_columns.SCORE: customers.probability.tolist(),
        plan_columns.VALUE: customers.value.round(2).tolist(),
        "segment": customers.segment.tolist(),
        "cost": prices[plan.choice].tolist(),
        "effect": plan.taken(plan.offers.effect).round(6).tolist(),
        "effect_source": numpy.where(
            plan.measured, FROM_HISTORY, numpy.array([*plan.offers.sources, ""])[plan.choice]
        ).tolist(),
        plan_columns.PLANNED: planned.tolist(),
        plan_columns.PROPENSITY: [None if name == NO_ACTION else 1.0 - identity.holdout for name in planned],
        plan_columns.COST: prices[plan.planned.choice].tolist(),
        plan_columns.USECASE: [identity.usecase] * count,
        plan_columns.PLANNED_ON: [identity.planned_on.isoformat()] * count,
        plan_columns.SALT_ID: [identity.salt_id] * count,
    }
    columns[plan_columns.ROW_CHECK] = _checks(columns)
    order = call_order(plan).tolist()
    return {name: [column[place] for place in order] for name, column in columns.items()}


def _checks(columns: Columns) -> list[str]:
    texts = zip(*(columns[name] for name in plan_columns.TEXTS), strict=True)
    numbers = zip(*(columns[name] for name in plan_columns.NUMBERS), strict=True)
    return [row_check(words, values) for words, values in zip(texts, numbers, strict=True)]

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
from churn_campaigns.campaign.problem import NOTHING, Floats
from churn_campaigns.experiment import plan_columns
from churn_campaigns.experiment.assignment import CONTROL
from churn_campaigns.experiment.plan_columns import NO_ACTION
from churn_campaigns.experiment.row_checks import ROW_CHECK, row_check

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
    places: numpy.ndarray | None = None,
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
        places: int, a part of :func:`call_order`, whose rows are asked for (None: all).
    """
    rows = call_order(plan) if places is None else places
    done, listed = _Done(plan, rows), rows.tolist()
    columns: Columns = {
        plan_columns.ID: [customers.ids[row] for row in listed],
        **_whom_to_contact(plan, done),
        "reasons": [reasons[row] for row in listed] if len(reasons) else [""] * len(listed),
        "not_contacted_because": [why_not[row] for row in listed] if len(why_not) else [""] * len(listed),
        plan_columns.SCORE: customers.probability[rows].round(plan_columns.DECIMALS).tolist(),
        plan_columns.VALUE: customers.value[rows].round(2).tolist(),
        "segment": customers.segment[rows].tolist(),
        **_what_the_experiment_needs(plan, done, identity),
    }
    columns[ROW_CHECK] = _checks(columns)
    return columns


class _Done:
    """What a plan does with some customers, at ``rows``."""

    def __init__(self, plan: CampaignPlan, rows: numpy.ndarray) -> None:
        self.choice, self.planned = plan.choice[rows], plan.planned.choice[rows]
        self.control = plan.held_out[rows] & (self.planned != NOTHING)
        self._cells = rows, numpy.maximum(self.choice, 0)
        self.measured = plan.offers.measured[self._cells] & (self.choice != NOTHING)

    def taken(self, table: Floats) -> Floats:
        """The entries of a table [customers, actions] at what is done, 0 where nothing is: float [rows]."""
        return numpy.where(self.choice == NOTHING, 0.0, table[self._cells])


def _whom_to_contact(plan: CampaignPlan, done: _Done) -> Columns:
    """What is done with each customer."""
    words = numpy.array([*(action.name for action in plan.actions), ""])
    action = _ids(plan)[done.choice]
    return {
        plan_columns.ACTION: action.tolist(),
        plan_columns.ARM: numpy.where(done.control, CONTROL, action).tolist(),
        "action_name": words[done.choice].tolist(),
        "expected_net": done.taken(plan.offers.net).round(2).tolist(),
    }


def _what_the_experiment_needs(plan: CampaignPlan, done: _Done, identity: Identity) -> Columns:
    """What it costs and is worth, what would have been done without a control group, and which plan it is."""
    prices = numpy.array([*(action.cost for action in plan.actions), 0.0])
    sources = numpy.array([*plan.offers.sources, ""])
    planned, count = _ids(plan)[done.planned].tolist(), len(done.planned)
    return {
        "cost": prices[done.choice].tolist(),
        "effect": done.taken(plan.offers.effect).round(6).tolist(),
        "effect_source": numpy.where(done.measured, FROM_HISTORY, sources[done.choice]).tolist(),
        plan_columns.PLANNED: planned,
        plan_columns.PROPENSITY: [None if name == NO_ACTION else 1.0 - identity.holdout for name in planned],
        plan_columns.COST: prices[done.planned].tolist(),
        plan_columns.USECASE: [identity.usecase] * count,
        plan_columns.PLANNED_ON: [identity.planned_on.isoformat()] * count,
        plan_columns.SALT_ID: [identity.salt_id] * count,
    }


def _ids(plan: CampaignPlan) -> numpy.ndarray:
    """The actions' ids by their numbers, the last one for none."""
    return numpy.array([*(action.id for action in plan.actions), NO_ACTION])


def _checks(columns: Columns) -> list[str]:
    texts = zip(*(columns[name] for name in plan_columns.TEXTS), strict=True)
    numbers = zip(*(columns[name] for name in plan_columns.NUMBERS), strict=True)
    return [row_check(words, values) for words, values in zip(texts, numbers, strict=True)]

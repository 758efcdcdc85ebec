"""Why a customer is not contacted: one reason each, in the plan's file and counted in its summary.

Who asks why nobody called must get an answer, the customer as well as the auditor. It must not decide anything.
"""

import numpy

from churn_campaigns.campaign.eligibility import DO_NOT_CONTACT, DOES_NOT_PAY, IN_ANOTHER_PLAN, REASONS
from churn_campaigns.campaign.orders import Order
from churn_campaigns.campaign.plan import CampaignPlan
from churn_campaigns.campaign.problem import NOTHING, Integers

HELD_OUT, BUDGET, CAPACITY = "held out as control", "budget used up", "capacity used up"
WHY = ("", *REASONS, HELD_OUT, BUDGET, CAPACITY)


def why_not_contacted(plan: CampaignPlan, order: Order) -> numpy.ndarray:
    """Why each customer gets nothing: text [customers], one of :data:`WHY`, empty for who gets an action.

    Where an action is possible and would pay, limits are to blame: capacities if every such action's are used up, the
    budget otherwise. Where none is, the reason is that of the action that would bring most; that it does not pay, where
    it would not even so.
    """
    found = plan.offers
    pays = found.barred < 0
    best = found.worth.argmax(axis=1)
    places = numpy.arange(len(best))
    code = found.barred[places, best]
    told = [REASONS.index(reason) for reason in (DO_NOT_CONTACT, IN_ANOTHER_PLAN)]
    hopeless = (found.worth[places, best] <= 0.0) & ~numpy.isin(code, told)
    reasons = numpy.where(hopeless, REASONS.index(DOES_NOT_PAY), code)
    words = numpy.array(REASONS, dtype=object)[reasons]
    full = _full(plan, order.capacity)
    words[pays.any(axis=1)] = BUDGET
    words[pays.any(axis=1) & ~(pays & ~full).any(axis=1)] = CAPACITY
    words[plan.control] = HELD_OUT
    words[plan.choice != NOTHING] = ""
    return words


def counted(words: numpy.ndarray) -> dict[str, int]:
    """How many customers each reason concerns, the most frequent first, without those who get an action."""
    reasons, counts = numpy.unique(words[words != ""].astype(str), return_counts=True)
    return {str(reasons[place]): int(counts[place]) for place in numpy.argsort(-counts, kind="stable")}


def _full(plan: CampaignPlan, capacity: Integers) -> numpy.ndarray:
    """Whose capacity is used up: bool [actions]."""
    given = numpy.bincount(plan.choice + 1, minlength=len(capacity) + 1)[1:]
    return numpy.asarray((capacity >= 0) & (given >= capacity))

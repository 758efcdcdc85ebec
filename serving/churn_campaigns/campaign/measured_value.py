"""What of a plan was measured is worth: the history's doubly robust scores, carried to the plan's own customers.

It must not decide anything.
"""

import numpy

from churn_campaigns.campaign.customers import Customers
from churn_campaigns.campaign.learning import Lessons
from churn_campaigns.campaign.plan import CampaignPlan
from churn_campaigns.uplift.evidence import Estimate
from churn_campaigns.uplift.plan_value import Part, plan_value


def measured_value(plan: CampaignPlan, customers: Customers, lessons: Lessons) -> Estimate | None:
    """Money kept less cost of all customers who get an action whose effect on them was measured, and its error; None
    where nobody does."""
    measured = plan.measured
    parts = []
    for index, action in enumerate(plan.actions):
        lesson, answers = lessons.measured.get(action.id), customers.measured.get(action.id)
        if lesson is None or answers is None or lesson.fitted is None:
            continue
        rows = numpy.flatnonzero(measured & (plan.choice == index))
        parts.append(
            Part(
                lesson.fitted,
                lesson.comparison.rows,
                lesson.value,
                answers.effect[rows],
                answers.without[rows],
                customers.value[rows],
                answers.folds[rows],
                action.cost,
            )
        )
    return plan_value(parts, lessons.customers)

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
                lesson.value - action.offer,  # Whoever is kept accepts the offer, so it is less that is kept.
                answers.effect[rows],
                answers.without[rows],
                customers.value[rows] - action.offer,
                answers.folds[rows],
                action.contact + action.offer * (1.0 - customers.probability[rows]),
            )
        )
    return plan_value(parts, lessons.customers)

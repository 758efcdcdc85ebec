"""Whether what a plan has shown may be declared: were customers dealt as planned, could missing outcomes explain it?

It must not compute effects.
"""

from collections.abc import Callable

import numpy

from churn_campaigns.experiment.analysis import Check
from churn_campaigns.experiment.balance import ALARM, ATTRITION_ALARM, attrition_p_value, sample_ratio_p_value
from churn_campaigns.experiment.plan_cohort import PlanCohort


def sample_ratio(cohort: PlanCohort, treated: numpy.ndarray) -> Check:
    """Whether as many are treated as the plan's propensities say. ``treated``: bool [customers]."""
    share = float(numpy.mean(cohort.propensity))
    p_value = sample_ratio_p_value(
        {"treated": int(treated.sum()), "control": int((~treated).sum())}, {"treated": share, "control": 1.0 - share}
    )
    return Check(p_value, p_value < ALARM)


def attrition(treated: numpy.ndarray, known: numpy.ndarray) -> Check:
    """Whether outcomes are missing alike on both sides. ``treated``, ``known``: bool [customers]."""
    sides = [treated, ~treated]
    p_value = attrition_p_value([int(side.sum()) for side in sides], [int((side & known).sum()) for side in sides])
    return Check(p_value, p_value < ATTRITION_ALARM)


def explained_by_missing(
    score: float,
    boundary: float,
    outcomes: tuple[numpy.ndarray, numpy.ndarray],
    score_of: Callable[[numpy.ndarray], float],
) -> bool:
    """Whether nothing would be shown if those whose outcome is missing had done what speaks most against the effect
    (the bounds of Manski 1990, at the level of the look).

    Args:
        score: of the effect, standard normal, above 0 where those treated leave less.
        boundary: that its size must reach.
        outcomes: float [customers], who left, NaN where not known; bool [customers], who was treated.
        score_of: the score of other outcomes.
    """
    churned, treated = outcomes
    worst = numpy.where(numpy.isnan(churned), treated == (score > 0.0), churned)
    return bool(score_of(worst) * numpy.sign(score) < boundary)

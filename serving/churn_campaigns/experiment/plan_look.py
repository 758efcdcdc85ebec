"""How much of alpha a look at a plan's outcomes may spend, by what has become known since the looks before.

It must not know effects or money.
"""

import numpy

from churn_campaigns.experiment.boundaries import next_boundary, spent
from churn_campaigns.experiment.ledger import Ledger, TakenLook
from churn_campaigns.experiment.plan_cohort import PlanCohort
from churn_campaigns.experiment.plan_outcomes import PlanOutcomes
from churn_data.errors import DataError
from churn_model.plurals import counted

_EARLY = 0.999  # the most information that a look before the end of the window counts as


def next_look(
    ledger: Ledger, outcomes: PlanOutcomes, churned: numpy.ndarray, cohort: PlanCohort, digest: str
) -> TakenLook:
    """The look at these outcomes: the one of the ledger if they were looked at before, else the next.

    Everybody's time starts on one day, so what a look knows is how many have left by then: cumulative churn has
    independent increments in the odds of having left. Before the window is over no more is spent than the share of it
    that has passed allows: where more leave than was expected, a first look would otherwise spend everything.
    """
    again = next((look for look in ledger.taken if look.outcomes == digest), None)
    if again is not None:
        return again
    share = float(churned.mean())
    if not 0.0 < share < 1.0:
        who = "nobody" if share == 0.0 else "everybody"
        raise DataError(
            "outcomes", f"{who} left within {counted(outcomes.days, 'day')} of the plan, which tells nothing yet"
        )
    information = len(churned) * share / (1.0 - share)
    expected = float(numpy.mean(cohort.score))
    planned = len(cohort.ids) * expected / (1.0 - expected) if expected < 1.0 else information
    fraction = 1.0 if outcomes.final else _fraction(information, planned, outcomes.days / ledger.window_days)
    already = ledger.taken[-1].spent if ledger.taken else 0.0
    until_now = max(already, spent(fraction, ledger.alpha)) if fraction > 0.0 else already
    before = [(look.information, look.score) for look in ledger.taken]
    if ledger.taken and ledger.taken[-1].days >= ledger.window_days:
        problem = f"the outcome window ended on {ledger.ends_on} and was read: all of alpha is spent"
        raise DataError("outcomes", problem)
    try:
        score = next_boundary(before, information, already, until_now)
    except ValueError as problem:
        raise DataError("outcomes", f"{problem} ({counted(len(before), 'look')} taken)") from None
    return TakenLook(digest, outcomes.days, information, until_now, score)


def _fraction(information: float, planned: float, passed: float) -> float:
    return min(_EARLY, passed, information / planned if planned > 0.0 else 1.0)

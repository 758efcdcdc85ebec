"""Since when somebody looked whether customers leave: what a use case must say before time can be learned.

A file of today's customers and of those who left in the last month looks as if hardly anybody ever left, since all who
left before are missing. Nothing in the file shows it, so it has to be said. It must not know files or curves.
"""

import math

from churn_model.errors import UseCaseError
from churn_model.rules import EVER
from churn_model.usecase import TimeRule, UseCase

UNSAID = (
    "does not say since when leavers were observed, and a file without those who left before that makes everybody "
    "seem to stay: give `label.window`, in the units of `time.column` (1: the label means left within the last one; "
    f"{EVER}: the file holds all who ever left), or `time.observed_since`, the column with each customer's duration "
    "when observation began"
)


def time_rule(usecase: UseCase) -> TimeRule:
    """How the use case says durations.

    Raises:
        UseCaseError: it does not.
    """
    if usecase.time is None or not usecase.time.column:
        problem = "`time` is missing, it names the column that says how long somebody has been a customer"
        raise UseCaseError(f"use case {usecase.name}: {problem}")
    return usecase.time


def window_months(usecase: UseCase) -> float:
    """Months before the file was written in which somebody left whose label says so; infinite where all leavers are in
    the file.

    Raises:
        UseCaseError: the use case has no `time`, or does not say since when leavers were observed.
    """
    rule = time_rule(usecase)
    if usecase.label.window == EVER:
        return math.inf
    if usecase.label.window is not None:
        return float(usecase.label.window) * rule.months
    if rule.observed_since:
        return math.inf
    raise UseCaseError(f"use case {usecase.name} {UNSAID}")

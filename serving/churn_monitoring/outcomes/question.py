"""What a report is asked: answers of which days, how long after each it counts whether a customer left, and as of when.

It must not know how it is answered.
"""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

from churn_data.errors import DataError
from churn_model.errors import UseCaseError
from churn_model.usecase import UseCase

_DAYS_A_MONTH = 365.25 / 12
MOST_DAYS = 366


@dataclass(frozen=True)
class Question:
    """Answers of the days `first` to `last`, both included (UTC). Who leaves within `window_days` after an answer left;
    whether that is over is seen from `as_of`, the last day of which outcomes are known."""

    first: date
    last: date
    window_days: int
    as_of: date


def window_days_of(usecase: UseCase) -> int:
    """Days over which the label of a use case looks, a twelfth of 365.25 a month.

    Raises:
        UseCaseError: it says no window.
    """
    months = usecase.window_months
    if months is None:
        problem = "`label.window` with `time` is missing, it says within which time a predicted customer leaves"
        raise UseCaseError(f"use case {usecase.name}: {problem}")
    return max(1, round(months * _DAYS_A_MONTH))


def month_of(year: int, month: int) -> tuple[date, date]:
    """The first and the last day of a month."""
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])


def question(
    usecase: UseCase, known_until: date | None, days: tuple[date, date] | None = None, as_of: date | None = None
) -> Question:
    """What is asked, filled in where nobody says.

    Args:
        usecase: says the window.
        known_until: the last day until which outcomes are known; None: nothing is known.
        days: first and last day of the answers; None: the last whole month over whose answers' windows all are over.
        as_of: the last day of which outcomes count; None: `known_until`.

    Raises:
        DataError: nothing is known, or days that are none.
        UseCaseError: the use case says no window.
    """
    window = window_days_of(usecase)
    if known_until is None:
        raise DataError(f"use case {usecase.name}", "no outcome is known yet: churn outcomes load LABELS")
    seen_from = as_of or known_until
    if days is None:
        end = seen_from - timedelta(days=window)
        month = month_of(end.year, end.month)
        days = month if month[1] == end else month_of(*_month_before(end))
    if days[1] < days[0]:
        raise DataError("--until", f"is {days[1]}, before --from {days[0]}")
    if (days[1] - days[0]).days >= MOST_DAYS:
        raise DataError("--until", f"makes more than {MOST_DAYS} days from --from {days[0]} on")
    return Question(days[0], days[1], window, seen_from)


def _month_before(day: date) -> tuple[int, int]:
    last = day.replace(day=1) - timedelta(days=1)
    return last.year, last.month

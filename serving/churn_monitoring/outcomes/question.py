"""What a report is asked: answers of which days, how long after each it counts whether a customer left, and as of when.

It must not know how it is answered.
"""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

from churn_data.errors import DataError
from churn_model.errors import UseCaseError
from churn_model.usecase import UseCase

DAYS_OF = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "year": 365.25}
"""Days of each unit of time."""
MOST_DAYS = 366
MOST_HORIZON = 3_653
MOST_MONTHS = 36
"""The longest window of answers to train on."""


@dataclass(frozen=True)
class Question:
    """Answers of the days `first` to `last`, both included (UTC). Who leaves within `window_days` after an answer left;
    whether that is over is seen from `as_of`, the last day of which outcomes are known. `stated`: the window is not the
    use case's, whose label has none, but the asker's; the probabilities then are of leaving at all, not within it."""

    first: date
    last: date
    window_days: int
    as_of: date
    stated: bool = False


def horizon_days(amount: float, unit: str) -> int:
    """Whole days, at least one, of so many units of `DAYS_OF`."""
    return max(1, round(amount * DAYS_OF[unit]))


def window_days_of(usecase: UseCase, horizon: int | None = None) -> int:
    """Days within which a customer who was answered has to leave to have left: those over which the label of the use
    case looks, or `horizon` where it says none.

    Raises:
        UseCaseError: neither says any, or they say different ones.
    """
    months = usecase.window_months
    if months is not None:
        window = horizon_days(months, "month")
        if horizon in (None, window):
            return window
        problem = f"its probabilities are of leaving within {window} days (`label.window`): leave --horizon out"
    elif horizon is not None:
        return horizon
    else:
        problem = (
            "no `label.window` with `time` says within which time a predicted customer leaves: "
            'say it with --horizon, such as --horizon "3 months"'
        )
    raise UseCaseError(f"use case {usecase.name}: {problem}")


def month_of(year: int, month: int) -> tuple[date, date]:
    """The first and the last day of a month."""
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])


def question(
    usecase: UseCase,
    known_until: date | None,
    days: tuple[date, date] | None = None,
    as_of: date | None = None,
    horizon: int | None = None,
) -> Question:
    """What is asked, filled in where nobody says.

    Args:
        usecase: says the window.
        known_until: the last day until which outcomes are known; None: nothing is known.
        days: first and last day of the answers; None: the last whole month over whose answers' windows all are over.
        as_of: the last day of which outcomes count; None: `known_until`.
        horizon: days, where the use case says no window.

    Raises:
        DataError: nothing is known, or days that are none.
        UseCaseError: nobody says a window, or two different ones.
    """
    window = window_days_of(usecase, horizon)
    if horizon is not None and horizon > MOST_HORIZON:
        raise DataError("--horizon", f"is {horizon} days, more than {MOST_HORIZON}")
    if known_until is None:
        raise DataError(f"use case {usecase.name}", "no outcome is known yet: churn outcomes load LABELS")
    seen_from = as_of or known_until
    if days is None:
        days = _last_month_before(seen_from, window)
    if days[1] < days[0]:
        raise DataError("--until", f"is {days[1]}, before --from {days[0]}")
    if (days[1] - days[0]).days >= MOST_DAYS:
        raise DataError("--until", f"makes more than {MOST_DAYS} days from --from {days[0]} on")
    return Question(days[0], days[1], window, seen_from, usecase.window_months is None)


def days_before(day: date, days: int) -> date:
    """The day so many days before the last one of which outcomes count.

    Raises:
        DataError: no calendar has it.
    """
    try:
        return day - timedelta(days=days)
    except OverflowError:
        raise DataError("--as-of", f"is {day}, before which nobody can have been answered") from None


def _last_month_before(day: date, window: int) -> tuple[date, date]:
    """The last whole month over whose answers' windows all were over on a day."""
    end = days_before(day, window)
    month = month_of(end.year, end.month)
    if month[1] == end:
        return month
    last = days_before(day, window + end.day)
    return month_of(last.year, last.month)

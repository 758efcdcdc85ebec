"""Numbers, money, shares and lengths of time as people read them, rounded to what can be meant."""

import math
from datetime import UTC, datetime

from churn_model.reasons import plain

UNKNOWN = "not known"
_THIN = "\u00a0"
"""A blank at which no line breaks."""
_MINUTE, _HOUR, _DAY, _MONTH, _YEAR = 60, 3600, 86_400, 30 * 86_400, 365 * 86_400


def number(value: float | None) -> str:
    """A count, with thousands apart: 12,345."""
    return UNKNOWN if value is None or math.isnan(value) else f"{value:,.0f}"


def figure(value: float | None) -> str:
    """What a field comes to: a thousand and more whole with thousands apart, less with what counts of it."""
    if value is None or math.isnan(value):
        return UNKNOWN
    return number(value) if abs(value) >= 1000 else plain(value)  # noqa: PLR2004 - as said


def money(value: float | None, currency: str = "") -> str:
    """An amount: cents below a hundred, whole above, with thousands apart; $12.50, $1,234, −$3."""
    if value is None or math.isnan(value):
        return UNKNOWN
    size = abs(value)
    digits = f"{size:,.2f}" if size < 100 and not float(size).is_integer() else f"{size:,.0f}"  # noqa: PLR2004 - as said
    before = f"{currency} " if currency.isalnum() else currency
    return f"{'−' if value < 0 else ''}{before}{digits}"


def large_money(value: float | None, currency: str = "") -> str:
    """An amount for a headline: $1.24 million."""
    if value is None or math.isnan(value) or abs(value) < 1_000_000:  # noqa: PLR2004 - a million
        return money(value, currency)
    before = f"{currency} " if currency.isalnum() else currency
    return f"{'−' if value < 0 else ''}{before}{abs(value) / 1e6:,.2f} million"


def percent(share: float | None) -> str:
    """A share: 7.3 % below ten, 43 % above; never 0 % or 100 % of what is neither."""
    if share is None or math.isnan(share):
        return UNKNOWN
    value = share * 100
    if 0 < value < 0.1:  # noqa: PLR2004 - what would be shown as nothing
        return f"below 0.1{_THIN}%"
    if 99.5 <= value < 100:  # noqa: PLR2004 - and as all
        return f"above 99{_THIN}%"
    digits = 1 if value < 10 and not float(value).is_integer() else 0  # noqa: PLR2004 - as said
    return f"{value:.{digits}f}{_THIN}%"


def length(seconds: float) -> str:
    """A length of time in the unit that fits: 40 minutes, 3 hours, 12 days."""
    units = ((_YEAR, "year"), (_MONTH, "month"), (_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute"))
    for size, unit in units:
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {unit}s"
    return "1 minute" if seconds >= _MINUTE else "less than a minute"


def day(moment: float) -> str:
    """A time (seconds since 1970) as a day and a time of day in UTC."""
    return datetime.fromtimestamp(moment, UTC).strftime("%d %B %Y, %H:%M UTC").lstrip("0")


def months(count: float | None) -> str:
    """A number of months: within a month, within 3 months, within a year."""
    if count is None:
        return ""
    if count % 12 == 0:
        years = round(count / 12)
        return "within a year" if years == 1 else f"within {years} years"
    return "within a month" if count == 1 else f"within {count:g} months"

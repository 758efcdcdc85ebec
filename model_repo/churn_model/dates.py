"""Dates as numbers: the days from a date to a snapshot, the same on every way in.

A model compares lengths of time, never calendar dates. The snapshot is the day as of which customers are described: one
date for all, or a column of each customer's own. It must not read files or know what time it is now, so that the same
customer is answered the same tomorrow.
"""

import math
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

ISO = "iso"
"""The spelling `2024-03-31`, a time behind it or not, that every way in understands whatever a column's own is."""
_ISO_TEXT = re.compile(r"\d{4}-\d{2}-\d{2}")
_DAY = timedelta(days=1)
BETWEEN = " | "
"""Stands between the spellings of a column that has several."""
FROM = " from "
"""Stands between a format with two digits of the year and the first year that they may mean."""
QUARTER, WEEK, EPOCH_SECONDS, EPOCH_MILLISECONDS, EXCEL_DAYS = "quarter", "week", "epoch s", "epoch ms", "excel days"
COMPACT, COMPACT_MONTH = "%Y%m%d", "%Y%m"
FIRST_YEAR, NO_YEAR = 1800, 2200
"""Dates before and from these years say that there is none (0001-01-01, 9999-12-31): they are missing."""
_NUMBERS = (EPOCH_SECONDS, EPOCH_MILLISECONDS, EXCEL_DAYS, COMPACT, COMPACT_MONTH)
_UNKNOWN = datetime(1, 1, 1)  # noqa: DTZ001
_QUARTER = re.compile(r"(\d{4})[-/ ]?Q([1-4])|Q([1-4])[-/ ]?(\d{4})", re.ASCII)
_WEEK = re.compile(r"(\d{4})[-/ ]?(?:W|KW)(\d{1,2})|(?:W|KW)(\d{1,2})[-/ ](\d{4})", re.ASCII)
_MOST_COUNTED = 1e14
_UNIX, _EXCEL = datetime(1970, 1, 1), datetime(1899, 12, 30)  # noqa: DTZ001 - counted in UTC
EXPECTED = "a date such as 2024-03-31 or null"


class DateRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a feature's dates are read: their own `spelling`, see :func:`moment`, and the `snapshot` up to which days are
    counted, an ISO date, or empty where `snapshot_column` names the column that holds it, which is spelt as
    `snapshot_spelling` says."""

    spelling: str = ISO
    snapshot: str = ""
    snapshot_column: str = ""
    snapshot_spelling: str = ISO


def moment(text: str, spelling: str = ISO) -> datetime:
    """The date and time of a text, without a zone (in UTC where it has one).

    Args:
        text: of the date.
        spelling: `iso`, a format of `strptime`, one with two digits of the year and the first year that they may mean
            (`%d.%m.%y from 1930`), `quarter`, `week`, `epoch s`, `epoch ms`, `excel days`; or several of these with
            ` | ` between them, of which the first that fits counts. ISO's own fits whatever is said.

    Raises:
        ValueError: it is no date in ISO's spelling nor in its own.
    """
    if _ISO_TEXT.match(text):
        found = _UNKNOWN if text.startswith("0000-00-00") else datetime.fromisoformat(text)
    elif spelling == ISO:
        raise ValueError("is not a date, e.g. 2024-03-31")
    else:
        found = _own(text, spelling)
    try:
        return found if found.tzinfo is None else found.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        raise ValueError("is not a date, e.g. 2024-03-31") from None


def _own(text: str, spelling: str) -> datetime:
    first, *others = spelling.split(BETWEEN)
    for each in (first, *others[:-1]) if others else ():
        with suppress(ValueError):
            return _one(text, each)
    return _one(text, others[-1] if others else first)


def _one(text: str, spelling: str) -> datetime:
    special = _SPECIAL.get(spelling)
    if special is not None:
        return special(text)
    form, _, first_year = spelling.partition(FROM)
    found = datetime.strptime(text, form)  # noqa: DTZ007 - dates of customers have no zone
    if first_year:
        first = int(first_year)
        found = found.replace(year=first + (found.year - first) % 100)
    return found


def _quarter(text: str) -> datetime:
    found = _QUARTER.fullmatch(text)
    if found is None:
        raise ValueError("is not a quarter, e.g. 2024-Q1")
    return datetime(int(found[1] or found[4]), 3 * int(found[2] or found[3]) - 2, 1)  # noqa: DTZ001


def _week(text: str) -> datetime:
    found = _WEEK.fullmatch(text)
    if found is None:
        raise ValueError("is not a week, e.g. 2024-W03")
    return datetime.fromisocalendar(int(found[1] or found[4]), int(found[2] or found[3]), 1)


def _month(text: str) -> datetime:
    if len(text) != len("202403"):
        raise ValueError("is not a month, e.g. 202403")
    return datetime.strptime(text, COMPACT_MONTH)  # noqa: DTZ007 - as all of them


def _counted(text: str, origin: datetime, unit: timedelta) -> datetime:
    """The moment so many units after another; 0, by which programs say «not known», is none."""
    amount = float(text)
    if not abs(amount) < _MOST_COUNTED:
        raise ValueError("is not a date, e.g. 2024-03-31")
    try:
        return origin + amount * unit if amount else _UNKNOWN
    except OverflowError:
        raise ValueError("is not a date, e.g. 2024-03-31") from None


def is_impossible_date(text: str) -> bool:
    """Whether a text is spelt as a date that no calendar has, 2024-02-30."""
    if not _ISO_TEXT.match(text):
        return False
    try:
        moment(text)
    except (ValueError, OverflowError):
        return True
    return False


def is_number(spelling: str) -> bool:
    """Whether dates of this spelling are numbers, which a caller may send as such."""
    return spelling in _NUMBERS


def days_before(snapshot: datetime, text: str, spelling: str = ISO) -> float:
    """Days from the date to the snapshot, below 0 for one that lies ahead; NaN where it says that there is none.

    Raises:
        ValueError: it is no date.
    """
    try:
        found = moment(text, spelling)
    except (ValueError, OverflowError):
        raise ValueError("is not a date, e.g. 2024-03-31") from None
    return (snapshot - found) / _DAY if says_when(found) else math.nan


def counted_text(value: Any, spelling: str) -> Any:
    """A number where dates are numbers (Unix time, 20240331) as the text that a file has; any other value as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not is_number(spelling):
        return value
    return f"{value:.0f}" if float(value).is_integer() else str(value)


def says_when(found: datetime) -> bool:
    """Whether a date is one; 9999-12-31 stands for none."""
    return FIRST_YEAR <= found.year < NO_YEAR


_SPECIAL: dict[str, Callable[[str], datetime]] = {
    QUARTER: _quarter,
    WEEK: _week,
    EPOCH_SECONDS: lambda text: _counted(text, _UNIX, timedelta(seconds=1)),
    EPOCH_MILLISECONDS: lambda text: _counted(text, _UNIX, timedelta(milliseconds=1)),
    EXCEL_DAYS: lambda text: _counted(text, _EXCEL, _DAY),
    # Where some are missing, programs write whole numbers as 20240331.0.
    COMPACT: lambda text: datetime.strptime(text.removesuffix(".0"), COMPACT),  # noqa: DTZ007 - as all of them
    COMPACT_MONTH: lambda text: _month(text.removesuffix(".0")),
}

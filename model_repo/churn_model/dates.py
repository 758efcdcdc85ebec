"""Dates as numbers: the days from a date to a snapshot, the same on every way in.

A model compares lengths of time, never calendar dates. The snapshot is the day as of which customers are described: one
date for all, or a column of each customer's own. It must not read files or know what time it is now, so that the same
customer is answered the same tomorrow.
"""

import re
from datetime import UTC, datetime, timedelta

import msgspec

ISO = "iso"
"""The spelling `2024-03-31`, a time behind it or not, that every way in understands whatever a column's own is."""
_ISO_TEXT = re.compile(r"\d{4}-\d{2}-\d{2}")
_DAY = timedelta(days=1)
EXPECTED = "a date such as 2024-03-31 or null"


class DateRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a feature's dates are read: their own `spelling` (`iso`, or a format of `strptime`), and the `snapshot` up to
    which days are counted, an ISO date, or empty where `snapshot_column` names the column that holds it, which is
    spelt as `snapshot_spelling` says."""

    spelling: str = ISO
    snapshot: str = ""
    snapshot_column: str = ""
    snapshot_spelling: str = ISO


def moment(text: str, spelling: str = ISO) -> datetime:
    """The date and time of a text, without a zone (in UTC where it has one).

    Raises:
        ValueError: it is no date in ISO's spelling nor in its own.
    """
    if _ISO_TEXT.match(text):
        found = datetime.fromisoformat(text)
    elif spelling == ISO:
        raise ValueError("is not a date, e.g. 2024-03-31")
    else:
        found = datetime.strptime(text, spelling)  # noqa: DTZ007 - dates of customers have no zone
    return found if found.tzinfo is None else found.astimezone(UTC).replace(tzinfo=None)


def is_impossible_date(text: str) -> bool:
    """Whether a text is spelt as a date that no calendar has, 2024-02-30."""
    if not _ISO_TEXT.match(text):
        return False
    try:
        moment(text)
    except (ValueError, OverflowError):
        return True
    return False


def days_before(snapshot: datetime, text: str, spelling: str = ISO) -> float:
    """Days from the date to the snapshot, below 0 for one that lies ahead.

    Raises:
        ValueError: it is no date.
    """
    try:
        return (snapshot - moment(text, spelling)) / _DAY
    except (ValueError, OverflowError):
        raise ValueError("is not a date, e.g. 2024-03-31") from None

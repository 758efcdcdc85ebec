"""In which spelling a column writes its dates, if it holds dates at all.

It looks at texts alone; what a date becomes is `churn_model.dates`' business.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from churn_model.dates import ISO, moment

_DATES = (
    "%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%d/%m/%y", "%d.%m.%Y", "%d.%m.%y", "%d-%m-%Y", "%m-%d-%Y",
    "%Y/%m/%d", "%Y.%m.%d", "%Y-%m", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y",
)  # fmt: skip
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_LOOKS_LIKE_ONE = re.compile(r"\d{1,4}[-/. ][\w]{1,9}[-/., ]{0,2}\d{0,4}([ T].*)?$|[A-Z][a-z]{2,8} \d{1,2}, \d{4}")
COMPACT = "%Y%m%d"
_EARLIEST, _LATEST = 1900, 2100


@dataclass(frozen=True)
class DateSpelling:
    """`spelling` that reads every text of a column; `other` reads every one too, as another date (empty: none does)."""

    spelling: str
    other: str = ""


def spelling_of(texts: Iterable[str]) -> DateSpelling | None:
    """The spelling in which all of these texts are dates, ISO's first; None where there is none."""
    known = sorted(set(texts))
    if not known or not all(_LOOKS_LIKE_ONE.match(text) for text in known[:3]):
        return None
    first = known[0]
    if _reads(known, ISO):
        return DateSpelling(ISO)
    likely = [date + time for date in _DATES for time in _TIMES if _reads([first, known[-1]], date + time)]
    found = [spelling for spelling in likely if _reads(known, spelling)]
    return DateSpelling(found[0], found[1] if len(found) > 1 else "") if found else None


def is_compact_date(texts: Iterable[str]) -> bool:
    """Whether all of these are dates written as 20240331."""
    known = set(texts)
    eight = len("20240331")
    return bool(known) and all(len(text) == eight and text.isdecimal() for text in known) and _reads(known, COMPACT)


def _reads(texts: Iterable[str], spelling: str) -> bool:
    try:
        return all(_EARLIEST <= moment(text, spelling).year <= _LATEST for text in texts)
    except ValueError:
        return False

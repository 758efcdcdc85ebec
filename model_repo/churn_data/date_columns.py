"""Columns of dates, written out or counted as Unix and Excel do.

It must not know what else a column may be for, look at the label or read files.
"""

import re
from dataclasses import dataclass

from churn_data.column_facts import ColumnFacts
from churn_data.date_spellings import is_compact_date, is_compact_month, spelling_of
from churn_data.identifying_columns import FEW_ROWS, IDENTITY
from churn_model.dates import (
    BETWEEN,
    COMPACT,
    COMPACT_MONTH,
    EPOCH_MILLISECONDS,
    EPOCH_SECONDS,
    EXCEL_DAYS,
    FROM,
    QUARTER,
    WEEK,
    moment,
)
from churn_model.not_known import says_never

BIRTH = {"birth", "birthday", "birthdate", "born", "dob", "geboren", "geburtstag", "geburtsdatum", "naissance"}
DATE = {
    "date", "datum", "day", "since", "joined", "signup", "registered", "registration", "fecha", "dt", "yyyymmdd",
    *BIRTH,
}  # fmt: skip
MONTH = {
    "month", "months", "monthly", "yyyymm", "yearmonth", "ym", "period", "cohort", "vintage", "snapshot", "asof",
    "monat", "mois", "mes", "mese", "periode", "stichtag", "stichmonat", "billing", "start", "end",
}  # fmt: skip
"""Words of columns whose numbers may be months."""
_DAYS = 6
"""Different numbers that all are days between 1900 and 2100, one in a thousand of their length, before that is none."""
_MONTHS = 6
"""Different numbers that all end with 01 to 12, an eighth of all endings, before that is no chance."""
MOMENT = {
    "at", "created", "updated", "modified", "login", "seen", "timestamp", "ts", "time", "epoch", "unix", "start",
    "started", "end", "expires", "expiry", "activated", "opened", "last", "first", "purchase", "order", "ms", "zeit",
    "beginn", "ende",
}  # fmt: skip
"""Words of moments that are counted in seconds."""

_FILLERS = {
    "1900-01-01",
    "1899-12-30",
    "1899-12-31",
    "1901-01-01",
    "1970-01-01",
    "2099-12-31",
    "2100-01-01",
    "2999-12-31",
}
"""Days that programs write where there is none, and that somebody may have been born on."""
_OFTEN, _FEWEST, _FEW_DAYS = 0.01, 5, 2
"""Share of rows, and rows, that have one before it is no chance, and days up to which there are no others."""
_DAY = 86_400
_UNIX = (315_532_800, 4_102_444_800)
"""Seconds of 1980 and 2100 in Unix time."""
_EXCEL = (18_264, 73_051)
"""Days of 1950 and 2100 as Excel counts them."""
_COUNTED = {
    EPOCH_SECONDS: "seconds since 1970 (Unix time)",
    EPOCH_MILLISECONDS: "milliseconds since 1970 (Unix time)",
    EXCEL_DAYS: "days as Excel does",
}


@dataclass(frozen=True)
class DateColumn:
    """How a column's dates are spelt, and what is worth saying about that."""

    spelling: str
    remark: str = ""


def date_column(facts: ColumnFacts) -> DateColumn | None:
    """How a column of dates is spelt; None for any other column."""
    counted = counted_date(facts)
    if counted:
        return DateColumn(counted, f"numbers that count {_COUNTED[counted]}, read as dates")
    if facts.numeric:
        spelling = COMPACT if _is_day(facts) else COMPACT_MONTH if _is_month(facts) else ""
        return DateColumn(spelling, f"dates, read as {_in_words(spelling)}") if spelling else None
    found = spelling_of(facts.counts, past=bool(set(facts.words) & BIRTH))
    if found is None:
        return None
    doubt = f"; {_in_words(found.other)} would fit too" if found.other else ""
    return DateColumn(
        found.spelling, f"dates, read as {_in_words(found.spelling)}{doubt}{_fillers(facts, found.spelling)}"
    )


def _is_day(facts: ColumnFacts) -> bool:
    """Whether it holds days as 20240331: its name speaks of days, or there are too many for chance and it is called no
    number of anything."""
    words = set(facts.words)
    called = bool(words & DATE) or (facts.distinct >= _DAYS and not words & IDENTITY)
    return called and is_compact_date(facts.counts)


def _is_month(facts: ColumnFacts) -> bool:
    """Whether it holds months as 202403: its name speaks of time, or there are too many for it to be chance that each
    ends with a month, and it is called no number of anything."""
    words = set(facts.words)
    called = (
        bool(words & (DATE | MONTH)) or words >= {"as", "of"} or (facts.distinct >= _MONTHS and not words & IDENTITY)
    )
    return called and is_compact_month(facts.counts)


def _fillers(facts: ColumnFacts, spelling: str) -> str:
    """What to say of days that many rows have and that programs write where there is none."""
    if facts.distinct <= _FEW_DAYS:
        return ""
    often = {text: many for text, many in facts.counts.items() if many >= max(_OFTEN * facts.known, _FEWEST)}
    days = {text: f"{moment(text, spelling):%Y-%m-%d}" for text in often if not says_never(text)}
    found = [f'"{text}" ({often[text]:,} rows)' for text, day in days.items() if day in _FILLERS]
    return f"; {', '.join(found)} may mean that there is none: list it under `missing` then" if found else ""


def counted_date(facts: ColumnFacts, *, surely: bool = False) -> str:
    """The spelling of dates that are counted, as Unix and Excel do; empty for other columns. The name must speak of
    time, or all numbers be whole days of Unix time, unless they are dates `surely`."""
    words = {*facts.words, "date"} if surely else set(facts.words)
    if not facts.whole or not facts.values[-1] >= _EXCEL[0] or (words & (IDENTITY - {"serial"}) and not surely):
        return ""
    amounts = [value for value in facts.values if value]
    least, most = amounts[0], amounts[-1]
    for spelling, second in ((EPOCH_SECONDS, 1), (EPOCH_MILLISECONDS, 1000)):
        if _UNIX[0] * second <= least and most <= _UNIX[1] * second:
            days = len(amounts) >= FEW_ROWS and all(value % (_DAY * second) == 0 for value in amounts)
            return spelling if days or words & (DATE | MOMENT) else ""
    is_excel = _EXCEL[0] <= least and most <= _EXCEL[1] and words & (DATE | {"serial"})
    return EXCEL_DAYS if is_excel else ""


def _in_words(spelling: str) -> str:
    return " or ".join(map(_one_in_words, spelling.split(BETWEEN)))


def _one_in_words(spelling: str) -> str:
    if spelling in ("iso", QUARTER, WEEK):
        return "year-month-day" if spelling == "iso" else f"the first day of a {spelling}"
    if spelling in (COMPACT, COMPACT_MONTH):
        return "yearmonthday" if spelling == COMPACT else "the first day of a month, yearmonth as in 202403"
    form, _, first = spelling.partition(FROM)
    parts = {"%m": "month", "%d": "day", "%y": "year", "%Y": "year", "%b": "month", "%B": "month"}
    date = re.split(r" %[HI]", form)[0]
    words = re.sub(r"%[a-zA-Z]", lambda found: parts[found[0]], date)
    return f"{words}, years from {first} on" if first else words

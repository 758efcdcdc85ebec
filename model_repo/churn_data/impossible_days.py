"""Days that no calendar has, such as 20170231, in columns whose other texts are days.

It must not know files, or what becomes of what it finds.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from churn_data.column_facts import ColumnFacts
from churn_data.date_columns import date_column
from churn_data.errors import glimpse
from churn_model.dates import is_impossible_date
from churn_model.not_known import says_never
from churn_model.plurals import counted

MOST = 0.05
"""Share of the known values up to which those that are no days are faults of a column of days."""
_LIKE_DAYS = re.compile(r"(19|20)\d\d(-?)\d\d\2\d\d(\.0)?")
_SHOWN, _PROBED = 3, 20


@dataclass(frozen=True)
class ImpossibleDays:
    """Texts that look like days and are none, and how many rows each has."""

    rows: Mapping[str, int]

    @property
    def told(self) -> str:
        """What was found, as the beginning of a sentence."""
        shown = ", ".join(f'"{glimpse(text)}"' for text in list(self.rows)[:_SHOWN])
        more = ", …" if len(self.rows) > _SHOWN else ""
        return f"{shown}{more} ({counted(sum(self.rows.values()), 'row')}), days that no calendar has"


def impossible_days(columns: Mapping[str, ColumnFacts]) -> dict[str, ImpossibleDays]:
    """The columns that would hold days but for a few texts that are none, where no other column has these texts."""
    found = {name: days for name, facts in columns.items() if (days := _in_column(facts)) is not None}
    return {
        name: days
        for name, days in found.items()
        if not any(text in facts.counts for text in days.rows for other, facts in columns.items() if other not in found)
    }


def _in_column(facts: ColumnFacts) -> ImpossibleDays | None:
    looked_at = [bool(_LIKE_DAYS.fullmatch(text)) for text in islice(facts.counts, _PROBED)]
    if 2 * sum(looked_at) <= len(looked_at):
        return None
    odd = {text: many for text, many in facts.counts.items() if _LIKE_DAYS.fullmatch(text) and _is_impossible(text)}
    if not odd or sum(odd.values()) > MOST * facts.known:
        return None
    rest = {text: many for text, many in facts.counts.items() if text not in odd}
    days = ColumnFacts(facts.name, facts.rows, rest)
    return ImpossibleDays(odd) if date_column(days) is not None else None


def _is_impossible(text: str) -> bool:
    digits = text.removesuffix(".0").replace("-", "")
    return not says_never(text) and is_impossible_date(f"{digits[:4]}-{digits[4:6]}-{digits[6:]}")

"""Days as whole numbers since 1970, from whatever a column of dates is spelt like.

It must not know what happened on them.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from churn_data.column_facts import ColumnFacts
from churn_data.date_columns import counted_date, date_column
from churn_data.date_spellings import is_compact_date
from churn_data.errors import DataError, glimpse
from churn_data.notices import Notices
from churn_model.dates import COMPACT, ISO, moment
from churn_model.not_known import says_never

_FIRST = date(1970, 1, 1)


def number_of(day: date) -> int:
    """Days from 1970-01-01 on."""
    return (day - _FIRST).days


def day_of(number: int) -> date:
    """The day so many days after 1970-01-01."""
    return _FIRST + timedelta(days=number)


class DayReader:
    """Reads the days of one column.

    Args:
        column: its name.
        counts: every text that occurs in it with how often, for the spelling is found out from all of them.
        file: for messages.
        notices: told of a spelling that is not ISO's.
    """

    def __init__(self, column: str, counts: Mapping[str, int], file: str, notices: Notices) -> None:
        self._column, self._file = column, file
        facts = ColumnFacts(column, sum(counts.values()), counts)
        found = date_column(facts)
        if found and found.spelling != ISO:
            notices.tell("format", found.remark, column)
        compact = COMPACT if is_compact_date(counts) else ""
        self._spelling = found.spelling if found else compact or counted_date(facts, surely=True) or ISO
        self._latest = datetime.now(UTC).date() + timedelta(days=1)  # the last day that has begun anywhere

    def read(self, text: str, row: int) -> int:
        """The day of a text; `row` is the first that has it.

        Raises:
            DataError: it is no day, or one that has not come yet.
        """
        try:
            found = moment(text, self._spelling).date()
        except (ValueError, OverflowError):
            found = None
        if found is None or says_never(text):
            problem = f'"{glimpse(text)}" is not a date such as 2026-01-31'
            raise DataError(self._file, problem, column=self._column, row=row)
        if found > self._latest:
            problem = f"{found} lies in the future: an outcome is what has happened"
            raise DataError(self._file, problem, column=self._column, row=row)
        return number_of(found)

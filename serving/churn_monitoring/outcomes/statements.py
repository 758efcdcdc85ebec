"""What was said of customers, in the store: pseudonym, left or stayed, the day, and when it was said.

Nothing is ever changed there; what holds is found out from all that was said (:func:`holds`). It must not know who said
it, nor what was answered.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pyarrow

from churn_model.prediction_log.pseudonyms import HASH_BYTES
from churn_monitoring.outcomes.database import Database, parquet
from churn_monitoring.outcomes.days import day_of
from churn_monitoring.outcomes.kept_tables import keep_table
from churn_monitoring.prediction_log.store import Store
from churn_monitoring.prediction_log.tables import CUSTOMER, KEY, OUTCOMES, TIME

STATEMENTS = pyarrow.schema(
    [
        (CUSTOMER, pyarrow.binary(HASH_BYTES)),
        (KEY, pyarrow.string()),
        ("churned", pyarrow.bool_()),
        ("outcome_on", pyarrow.date32()),
        (TIME, pyarrow.timestamp("us", tz="UTC")),
    ]
)
"""`time` is when it was said: of each customer at most one statement has the same. `outcome_on` is the day on which a
customer left, or until which one was seen to have stayed."""
_NAME = re.compile(rf"{OUTCOMES}/use_case=[^/]+/month=\d{{4}}-\d{{2}}/(\d+)-\d+\.parquet\Z")


def statement_names(store: Store, usecase: str) -> list[str]:
    """The files of all that was said of a use case's customers.

    Raises:
        DataError, Unavailable: the store cannot be asked.
    """
    return [name for name in store.names(f"{OUTCOMES}/use_case={usecase}/") if _NAME.fullmatch(name)]


def last_said(names: Sequence[str]) -> int:
    """When the last of these was said, in microseconds since 1970; 0 where nothing was."""
    return max((int(found[1]) for name in names if (found := _NAME.fullmatch(name))), default=0)


def said_after(names: Sequence[str], moment: datetime) -> list[str]:
    """Those of these that were said after a moment."""
    since = round(moment.timestamp() * 1_000_000)
    return [name for name in names if (found := _NAME.fullmatch(name)) and int(found[1]) > since]


def make_statements(database: Database, files: Sequence[Path]) -> None:
    """The table ``statements``: `customer`, `churned`, `day`, and `place` in the order in which it was said."""
    columns = "customer, churned, outcome_on - DATE '1970-01-01' AS day, epoch_us(time) AS place"
    nothing = "NULL::BLOB AS customer, NULL::BOOLEAN AS churned, NULL::BIGINT AS day, NULL::BIGINT AS place WHERE false"
    source = f"{columns} FROM {parquet(files)}" if files else nothing
    database.run(f"CREATE TABLE statements AS SELECT {source}")


def holds(source: str) -> str:
    """A query for what holds of each `customer` of a table of statements (`customer`, `churned`, `day`, `place`).

    The last statement wins over those that it contradicts; those that it does not contradict add up. Who left on a day
    was still there before it, and who was seen on a day was there on all days before: only to have left and to have
    been seen on that day or later contradict each other, and two days of leaving. So the last day of leaving counts,
    unless the customer was said to be there on that day or later afterwards; else the last day on which they were seen.
    The order of statements that do not contradict each other makes no difference.
    """
    return f"""
        WITH left_last AS (
            SELECT customer, max(place) AS place, arg_max(day, place) AS day FROM {source}
            WHERE churned GROUP BY customer
        ), seen AS (
            SELECT s.customer, max(s.day) AS day FROM {source} AS s LEFT JOIN left_last AS l ON s.customer = l.customer
            WHERE NOT s.churned AND (l.place IS NULL OR s.place > l.place) GROUP BY s.customer
        )
        SELECT customer, churned, CASE WHEN churned THEN left_day ELSE seen_day END AS day FROM (
            SELECT coalesce(l.customer, s.customer) AS customer, l.day AS left_day, s.day AS seen_day,
                l.day IS NOT NULL AND (s.day IS NULL OR s.day < l.day) AS churned
            FROM left_last AS l FULL JOIN seen AS s ON l.customer = s.customer)
    """


def keep_statements(store: Store, usecase: str, month: int, part: int, time: int, rows: pyarrow.Table) -> int:
    """Write statements of one month (the number of its first day), said at one time in microseconds since 1970; returns
    how many.

    Raises:
        DataError, Unavailable: the store cannot be written to.
    """
    name = f"{OUTCOMES}/use_case={usecase}/month={day_of(month):%Y-%m}/{time}-{part}.parquet"
    times = pyarrow.array([time] * rows.num_rows, STATEMENTS.field(TIME).type)
    return keep_table(store, name, rows.append_column(TIME, times).cast(STATEMENTS))

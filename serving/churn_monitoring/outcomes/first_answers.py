"""When the customers of a file of labels were first answered, read from as little of the log as can tell.

Days are read from the oldest on, until everybody is found. Whoever was never answered is sought everywhere, so of a
month that is over the hashes of those who were answered in it are kept beside what was said of customers, for next
time; they go with them, by retention and by erasure. It must not know what was said.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import NamedTuple

from churn_monitoring.outcomes.answers import answer_names
from churn_monitoring.outcomes.database import Database, parquet
from churn_monitoring.outcomes.findings import Looked
from churn_monitoring.outcomes.kept_tables import keep_table
from churn_monitoring.outcomes.local_tables import local_tables
from churn_monitoring.prediction_log.erasures import erasures
from churn_monitoring.prediction_log.store import Store
from churn_monitoring.prediction_log.tables import OUTCOMES

_PART_ROWS = 1_000_000
_DAY = 86_400_000_000
_LIST = re.compile(rf"{OUTCOMES}/use_case=[^/]+/month=\d{{4}}-\d{{2}}/answered-[0-9a-f]{{32}}-\d+\.parquet\Z")


class _Month(NamedTuple):
    """A month's tables, each with its day, and where a list of its customers is kept: named by the names of the tables,
    so that one of other tables is no list of these."""

    first: date
    tables: list[tuple[str, date]]
    start: str

    def part(self, number: int) -> str:
        return f"{self.start}{number}.parquet"


def find_first_answers(database: Database, store: Store, usecase: str, today: date) -> Looked:
    """The table ``answered``: `line` of a customer in ``pseudonyms`` and `day` of their first answer; who has none is
    not there.

    Raises:
        DataError, Unavailable: the store cannot be asked.
    """
    search = _Search(database, store, _kept_lists(store, usecase), today)
    months = list(_months(answer_names(store, usecase), usecase))
    for month in months:
        if search.all_are_found():
            break
        search.look_into(month)
    return Looked(sum(len(month.tables) for month in months), search.read, search.lists)


def _months(tables: Sequence[tuple[str, date]], usecase: str) -> Iterator[_Month]:
    for first, found in groupby(tables, key=lambda table: table[1].replace(day=1)):
        of_month = list(found)
        digest = hashlib.sha256("\n".join(name for name, _ in of_month).encode()).hexdigest()[:32]
        folder = f"{OUTCOMES}/use_case={usecase}/month={first:%Y-%m}"
        yield _Month(first, of_month, f"{folder}/answered-{digest}-")


def _kept_lists(store: Store, usecase: str) -> list[str]:
    return [name for name in store.names(f"{OUTCOMES}/use_case={usecase}/") if _LIST.fullmatch(name)]


class _Search:
    """Looks for everybody who has not been found yet, in the order of time."""

    def __init__(self, database: Database, store: Store, kept: list[str], today: date) -> None:
        self._database, self._store, self._kept, self._today = database, store, kept, today
        self.read = self.lists = 0
        database.run("CREATE TABLE answered (line BIGINT, day BIGINT)")
        database.run("CREATE TABLE sought AS SELECT customer, line FROM pseudonyms")
        # Of whom answers have been erased a list may tell too early a first one.
        forgotten = ", ".join(f"from_hex('{customer.hex()}')" for customer in erasures(store))
        (doubtful,) = (
            database.row(f"SELECT count(*) FROM sought WHERE customer IN ({forgotten})") if forgotten else (0,)
        )
        self._believes_lists = not doubtful

    def all_are_found(self) -> bool:
        """Whether everybody is found."""
        (left,) = self._database.row("SELECT count(*) FROM sought")
        return not left

    def look_into(self, month: _Month) -> None:
        """Look into a month's list, or where there is none into its tables, of which one is made when it is over."""
        kept = [name for name in self._kept if name.startswith(month.start)]
        if self._believes_lists and month.part(0) in kept:
            with local_tables(self._store, kept) as files:
                self._take(f"SELECT customer, first FROM {parquet(files)}")
            self.lists += 1
        else:
            self._look_into_tables(month)
            is_over = month.first < self._today.replace(day=1)
            if is_over and not self.all_are_found():  # else some of its tables were not read
                self._keep_list(month)

    def _look_into_tables(self, month: _Month) -> None:
        """Read day by day, into ``met``, whom they are of."""
        self._database.run("CREATE OR REPLACE TABLE met (customer BLOB, first BIGINT, last BIGINT)")
        for _, tables in groupby(month.tables, key=lambda table: table[1]):  # few are copied at once
            if self.all_are_found():
                return
            names = [name for name, _ in tables]
            self.read += len(names)
            with local_tables(self._store, names) as files:
                if files:
                    self._meet(parquet(files))

    def _meet(self, source: str) -> None:
        self._database.run(
            "CREATE OR REPLACE TABLE met_today AS SELECT customer, epoch_us(min(time)) AS first, "
            f"epoch_us(max(time)) AS last FROM {source} WHERE customer IS NOT NULL GROUP BY customer"
        )
        self._database.run("INSERT INTO met SELECT * FROM met_today")
        self._take("SELECT customer, first FROM met_today")

    def _take(self, answers: str) -> None:
        """Who is found is sought no longer."""
        self._database.run(
            f"CREATE OR REPLACE TABLE found AS SELECT line, min(first) // {_DAY} AS day FROM ({answers}) "
            "JOIN sought USING (customer) GROUP BY line"
        )
        (count,) = self._database.row("SELECT count(*) FROM found")
        if count:
            self._database.run("INSERT INTO answered SELECT line, day FROM found")
            self._database.run("CREATE OR REPLACE TABLE sought AS SELECT * FROM sought ANTI JOIN found USING (line)")

    def _keep_list(self, month: _Month) -> None:
        """Write whom a month's tables are of. The first part comes last: with it the list is whole."""
        rows = self._database.batches(
            "SELECT customer, make_timestamp(max(last)) AS time, min(first) AS first FROM met GROUP BY customer",
            _PART_ROWS,
        )
        first = next(rows, None)
        for number, part in enumerate(rows, 1):
            keep_table(self._store, month.part(number), part)
        if first is not None:
            keep_table(self._store, month.part(0), first)
        folder = month.start[: month.start.rindex("/") + 1]
        for name in self._kept:
            if name.startswith(folder) and not name.startswith(month.start):
                self._store.delete(name)

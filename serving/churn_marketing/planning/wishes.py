"""Customers who have asked here not to be contacted, beside those of whom the customers' file says so.

It must not know plans.
"""

import time
from collections.abc import Iterable, Sequence

from churn_marketing.planning.database import PlanDatabase
from churn_marketing.planning.faults import NotPossible
from churn_marketing.planning.plans import turn
from churn_marketing.planning.spellings import same, spellings

MOST_AT_ONCE = 100_000
LONGEST = 200
# A letter that is not ASCII takes more than one byte.
_PLAIN = "SELECT count(*) FROM wishes WHERE length(customer) = length(CAST(customer AS BLOB))"
_OTHERS = "SELECT customer FROM wishes WHERE length(customer) <> length(CAST(customer AS BLOB))"


class Wishes:
    """A list of ids; safe to use from many threads and processes."""

    def __init__(self, database: PlanDatabase) -> None:
        self._database = database

    def all(self) -> frozenset[str]:
        """Everybody's id."""
        with self._database.reading() as connection:
            return frozenset(row[0] for row in connection.execute("SELECT customer FROM wishes"))

    def count(self) -> int:
        """How many customers there are; one is kept in all its spellings."""
        with self._database.reading() as connection:
            (plain,) = connection.execute(_PLAIN).fetchone()
            others = connection.execute(_OTHERS).fetchall()
            return int(plain) + len({same(customer) for (customer,) in others})

    def add(self, customers: Sequence[str], person: str) -> int:
        """Remember ids; returns how many are new.

        Raises:
            NotPossible: too many at once, or one that no id is as long as.
        """
        return self._change("INSERT OR IGNORE INTO wishes VALUES (?, ?, ?)", customers, (time.time(), person))

    def remove(self, customers: Sequence[str]) -> int:
        """Forget ids of customers who have changed their mind; returns how many there were.

        Raises:
            NotPossible: as :meth:`add`.
        """
        return self._change("DELETE FROM wishes WHERE customer = ?", customers, ())

    def among(self, customers: Iterable[str]) -> frozenset[str]:
        """Who of some customers is on the list."""
        return self.all().intersection(customers)

    def _change(self, statement: str, customers: Sequence[str], more: tuple[object, ...]) -> int:
        if len(customers) > MOST_AT_ONCE:
            raise NotPossible(f"{len(customers):,} customers at once are too many; give {MOST_AT_ONCE:,} at a time.")
        for line, customer in enumerate(customers, 1):
            if len(customer) > LONGEST:
                raise NotPossible(f"Line {line} is longer than a customer's id; write one id a line.")
        with self._database.writing() as connection:
            changed = 0
            for customer in customers:
                rows = [connection.execute(statement, (each, *more)).rowcount for each in spellings(customer)]
                changed += any(rows)
            if changed:
                turn(connection)
            return changed

"""Which freezes are under way, written where it outlasts the processes that do them.

A freeze may take minutes. Whoever looks is told how far it is; where a process was killed in its midst, that is told
too, and what it has not taken by then it can never take. It must not know how a plan is frozen.
"""

import secrets
import sqlite3
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, Self

from churn_marketing.planning.database import PlanDatabase
from churn_marketing.planning.faults import NotPossible
from churn_marketing.planning.plans import tell
from churn_marketing.planning.records import INTERRUPTED

STEPS = (
    "waiting for its turn", "reading who is in the plan", "reading their fields and finding reasons",
    "writing the list", "taking the customers",
)  # fmt: skip
WAITING, READING, EXPLAINING, WRITING, TAKING = range(len(STEPS))


class At(Protocol):
    """Told each step of a freeze, and what share of it is done."""

    def __call__(self, step: int, share: float | None = None) -> None:
        """The step is an index of :data:`STEPS`."""


@dataclass(frozen=True)
class UnderWay:
    """A freeze that was begun. ``step`` is an index of :data:`STEPS`, ``share`` how much of it is done, from 0 to 1
    (None: it says nothing of that)."""

    plan: str
    attempt: str
    person: str
    begun_at: datetime
    step: int
    share: float | None

    @property
    def words(self) -> str:
        """What is being done."""
        return STEPS[self.step]

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        """A row of the table."""
        begun = datetime.fromtimestamp(row["begun_at"], UTC)
        return cls(row["plan"], row["attempt"], row["person"], begun, row["step"], row["share"])


class FreezesUnderWay:
    """Reads and changes them; safe to use from many threads and processes."""

    def __init__(self, database: PlanDatabase) -> None:
        self._database = database

    def begin(self, plan: str, person: str) -> str:
        """Say that a plan is about to be frozen; returns the attempt's name, that of another who was quicker too."""
        with self._database.writing() as connection:
            values = (plan, secrets.token_hex(8), person, time.time(), WAITING)
            connection.execute("INSERT OR IGNORE INTO freezes VALUES (?, ?, ?, ?, ?, NULL)", values)
            (attempt,) = connection.execute("SELECT attempt FROM freezes WHERE plan = ?", (plan,)).fetchone()
            return str(attempt)

    def of(self, plan: str) -> UnderWay | None:
        """The attempt at a plan; None where there is none."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT * FROM freezes WHERE plan = ?", (plan,)).fetchone()
            return None if row is None else UnderWay.of(row)

    def follow(self, plan: str, attempt: str) -> At:
        """What an attempt tells its steps to."""

        def at(step: int, share: float | None = None) -> None:
            with self._database.writing() as connection:
                query = "UPDATE freezes SET step = ?, share = ? WHERE plan = ? AND attempt = ?"
                connection.execute(query, (step, share, plan, attempt))

        return at

    def end(self, plan: str, attempt: str) -> None:
        """An attempt was not possible, and whoever began it is told why."""
        with self._database.writing() as connection:
            take_attempt(connection, plan, attempt)

    def interrupted(self, plan: str | None = None) -> list[UnderWay]:
        """Give up the attempt at a plan (None: all) whose process is gone, and write down that it was interrupted."""
        with self._database.reading() as connection:
            if not _listed(connection, plan):
                return []  # whoever looks at a page need not wait for those who write
        with self._database.writing() as connection:
            found = _listed(connection, plan)
            for each in found:
                take_attempt(connection, each.plan, each.attempt)
                tell(connection, each.plan, each.person, INTERRUPTED, each.words)
            return found


def take_attempt(connection: sqlite3.Connection, plan: str, attempt: str) -> bool:
    """Take an attempt away inside a transaction; whether it was still there."""
    query = "DELETE FROM freezes WHERE plan = ? AND attempt = ?"
    return connection.execute(query, (plan, attempt)).rowcount > 0


def require_attempt(connection: sqlite3.Connection, plan: str, attempt: str) -> None:
    """End an attempt inside the transaction that freezes; raises :class:`NotPossible` if it was given up."""
    if not take_attempt(connection, plan, attempt):
        raise NotPossible("Not frozen: the app was started again meanwhile. The draft is as it was; freeze it again.")


def _listed(connection: sqlite3.Connection, plan: str | None) -> list[UnderWay]:
    rows = connection.execute("SELECT * FROM freezes WHERE plan = coalesce(?, plan) ORDER BY begun_at", (plan,))
    return [UnderWay.of(row) for row in rows.fetchall()]

"""Who has which customer: a customer is in at most one open campaign, and a freeze takes all of its customers or none.

Everything happens in one transaction of the database, so neither two planners at once nor a killed process can leave
half of it. It must not know how customers were chosen.
"""

import json
import sqlite3
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from churn_marketing.planning.database import PlanDatabase
from churn_marketing.planning.faults import CustomersTaken, NotPossible, StaleDraft, WishesChanged, WishesSince
from churn_marketing.planning.plans import plan_in, require_draft, require_version, tell, turn
from churn_marketing.planning.records import CLOSED, EXPORTED, FROZEN, READ, UNDONE, Plan
from churn_marketing.planning.under_way import require_attempt

SHORTEST_REASON, LONGEST_REASON = 10, 500


@dataclass(frozen=True)
class Freeze:
    """What is frozen: a draft in one version, in ``folder`` (a name), with what it came to; outcomes count until
    ``ends_on``. ``attempt``: by which of those that were begun (:mod:`under_way`)."""

    plan: str
    version: int
    folder: str
    document: dict[str, Any]
    ends_on: date
    attempt: str


class Claims:
    """Freezes, undoes and closes; safe to use from many threads and processes."""

    def __init__(self, database: PlanDatabase) -> None:
        self._database = database

    @property
    def epoch(self) -> int:
        """How often customers were taken or given back so far."""
        with self._database.reading() as connection:
            return epoch_in(connection)

    def taken(self, today: date) -> tuple[frozenset[str], int]:
        """Ids of the customers whom open campaigns have, and of which epoch that is."""
        with self._database.reading() as connection:
            query = "SELECT customer FROM members JOIN plans ON plans.id = members.plan WHERE ends_on >= ?"
            found = frozenset(row[0] for row in connection.execute(query, (today.isoformat(),)))
            return found, epoch_in(connection)

    def freeze(self, asked: Freeze, customers: Iterable[str], person: str, today: date) -> None:
        """Take the customers (ids, each once) for a draft and freeze it.

        Raises:
            NoSuchPlan: it is gone; NotPossible: it is no draft any more, or the attempt was given up; StaleDraft: it
            was changed meanwhile; CustomersTaken: open campaigns have some of them; WishesChanged: some have asked not
            to be contacted.
        """
        with self._database.writing() as connection:
            plan = plan_in(connection, asked.plan)
            require_draft(plan)
            if plan.version != asked.version:
                raise StaleDraft(plan.changed_by)
            require_attempt(connection, plan.id, asked.attempt)
            _close_ended(connection, today)
            connection.execute("CREATE TEMP TABLE wanted (customer TEXT PRIMARY KEY) WITHOUT ROWID")
            connection.executemany("INSERT INTO wanted VALUES (?)", ((customer,) for customer in customers))
            _require_free(connection)
            connection.execute("INSERT INTO members SELECT customer, ? FROM wanted", (plan.id,))
            connection.execute("DROP TABLE wanted")
            now = time.time()
            connection.execute(
                "UPDATE plans SET state = 'frozen', frozen_by = ?1, frozen_at = ?2, ends_on = ?3, folder = ?4, "
                "document = ?5, exported_at = NULL, changed_by = ?1, changed_at = ?2 WHERE id = ?6",
                (person, now, asked.ends_on.isoformat(), asked.folder, json.dumps(asked.document), plan.id),
            )
            turn(connection)
            tell(connection, plan.id, person, FROZEN)

    def undo(self, plan: str, person: str, reason: str, version: int | None = None) -> str:
        """Make a frozen plan a draft again and give its customers back; returns the folder that it had. ``version``:
        whose freeze is meant, so that an old page undoes no newer one; None: whichever there is.

        Raises:
            NoSuchPlan: it is gone; NotPossible: it is not frozen, or in another version, its results were read, or it
            was exported and nobody says why.
        """
        reason = " ".join(reason.split())[:LONGEST_REASON]
        with self._database.writing() as connection:
            found = plan_in(connection, plan)
            _require_frozen(found)
            require_version(found, version)
            if connection.execute("SELECT 1 FROM looks WHERE plan = ?", (plan,)).fetchone():
                raise NotPossible("Its results were read already: undoing the freeze would hide what it has shown.")
            if found.exported_at is not None and len(reason) < SHORTEST_REASON:
                raise NotPossible(
                    "The list was exported, so somebody may be calling already. Say why the freeze is undone, in a few "
                    "words, and tell whoever has the list."
                )
            connection.execute("DELETE FROM members WHERE plan = ?", (plan,))
            connection.execute(
                "UPDATE plans SET state = 'draft', frozen_by = NULL, frozen_at = NULL, ends_on = NULL, folder = NULL, "
                "document = NULL, exported_at = NULL, version = version + 1, changed_by = ?, changed_at = ? "
                "WHERE id = ?",
                (person, time.time(), plan),
            )
            turn(connection)
            tell(connection, plan, person, UNDONE, reason)
            return found.folder or ""

    def close(self, plan: str, person: str, version: int | None = None) -> None:
        """End a frozen campaign before its time, so that others may have its customers; its results can still be read.

        Raises:
            NoSuchPlan: it is gone; NotPossible: it is not frozen, or in another version than the one that is meant.
        """
        with self._database.writing() as connection:
            found = plan_in(connection, plan)
            _require_frozen(found)
            require_version(found, version)
            _close(connection, plan, person)

    def close_ended(self, today: date) -> None:
        """Close the campaigns whose outcomes do not count any more."""
        with self._database.reading() as connection:
            if not _ended(connection, today):
                return  # whoever looks at a page need not wait for those who write
        with self._database.writing() as connection:
            _close_ended(connection, today)

    def exported(self, plan: str, person: str, kind: str) -> None:
        """Write down that somebody takes the list away, before they do.

        Raises:
            NoSuchPlan: it is gone; NotPossible: it was never frozen, or is no longer; WishesSince: some of its
            customers have asked since not to be contacted, and nobody has the list yet.
        """
        with self._database.writing() as connection:
            _require_takeable(connection, plan)
            query = "UPDATE plans SET exported_at = coalesce(exported_at, ?) WHERE id = ?"
            connection.execute(query, (time.time(), plan))
            tell(connection, plan, person, EXPORTED, kind)

    def require_takeable(self, plan: str) -> None:
        """Return if somebody may take the list away; raises as :meth:`exported`, and writes nothing down."""
        with self._database.reading() as connection:
            _require_takeable(connection, plan)

    def wished(self, plan: str) -> int:
        """How many customers of an open campaign have asked not to be contacted since it was frozen."""
        with self._database.reading() as connection:
            return _wished_in(connection, plan)

    def looked(self, plan: str, digest: str, number: int, person: str, document: dict[str, Any]) -> None:
        """Keep a look at a plan's results; the same outcomes (SHA-256, hex) again are no new one.

        Raises:
            NoSuchPlan: it is gone; NotPossible: its freeze was undone.
        """
        with self._database.writing() as connection:
            require_files(plan_in(connection, plan))
            values = (plan, digest, number, time.time(), person, json.dumps(document))
            new = connection.execute("INSERT OR IGNORE INTO looks VALUES (?, ?, ?, ?, ?, ?)", values).rowcount
            tell(connection, plan, person, READ, f"look {number}" if new else f"look {number} again")


def epoch_in(connection: sqlite3.Connection) -> int:
    """The epoch inside a transaction."""
    return int(connection.execute("SELECT number FROM epoch").fetchone()[0])


def require_files(plan: Plan) -> None:
    """Return if a plan has a list; raises :class:`NotPossible`."""
    if plan.folder is None:
        raise NotPossible(f"“{plan.name}” is a draft. Freeze it first: only a frozen plan has a list of customers.")


def _require_takeable(connection: sqlite3.Connection, plan: str) -> None:
    found = plan_in(connection, plan)
    require_files(found)
    wished = _wished_in(connection, plan)
    if wished and found.exported_at is None and found.state == "frozen":
        raise WishesSince(wished)


def _wished_in(connection: sqlite3.Connection, plan: str) -> int:
    query = "SELECT count(*) FROM wishes CROSS JOIN members USING (customer) WHERE plan = ?"
    (count,) = connection.execute(query, (plan,)).fetchone()
    return int(count)


def _require_frozen(plan: Plan) -> None:
    if plan.state != "frozen":
        raise NotPossible(f"“{plan.name}” is {'a draft' if plan.state == 'draft' else 'closed'}, not frozen.")


def _require_free(connection: sqlite3.Connection) -> None:
    query = (
        "SELECT plans.name, plans.frozen_by, count(*) FROM wanted JOIN members USING (customer) "
        "JOIN plans ON plans.id = members.plan GROUP BY plans.id ORDER BY count(*) DESC"
    )
    (wished,) = connection.execute("SELECT count(*) FROM wanted JOIN wishes USING (customer)").fetchone()
    if wished:
        raise WishesChanged(wished)
    others = tuple((row[0], row[1], row[2]) for row in connection.execute(query))
    if others:
        raise CustomersTaken(others)


def _close_ended(connection: sqlite3.Connection, today: date) -> None:
    for plan in _ended(connection, today):
        _close(connection, plan, "the calendar")


def _ended(connection: sqlite3.Connection, today: date) -> list[str]:
    query = "SELECT id FROM plans WHERE state = 'frozen' AND ends_on < ?"
    return [plan for (plan,) in connection.execute(query, (today.isoformat(),))]


def _close(connection: sqlite3.Connection, plan: str, person: str) -> None:
    connection.execute("DELETE FROM members WHERE plan = ?", (plan,))
    connection.execute("UPDATE plans SET state = 'closed', changed_at = ? WHERE id = ?", (time.time(), plan))
    turn(connection)
    tell(connection, plan, person, CLOSED)

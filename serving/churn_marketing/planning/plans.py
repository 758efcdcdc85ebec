"""The plans there are: drafts that people change, one version after another, and what happened to each.

A draft is anybody's who may plan. Whoever saves an older version than the one that is there is told so and loses
nothing. It must not know what plans come to, nor who gets which customer (`claims`).
"""

import json
import secrets
import sqlite3
import time
from collections.abc import Sequence

from churn_marketing.planning.database import PlanDatabase
from churn_marketing.planning.faults import NoSuchPlan, NotPossible, StaleDraft
from churn_marketing.planning.records import DISCARDED, MADE, SAVED, Event, Look, Plan
from churn_marketing.planning.terms import NAME, Fields

MOST_DRAFTS = 2_000
"""More are a program's that has gone wild."""
_LISTED = 200


class Plans:
    """Reads and changes plans; safe to use from many threads and processes."""

    def __init__(self, database: PlanDatabase) -> None:
        self._database = database

    def listed(self) -> list[Plan]:
        """The plans that were changed last, the latest first."""
        with self._database.reading() as connection:
            query = "SELECT * FROM plans ORDER BY changed_at DESC, id LIMIT ?"
            return [Plan.of(row) for row in connection.execute(query, (_LISTED,))]

    def folders(self) -> frozenset[str]:
        """Names of the folders of all plans that have one, however long ago they were changed."""
        with self._database.reading() as connection:
            query = "SELECT folder FROM plans WHERE folder IS NOT NULL"
            return frozenset(row[0] for row in connection.execute(query))

    def get(self, plan: str) -> Plan:
        """One plan; raises :class:`NoSuchPlan`."""
        with self._database.reading() as connection:
            return plan_in(connection, plan)

    def events(self, plan: str) -> list[Event]:
        """What happened to a plan, the latest first."""
        with self._database.reading() as connection:
            query = "SELECT * FROM events WHERE plan = ? ORDER BY at DESC, rowid DESC"
            return [Event.of(row) for row in connection.execute(query, (plan,))]

    def looks(self, plan: str) -> list[Look]:
        """The looks at a plan's results, the first one first."""
        with self._database.reading() as connection:
            query = "SELECT * FROM looks WHERE plan = ? ORDER BY number"
            return [Look.of(row) for row in connection.execute(query, (plan,))]

    def make(self, fields: Fields, person: str) -> str:
        """A new draft's id, of which nobody can guess another.

        Raises:
            NotPossible: there are too many already.
        """
        name, now = secrets.token_urlsafe(9), time.time()
        with self._database.writing() as connection:
            (drafts,) = connection.execute("SELECT count(*) FROM plans WHERE state = 'draft'").fetchone()
            if drafts >= MOST_DRAFTS:
                raise NotPossible(f"There are {drafts:,} drafts already. Discard some that nobody needs.")
            connection.execute(
                "INSERT INTO plans (id, name, fields, salt, version, state, made_by, made_at, changed_by, changed_at) "
                "VALUES (?, ?, ?, ?, 1, 'draft', ?, ?, ?, ?)",
                (name, _called(fields), json.dumps(fields), secrets.token_hex(16), person, now, person, now),
            )
            tell(connection, name, person, MADE)
        return name

    def save(self, plan: str, version: int, fields: Fields, person: str) -> int:
        """Change a draft that has this version; returns its new one, or this one where nothing is different.

        Raises:
            NoSuchPlan: it is gone; NotPossible: it is no draft any more; StaleDraft: it has another version.
        """
        with self._database.writing() as connection:
            found = plan_in(connection, plan)
            require_draft(found)
            if found.fields == fields:
                return found.version
            if found.version != version:
                raise StaleDraft(found.changed_by)
            connection.execute(
                "UPDATE plans SET fields = ?, name = ?, version = version + 1, changed_by = ?, changed_at = ? "
                "WHERE id = ?",
                (json.dumps(fields), _called(fields), person, time.time(), plan),
            )
            tell(connection, plan, person, SAVED)
            return version + 1

    def discard(self, plan: str, person: str, version: int | None = None) -> None:
        """Take a draft away; what happened to it stays written. ``version``: the one that is meant; None: any.

        Raises:
            NoSuchPlan: it is gone; NotPossible: it is no draft any more, or has another version.
        """
        with self._database.writing() as connection:
            found = plan_in(connection, plan)
            require_draft(found)
            require_version(found, version)
            tell(connection, plan, person, DISCARDED)
            connection.execute("DELETE FROM plans WHERE id = ?", (plan,))


def plan_in(connection: sqlite3.Connection, plan: str) -> Plan:
    """A plan inside a transaction; raises :class:`NoSuchPlan`."""
    row = connection.execute("SELECT * FROM plans WHERE id = ?", (plan,)).fetchone()
    if row is None:
        raise NoSuchPlan
    return Plan.of(row)


def require_draft(plan: Plan) -> None:
    """Return if a plan can still be changed; raises :class:`NotPossible`."""
    if plan.state != "draft":
        raise NotPossible(f"“{plan.name}” is {plan.state}, by {plan.frozen_by}, and cannot be changed.")


def require_version(plan: Plan, version: int | None) -> None:
    """Return if a plan is as somebody has seen it; raises :class:`NotPossible`."""
    if version is not None and plan.version != version:
        raise NotPossible(
            f"Not done: {plan.changed_by} has changed “{plan.name}” since you loaded its page. Look at it as it is now."
        )


def tell(connection: sqlite3.Connection, plan: str, person: str, what: str, detail: str = "") -> None:
    """Write down what somebody did, in the transaction in which it happens."""
    connection.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?)", (plan, time.time(), person, what, detail))


def turn(connection: sqlite3.Connection) -> None:
    """Say, in the transaction in which it happens, that who may be contacted is different now."""
    connection.execute("UPDATE epoch SET number = number + 1")


def _called(fields: Fields) -> str:
    names: Sequence[str] = fields.get(NAME, ())
    return (names[0] if names else "") or "(no name yet)"

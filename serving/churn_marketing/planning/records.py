"""Plans, what happened to them, and looks at their results, as the database gives them. It must not know how."""

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal, Self

from churn_marketing.planning.terms import Fields

State = Literal["draft", "frozen", "closed"]
MADE, SAVED, FROZEN, UNDONE, EXPORTED, READ, CLOSED, DISCARDED, INTERRUPTED = (
    "made", "saved", "frozen", "freeze undone", "exported", "results read", "closed", "discarded", "freeze interrupted"
)  # fmt: skip
"""What can happen to a plan."""


@dataclass(frozen=True)
class Plan:
    """A plan. ``fields``: the form as it was typed; ``version`` counts its changes; ``salt`` deals its holdout, and
    whoever knows it can tell who is held out. Of one that was frozen: by whom and when, the last day on which outcomes
    count, the folder of its files, what it came to (``document``), and when it was first exported (None: never)."""

    id: str
    name: str
    state: State
    fields: Fields
    salt: str
    version: int
    made_by: str
    made_at: datetime
    changed_by: str
    changed_at: datetime
    frozen_by: str | None
    frozen_at: datetime | None
    ends_on: date | None
    folder: str | None
    document: dict[str, Any] | None
    exported_at: datetime | None

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        """A row of the table."""
        return cls(
            id=row["id"],
            name=row["name"],
            state=row["state"],
            fields=json.loads(row["fields"]),
            salt=row["salt"],
            version=row["version"],
            made_by=row["made_by"],
            made_at=_time(row["made_at"]),
            changed_by=row["changed_by"],
            changed_at=_time(row["changed_at"]),
            frozen_by=row["frozen_by"],
            frozen_at=None if row["frozen_at"] is None else _time(row["frozen_at"]),
            ends_on=None if row["ends_on"] is None else date.fromisoformat(row["ends_on"]),
            folder=row["folder"],
            document=None if row["document"] is None else json.loads(row["document"]),
            exported_at=None if row["exported_at"] is None else _time(row["exported_at"]),
        )


@dataclass(frozen=True)
class Event:
    """Something that somebody did to a plan."""

    at: datetime
    person: str
    what: str
    detail: str

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        """A row of the table."""
        return cls(_time(row["at"]), row["person"], row["what"], row["detail"])


@dataclass(frozen=True)
class Look:
    """A look at a campaign's results: what :class:`~churn_campaigns.experiment.plan_reading.PlanRead` says as JSON."""

    number: int
    at: datetime
    person: str
    document: dict[str, Any]

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        """A row of the table."""
        return cls(row["number"], _time(row["at"]), row["person"], json.loads(row["document"]))


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)

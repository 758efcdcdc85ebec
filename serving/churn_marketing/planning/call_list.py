"""Whom to call, a page at a time, as people print it: the beginning of a frozen plan's list, and of it what a caller
needs.

It must not know pages.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from churn_campaigns.experiment import plan_columns
from churn_marketing.planning.claims import Claims, require_files
from churn_marketing.planning.faults import PlanningFault
from churn_marketing.planning.frozen_files import PLAN
from churn_marketing.planning.places import Places
from churn_marketing.planning.records import Plan
from churn_marketing.planning.wishes import Wishes

PAPER = "paper"
PAPER_ROWS = 200
"""Customers on a page, which no browser finds heavy."""
ASK_FIRST = "Ask for the list on the plan's page first."
_NAMES = {
    "id": plan_columns.ID, "arm": plan_columns.ARM, "action": "action_name", "reasons": "reasons",
    "probability": plan_columns.SCORE, "expected_net": "expected_net",
}  # fmt: skip
_NOBODY_CALLS = ("control", plan_columns.NO_ACTION)


class CallLists:
    """The call lists of frozen plans; safe to use from many threads."""

    def __init__(self, places: Places, claims: Claims, wishes: Wishes, audit: Callable[..., None]) -> None:
        self._places, self._claims, self._wishes, self._audit = places, claims, wishes, audit

    def take(self, plan: str, person: str) -> None:
        """Write down that somebody takes a list away on paper, before they do.

        Raises:
            PlanningFault: as :meth:`~churn_marketing.planning.claims.Claims.exported`.
        """
        self._claims.exported(plan, person, PAPER)
        self._audit(person, "plan-exported", plan=plan, kind=PAPER)

    def page(self, plan: Plan, number: int) -> list[dict[str, Any]]:
        """The customers of a page, counted from 1, the best first: as :func:`calls_in`, and whether they have asked
        since not to be contacted (``wished``).

        Raises:
            PlanningFault: there is no list, or nobody has taken one away.
        """
        require_files(plan)
        if plan.exported_at is None:
            raise PlanningFault(ASK_FIRST)
        rows = calls_in(self._places.of_plan(plan.folder or ""), (number - 1) * PAPER_ROWS, PAPER_ROWS)
        wished = self._wishes.among(row["id"] for row in rows)
        return [row | {"wished": row["id"] in wished} for row in rows]


def calls_in(folder: Path, start: int, count: int) -> list[dict[str, Any]]:
    """Of a frozen plan's folder, those to be called from the one at ``start`` on, so many at most: ``id``, ``action``
    (its name), ``reasons``, ``probability`` (to leave, 0 to 1) and ``expected_net`` (money)."""
    with pyarrow.parquet.ParquetFile(str(folder / PLAN)) as source:
        parts = [source.schema_arrow.empty_table().select(list(_NAMES.values()))]
        for group in range(source.num_row_groups):
            rows = source.metadata.row_group(group).num_rows
            if start < rows and count > 0:
                parts.append(source.read_row_group(group, list(_NAMES.values())).slice(start, count))
                count -= len(parts[-1])
            start = max(0, start - rows)
    found = [{name: row[column] for name, column in _NAMES.items()} for row in pyarrow.concat_tables(parts).to_pylist()]
    return [row for row in found if row["arm"] not in _NOBODY_CALLS]

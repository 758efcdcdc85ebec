"""Adds what a plan has brought to the history that the next campaign learns from.

A plan's customers come in with what was known when it was planned. What was there of the same plan, from an earlier
look, is replaced; a look that the ledger does not know gives an older copy of the ledger away. It must not know
statistics, nor write files.
"""

from pathlib import Path
from typing import Any

from churn_campaigns.experiment import plan_columns
from churn_campaigns.experiment.assignment import CONTROL
from churn_campaigns.experiment.ledger import Ledger
from churn_campaigns.experiment.plan_cohort import PlanCohort
from churn_campaigns.experiment.plan_outcomes import PlanOutcomes
from churn_data.cells import Cell, clean
from churn_data.errors import DataError, glimpse
from churn_data.tables import open_table
from churn_model.usecase import UseCase

SUFFIX = ".customers.parquet"
"""Of the file beside a plan that holds what was known of its customers."""
OUTCOME_UNTIL = "outcome_until"


def with_history(
    history: Path | None, known: Path, usecase: UseCase, cohort: PlanCohort, outcomes: PlanOutcomes, ledger: Ledger
) -> dict[str, list[Any]]:
    """The columns of the history with those of this plan's customers whose outcomes are known.

    Args:
        history: CSV or Parquet (None: there is none yet).
        known: the features of the plan's customers, as they were (:data:`SUFFIX`).
        usecase: names id and label.
        cohort: who was planned.
        outcomes: what became of them.
        ledger: the plan's, as it was before this look.

    Raises:
        DataError: a file cannot be used, or the history holds a look at this plan that the ledger does not, or another
            campaign of one of its customers at the same time.
    """
    added = _added(known, usecase, cohort, outcomes, ledger)
    if history is None:
        return added
    before, rows = _columns(history)
    before.setdefault(plan_columns.SCORE, [None] * len(rows))
    if plan_columns.SALT_ID not in before or list(before) != list(added):
        problem = f"columns {', '.join(added)} were expected, as this command writes them"
        raise DataError(str(history), problem, row=1)
    days = zip(before[plan_columns.SALT_ID], before[plan_columns.PLANNED_ON], strict=True)
    this = (ledger.salt_id, ledger.planned_on.isoformat())
    others = []
    looks = {ledger.until(look.days).isoformat() for look in ledger.taken}
    for place, each in enumerate(days):
        if each != this:
            others.append(place)
        elif before[OUTCOME_UNTIL][place] not in looks:
            until = glimpse(before[OUTCOME_UNTIL][place] or "")
            problem = f'"{until}" is of a look at this plan that its ledger does not hold: an older copy of the ledger'
            raise DataError(str(history), f"{problem} lies beside the plan", column=OUTCOME_UNTIL, row=rows[place])
    _require_apart(
        history,
        {name: [before[name][place] for place in others] for name in added},
        added,
        usecase.id,
        [rows[place] for place in others],
    )
    return {name: [before[name][place] for place in others] + cells for name, cells in added.items()}


def _require_apart(
    history: Path, before: dict[str, list[Cell]], added: dict[str, list[Any]], id_column: str, rows: list[int]
) -> None:
    """Refuse a customer in two campaigns at the same time, of whom nobody could say which of them did it."""
    ids = set(map(str, added[id_column]))
    since, until = (added[name][0] if ids else "" for name in (plan_columns.PLANNED_ON, OUTCOME_UNTIL))
    days = zip(before[id_column], before[plan_columns.PLANNED_ON], before[OUTCOME_UNTIL], rows, strict=True)
    for customer, began, ended, row in days:
        if customer in ids and (began or "") < until and since < (ended or "9999"):
            problem = "the customer is in this plan too, in two campaigns at the same time; read one without --history"
            raise DataError(str(history), problem, column=id_column, row=row)


def _added(
    known: Path, usecase: UseCase, cohort: PlanCohort, outcomes: PlanOutcomes, ledger: Ledger
) -> dict[str, list[Any]]:
    features, _ = _columns(known)
    places = cohort.place
    if set(map(str, features.get(usecase.id, []))) != places.keys():
        problem = "does not hold the customers of this plan: it is another file than was written beside it"
        raise DataError(str(known), problem, column=usecase.id)
    until = ledger.until(outcomes.days)
    rows = [
        (row, places[str(customer)])
        for row, customer in enumerate(features[usecase.id])
        if outcomes.known[places[str(customer)]]
    ]
    label = usecase.label
    positive, negative = label.written(until.isoformat())
    added: dict[str, list[Any]] = {name: [cells[row] for row, _ in rows] for name, cells in features.items()}
    added[label.column] = [positive if outcomes.churned[place] else negative for _, place in rows]
    added[plan_columns.ARM] = [cohort.planned[place] if cohort.treated[place] else CONTROL for _, place in rows]
    added[plan_columns.PLANNED] = [cohort.planned[place] for _, place in rows]
    added[plan_columns.PROPENSITY] = [f"{cohort.propensity[place]:.6g}" for _, place in rows]
    shared = (ledger.salt_id, ledger.planned_on.isoformat(), until.isoformat())
    for name, cell in zip((plan_columns.SALT_ID, plan_columns.PLANNED_ON, OUTCOME_UNTIL), shared, strict=True):
        added[name] = [cell] * len(rows)
    added[plan_columns.SCORE] = [f"{cohort.score[place]:.6g}" for _, place in rows]
    return added


def _columns(path: Path) -> tuple[dict[str, list[Cell]], list[int]]:
    """All cells as text, by column, and the numbers of their rows."""
    rows: list[int] = []
    with open_table(path) as table:
        columns: list[list[Cell]] = [[] for _ in table.header]
        for chunk in table.chunks:
            rows.extend(chunk.rows)
            for column, cells in zip(columns, chunk.columns, strict=True):
                column.extend(clean(cells, frozenset()))
    return dict(zip(table.header, columns, strict=True)), rows

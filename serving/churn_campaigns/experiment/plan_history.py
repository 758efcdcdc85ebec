"""Adds what a plan has brought to the history that the next campaign learns from.

A plan's customers come in with what was known when it was planned. What was there of the same plan, from an earlier
look, is replaced. It must not know statistics.
"""

from pathlib import Path
from typing import Any

from churn_campaigns.experiment import plan_columns
from churn_campaigns.experiment.assignment import CONTROL
from churn_campaigns.experiment.ledger import Ledger
from churn_campaigns.experiment.plan_cohort import PlanCohort
from churn_campaigns.experiment.plan_outcomes import PlanOutcomes
from churn_data.cells import Cell, clean
from churn_data.errors import DataError
from churn_data.tables import open_table
from churn_data.written_files import write_table
from churn_model.usecase import UseCase

SUFFIX = ".customers.parquet"
"""Of the file beside a plan that holds what was known of its customers."""
OUTCOME_UNTIL = "outcome_until"


def add_to_history(
    history: Path, known: Path, usecase: UseCase, cohort: PlanCohort, outcomes: PlanOutcomes, ledger: Ledger
) -> int:
    """Write the history with this plan's customers; returns how many of them have a known outcome.

    Args:
        history: CSV or Parquet; need not be there.
        known: the features of the plan's customers, as they were (:data:`SUFFIX`).
        usecase: names id and label.
        cohort: who was planned.
        outcomes: what became of them.
        ledger: the plan's.

    Raises:
        DataError: a file cannot be used; `history` is as before.
    """
    added = _added(known, usecase, cohort, outcomes, ledger)
    if history.exists():
        before = _columns(history)
        before.setdefault(plan_columns.SCORE, [None] * len(next(iter(before.values()), [])))
        if plan_columns.SALT_ID not in before or list(before) != list(added):
            problem = f"columns {', '.join(added)} were expected, as this command writes them"
            raise DataError(str(history), problem, row=1)
        days = zip(before[plan_columns.SALT_ID], before[plan_columns.PLANNED_ON], strict=True)
        this = (ledger.salt_id, ledger.planned_on.isoformat())
        others = [place for place, each in enumerate(days) if each != this]
        added = {name: [before[name][place] for place in others] + cells for name, cells in added.items()}
    write_table(history, added)
    return int(outcomes.known.sum())


def _added(
    known: Path, usecase: UseCase, cohort: PlanCohort, outcomes: PlanOutcomes, ledger: Ledger
) -> dict[str, list[Any]]:
    features = _columns(known)
    places = cohort.place
    until = min(ledger.ends_on, ledger.planned_on.fromordinal(ledger.planned_on.toordinal() + outcomes.days))
    rows = [
        (row, places[str(customer)])
        for row, customer in enumerate(features[usecase.id])
        if str(customer) in places and outcomes.known[places[str(customer)]]
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


def _columns(path: Path) -> dict[str, list[Cell]]:
    """All cells as text, by column."""
    with open_table(path) as table:
        columns: list[list[Cell]] = [[] for _ in table.header]
        for chunk in table.chunks:
            for column, cells in zip(columns, chunk.columns, strict=True):
                column.extend(clean(cells, frozenset()))
    return dict(zip(table.header, columns, strict=True))

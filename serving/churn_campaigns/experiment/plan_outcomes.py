"""What became of the customers of a plan within its outcome window, as far as a look can see.

It must not know statistics, arms or money.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy

from churn_campaigns.experiment.ledger import Ledger
from churn_campaigns.experiment.plan_cohort import PlanCohort
from churn_campaigns.experiment.row_checks import lost_zeros
from churn_campaigns.experiment.tally import Labels, OutcomeColumns, outcome_rows
from churn_data.errors import DataError
from churn_model.usecase import UseCase

ENOUGH = 0.05
"""Share of the stayers who may have been seen for a shorter time than a look reaches; their outcomes are missing."""

Array = numpy.ndarray


@dataclass(frozen=True)
class PlanOutcomes:
    """Within ``days`` since the plan: who left, float [customers] (NaN: not known). ``final``: the outcome window is
    over. ``ignored``: outcomes of customers for whom nothing was planned; ``strangers``: of those not in the plan."""

    churned: Array
    days: int
    final: bool
    ignored: int
    strangers: int

    @property
    def known(self) -> Array:
        """Whose outcome is known: bool [customers]."""
        return numpy.asarray(~numpy.isnan(self.churned))


def digest_of_outcomes(cohort: PlanCohort, outcomes: PlanOutcomes) -> str:
    """SHA-256 (hex) of what a look sees: the same however a file is written, another for another column of it."""
    order = numpy.argsort(numpy.array(cohort.ids))
    seen = hashlib.sha256(f"{outcomes.days}\n".encode())
    seen.update("\n".join(cohort.ids[place] for place in order.tolist()).encode())
    seen.update(numpy.nan_to_num(outcomes.churned[order], nan=-1.0).astype(numpy.int8).tobytes())
    return seen.hexdigest()


def read_plan_outcomes(
    path: Path,
    usecase: UseCase,
    cohort: PlanCohort,
    ledger: Ledger,
    columns: OutcomeColumns,
    *,
    ignore_unassigned: bool = False,
) -> PlanOutcomes:
    """Read outcomes: the use case's id, the label, and the day on which the customer left or was seen to have stayed.

    A look reaches as far as nearly all stayers were seen (:data:`ENOUGH`), at most to the end of the outcome window;
    who leaves later has stayed within it.

    Raises:
        DataError: one line that names file, row and column, among others for an outcome before the plan, and for a
            customer who is not in the plan.
    """
    labels = Labels(usecase, str(path), columns.primary)
    left, seen = numpy.full((2, len(cohort.ids)), numpy.nan)
    places, rows, ignored, strangers = cohort.place, 0, 0, 0
    for row in outcome_rows(path, usecase, columns):
        rows += 1
        place = places.get(row.customer)
        if place is None:
            if row.customer in cohort.unplanned:
                ignored += 1
                continue
            if not ignore_unassigned:
                problem = lost_zeros(row.customer, lambda whole: whole in places or whole in cohort.unplanned)
                problem = problem or "the customer is not in the plan (--ignore-unassigned counts such rows)"
                raise DataError(str(path), problem, column=usecase.id, row=row.row)
            strangers += 1
        elif row.label is not None:
            after = (row.on(str(path), columns.day) - ledger.planned_on).days
            if after < 0:
                problem = f"lies before the plan of {ledger.planned_on}"
                raise DataError(str(path), problem, column=columns.day, row=row.row)
            (left if labels.churned(row.label, row.row) else seen)[place] = after
    if not rows:
        raise DataError(str(path), "has a header but no rows")
    return _within(left, seen, ledger, (ignored, strangers))


def _within(left: Array, seen: Array, ledger: Ledger, others: tuple[int, int]) -> PlanOutcomes:
    stayed = seen[~numpy.isnan(seen)]
    reach = numpy.quantile(stayed, ENOUGH, method="lower") if len(stayed) else numpy.nanmax(left, initial=0.0)
    days = int(min(reach, ledger.window_days))
    churned = numpy.where(numpy.isnan(left), numpy.where(seen >= days, 0.0, numpy.nan), (left <= days).astype(float))
    return PlanOutcomes(churned, days, days >= ledger.window_days, *others)

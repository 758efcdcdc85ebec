"""`churn experiment read` without the command line: two files in, what the experiment has shown out.

It must not compute or word anything itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from churn_campaigns.experiment.analysis import Arm, Looking, Read, read_counts
from churn_campaigns.experiment.boundaries import boundaries, equal_looks, require_level
from churn_campaigns.experiment.cohort import read_cohort
from churn_campaigns.experiment.tally import OutcomeColumns, read_outcomes
from churn_campaigns.experiment.wording import verdict
from churn_data.errors import DataError
from churn_model.usecase import UseCase

ONE_LOOK = Looking()


@dataclass(frozen=True)
class Reading:
    """How files are to be read: columns of the outcomes (None: the use case's label and `outcome_on`), planned shares
    where the assignment does not say, alpha, looks, and whether outcomes of strangers are left out or refused."""

    columns: OutcomeColumns | None = None
    shares: Mapping[str, float] | None = None
    alpha: float = 0.05
    looking: Looking = ONE_LOOK
    ignore_unassigned: bool = False


def read_experiment(assignment: Path, outcomes: Path, usecase: UseCase, reading: Reading | None = None) -> Read:
    """Read an experiment by intent to treat.

    Args:
        assignment: what `churn experiment assign` wrote (`cohort.read_cohort`).
        outcomes: what became of the customers (`tally.read_outcomes`).
        usecase: names id, label and missing cells.
        reading: how (None: one look, alpha 0.05).

    Raises:
        DataError: one line that names file, row and column.
    """
    reading = reading or Reading()
    try:
        require_level(reading.alpha)
    except ValueError as problem:
        raise DataError("--alpha", str(problem)) from None
    columns = reading.columns or OutcomeColumns(usecase.label.column)
    cohort = read_cohort(assignment, usecase, reading.shares)
    tally = read_outcomes(outcomes, usecase, cohort, columns, ignore_unassigned=reading.ignore_unassigned)
    arms = [
        Arm(
            name,
            size,
            cohort.treated[name] if cohort.dates_of_treatment else None,
            tally.known[name],
            tally.churned[name],
        )
        for name, size in cohort.sizes.items()
    ]
    for arm in arms:
        if not arm.known:
            raise DataError(str(outcomes), f'no outcome is known of the arm "{arm.name}"', column=columns.primary)
    read = read_counts(arms, cohort.shares, reading.alpha, reading.looking)
    read = replace(read, unassigned=tally.unassigned, simulated=cohort.simulated)
    return replace(read, verdicts=tuple(verdict(effect, read) for effect in read.effects))


def looking_at(look: int | None, looks: int | None, information: tuple[float, ...] | None) -> Looking:
    """Which look this is, from what a command line gives; without `information` looks are equally spaced.

    Raises:
        DataError: the numbers contradict each other.
    """
    if look is None and looks is None and information is None:
        return ONE_LOOK
    if looks is None or (look is None and information is None):
        raise DataError("--looks", "goes with --look or --information: which look of how many was expected")
    if look is not None and not 1 <= look <= looks:
        raise DataError("--look", f"is {look}, 1 to {looks} was expected")
    try:
        known = information or equal_looks(looks)[:look]
        boundaries(known, 0.05)
    except ValueError as problem:
        raise DataError("--looks" if information is None else "--information", str(problem)) from None
    if len(known) > looks or look not in (None, len(known)):
        raise DataError("--information", f"is of {len(known)} looks, {look or looks} of {looks} were expected")
    return Looking(known, looks)

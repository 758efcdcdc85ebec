"""`churn experiment read PLAN OUTCOMES`: what a campaign's plan has brought."""

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from churn_campaigns.experiment.ledger import SUFFIX as LEDGER
from churn_campaigns.experiment.ledger import Ledger, beside, read_ledger, write_ledger
from churn_campaigns.experiment.plan_cohort import PlanCohort, read_plan
from churn_campaigns.experiment.plan_history import SUFFIX as KNOWN
from churn_campaigns.experiment.plan_history import add_to_history
from churn_campaigns.experiment.plan_outcomes import PlanOutcomes, read_plan_outcomes
from churn_campaigns.experiment.plan_reading import read_results
from churn_campaigns.experiment.plan_wording import plan_text
from churn_campaigns.experiment.tally import OUTCOME_ON, OutcomeColumns
from churn_cli.terminal import show
from churn_data.errors import DataError
from churn_data.files import file_sha256
from churn_data.local_files import local_copy, upload_after
from churn_data.spreadsheets import as_text_file
from churn_model.usecase import UseCase

OF_ASSIGNMENTS = ("look", "looks", "information", "control_share", "arms")


def read_plan_result(options: argparse.Namespace, plan: Path, usecase: UseCase) -> dict[str, Any]:
    """Read a plan, put the look into its ledger, and, when asked, add its customers to the history."""
    for name in OF_ASSIGNMENTS:
        if getattr(options, name) is not None:
            option = f"--{name.replace('_', '-')}"
            raise DataError(option, "is for assignments: a plan's ledger says how often it was looked at")
    place = beside(options.assignment, LEDGER)
    columns = OutcomeColumns(options.primary or usecase.label.column, options.date_column or OUTCOME_ON)
    with local_copy(place) as path, local_copy(options.outcomes) as given, as_text_file(given) as outcomes:
        ledger = read_ledger(path)
        cohort = read_plan(plan, ledger)
        found = read_plan_outcomes(
            outcomes, usecase, cohort, ledger, columns, ignore_unassigned=options.ignore_unassigned
        )
        try:
            read, look = read_results(cohort, found, ledger, file_sha256(outcomes))
        except DataError as error:
            raise error.of(str(options.outcomes)) if error.file == "outcomes" else error from None
    ledger = ledger.with_look(look)
    with upload_after(place) as path:
        write_ledger(path, ledger)
    text, document = plan_text(read), read.to_json() | {"ledger": str(place)}
    if options.history is not None:
        added = _remember(options, usecase, cohort, found, ledger)
        text += f"\n{options.history}: {added:,} customers of this plan are in the history"
        document |= {"history": str(options.history), "added_to_history": added}
    show(text, options)
    return document


def _remember(
    options: argparse.Namespace, usecase: UseCase, cohort: PlanCohort, found: PlanOutcomes, ledger: Ledger
) -> int:
    with ExitStack() as stack:
        known = stack.enter_context(local_copy(beside(options.assignment, KNOWN)))
        history = stack.enter_context(upload_after(options.history))
        return add_to_history(history, known, usecase, cohort, found, ledger)

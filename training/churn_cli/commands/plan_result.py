"""`churn experiment read PLAN OUTCOMES`: what a campaign's plan has brought."""

import argparse
import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from churn_campaigns.experiment.known_looks import keep, require_newest
from churn_campaigns.experiment.ledger import SUFFIX as LEDGER
from churn_campaigns.experiment.ledger import Ledger, beside, ledger_file, read_ledger
from churn_campaigns.experiment.plan_cohort import PlanCohort, read_plan
from churn_campaigns.experiment.plan_history import SUFFIX as KNOWN
from churn_campaigns.experiment.plan_history import with_history
from churn_campaigns.experiment.plan_outcomes import PlanOutcomes, digest_of_outcomes, read_plan_outcomes
from churn_campaigns.experiment.plan_reading import read_results
from churn_campaigns.experiment.plan_wording import plan_text
from churn_campaigns.experiment.tally import OUTCOME_ON, OutcomeColumns
from churn_cli.terminal import say, show
from churn_data.errors import DataError
from churn_data.files import file_sha256
from churn_data.local_files import local_copy, upload_after
from churn_data.locations import Location
from churn_data.spreadsheets import as_text_file
from churn_data.written_files import require_ending, write_table
from churn_model.usecase import UseCase
from churn_training.packaging.home import Home

LOOKS, SHARED = "looks", "CHURN_LOOKS"
"""The folder of this machine's home that holds what is known of looks at plans; the variable that names another one,
which machines share."""
OF_ASSIGNMENTS = ("look", "looks", "information", "control_share", "arms")


def read_plan_result(options: argparse.Namespace, plan: Path, usecase: UseCase) -> dict[str, Any]:
    """Read a plan, put the look into its ledger, and, when asked, add its customers to the history."""
    _refuse_what_was_promised(options)
    known_looks = _known_looks()
    place = beside(options.assignment, LEDGER)
    columns = OutcomeColumns(options.primary or usecase.label.column, options.date_column or OUTCOME_ON)
    with local_copy(place) as path, local_copy(options.outcomes) as given, as_text_file(given) as outcomes:
        ledger = read_ledger(path)
        if usecase.name != ledger.usecase:
            made_for = f'the plan was made for "{ledger.usecase}": give that one, by its name or its file'
            raise DataError("--usecase", f'is "{usecase.name}", {made_for}')
        cohort = read_plan(plan, ledger)
        found = read_plan_outcomes(
            outcomes, usecase, cohort, ledger, columns, ignore_unassigned=options.ignore_unassigned
        )
        try:
            read, look = read_results(cohort, found, ledger, _digest(cohort, found, ledger, outcomes))
        except DataError as error:
            raise error.of(str(options.outcomes)) if error.file == "outcomes" else error from None
    for folder in known_looks:
        require_newest(folder, str(place), ledger, look)
    history = None if options.history is None else _remembered(options, usecase, cohort, found, ledger)
    with upload_after(place) as path, ledger_file(path, ledger.with_look(look)):
        if history is not None:
            with upload_after(options.history) as target:
                write_table(target, history)
    for folder in known_looks:
        if unkept := keep(folder, ledger.with_look(look)):
            say(f"an older copy of {place} will not be noticed here: {unkept}")
    text, document = plan_text(read), read.to_json() | {"ledger": str(place)}
    if history is not None:
        added = int(found.known.sum())
        text += f"\n{options.history}: {added:,} customers of this plan are in the history"
        document |= {"history": str(options.history), "added_to_history": added}
    show(text, options)
    return document


def _known_looks() -> list[Path]:
    """Where the newest ledgers are kept: at home, and where machines share them.

    Raises:
        DataError: that is no folder. Whoever mistypes it, or whose drive is away, would spend alpha that others spent.
    """
    own, shared = Home.from_environment().path / LOOKS, os.environ.get(SHARED)
    if not shared:
        return [own]
    folder = Path(shared).absolute()
    if not folder.is_dir():
        raise DataError(SHARED, f"{folder} is no folder: make it, or connect what it lies on")
    return [own, folder]


def _refuse_what_was_promised(options: argparse.Namespace) -> None:
    for name in OF_ASSIGNMENTS:
        if getattr(options, name) is not None:
            option = f"--{name.replace('_', '-')}"
            raise DataError(option, "is for assignments: a plan's ledger says how often it was looked at")
    if "alpha" in getattr(options, "given", ()):
        raise DataError("--alpha", "is for assignments: a plan's ledger says what was promised")


def _digest(cohort: PlanCohort, found: PlanOutcomes, ledger: Ledger, outcomes: Path) -> str:
    """Of what a look sees; a former version kept that of the file."""
    former = file_sha256(outcomes)
    known = any(look.outcomes == former for look in ledger.taken)
    return former if known else digest_of_outcomes(cohort, found)


def _remembered(
    options: argparse.Namespace, usecase: UseCase, cohort: PlanCohort, found: PlanOutcomes, ledger: Ledger
) -> dict[str, list[Any]]:
    """The history with this plan's customers; what cannot be used is refused before the look is spent."""
    place = options.history
    require_ending(Path(str(place)))
    with ExitStack() as stack:
        known = stack.enter_context(local_copy(beside(options.assignment, KNOWN)))
        before = None
        if _is_there(place):
            before = stack.enter_context(as_text_file(stack.enter_context(local_copy(place))))
        return with_history(before, known, usecase, cohort, found, ledger)


def _is_there(place: Location) -> bool:
    if isinstance(place, Path):
        return place.exists()
    from churn_data.object_storage import content_of

    return content_of(place) is not None

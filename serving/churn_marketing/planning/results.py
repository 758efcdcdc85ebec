"""What a campaign has brought, by `churn_campaigns`' own reading of its plan and an uploaded file of outcomes.

It must not know people, pages or other plans.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from churn_campaigns.experiment.ledger import Ledger, read_ledger, write_ledger
from churn_campaigns.experiment.plan_cohort import read_plan
from churn_campaigns.experiment.plan_outcomes import read_plan_outcomes
from churn_campaigns.experiment.plan_reading import read_results
from churn_campaigns.experiment.plan_wording import plan_text
from churn_campaigns.experiment.tally import OutcomeColumns
from churn_data.errors import DataError
from churn_data.files import file_sha256
from churn_data.spreadsheets import as_text_file
from churn_marketing.planning.faults import NotEnoughYet, NotPossible, UploadFault
from churn_marketing.planning.frozen_files import PLAN, ledger_path
from churn_model.usecase import UseCase

READING_SECONDS = 120.0
"""Of processor, for a file: a million outcomes take a fraction of it. All plans wait while one is read."""
_AGAIN_SECONDS = 1.0  # what is raised while Python tidies up is lost, so it is raised again
OUTCOMES = "outcomes"  # what the reading calls the outcomes where they are fine and tell nothing


class Promised(msgspec.Struct, frozen=True):
    """What was promised of a plan's experiment: looks in all, how many were taken, days in which outcomes count, and
    the last of them. ``final``: the last look that counts was taken."""

    looks: int
    taken: int
    window_days: int
    ends_on: date
    final: bool

    @property
    def left(self) -> int:
        """How many of the planned looks are left; more may be taken, and then each shows less."""
        return 0 if self.final else max(self.looks - self.taken, 0)


def promised(folder: Path) -> Promised | None:
    """What a plan's ledger says; None of a plan that held nobody out, of which nothing can be measured."""
    path = ledger_path(folder)
    if not path.is_file():
        return None
    ledger = read_ledger(path)
    return Promised(ledger.looks, len(ledger.taken), ledger.window_days, ledger.ends_on, _is_read(ledger))


def read_upload(folder: Path, outcomes: Path, name: str, usecase: UseCase) -> dict[str, Any]:
    """Take a look at the outcomes so far and write it into the plan's ledger.

    Args:
        folder: of the frozen plan.
        outcomes: CSV, Parquet or XLSX with the id, the label and the day of each outcome.
        name: what its sender calls it.
        usecase: says how id and label are called.

    Returns:
        What :class:`~churn_campaigns.experiment.plan_reading.PlanRead` says as JSON, with its ``digest`` and a
        ``text``.

    Raises:
        UploadFault: the file cannot be used; NotEnoughYet: it tells nothing yet; NotPossible: there is no look left, or
            nobody was held out.
    """
    if not ledger_path(folder).is_file():
        raise NotPossible("Nobody was held out of this campaign, so there is nothing to compare with.")
    ledger = read_ledger(ledger_path(folder))
    with _within(READING_SECONDS), _of_upload(outcomes, name), as_text_file(outcomes) as table:
        digest = file_sha256(table)
        if _is_read(ledger) and all(look.outcomes != digest for look in ledger.taken):
            raise NotPossible(f"Outcomes until {ledger.ends_on}, the last day that counts, were read: no look is left.")
        cohort = read_plan(folder / PLAN, ledger)
        columns = OutcomeColumns(usecase.label.column)
        found = read_plan_outcomes(table, usecase, cohort, ledger, columns, ignore_unassigned=True)
        if found.strangers and not found.ignored and not found.known.any():
            nobody = f"none of its {found.strangers:,} customers is in the plan: are ids written as in the list?"
            raise UploadFault(f"{name}: {nobody}")
        read, look = read_results(cohort, found, ledger, digest)
    write_ledger(ledger_path(folder), ledger.with_look(look))
    return read.to_json() | {"digest": digest, "text": plan_text(read)}


def _is_read(ledger: Ledger) -> bool:
    return bool(ledger.taken) and ledger.taken[-1].days >= ledger.window_days


class _Late(BaseException):
    """Not an Exception, so that no reader on the way takes it for a broken file."""


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    """Give up the block when this process, all of its threads, has computed so long in it; in a main thread alone."""

    def late(*_: object) -> None:
        raise _Late

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, seconds, _AGAIN_SECONDS)
    try:
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    except _Late:
        raise UploadFault(
            f"The file takes more than {seconds:g} seconds of computing to be read, and others wait meanwhile. Send "
            "the three columns that are needed alone, as CSV or Parquet."
        ) from None
    finally:
        signal.signal(signal.SIGPROF, before)


@contextmanager
def _of_upload(path: Path, name: str) -> Iterator[None]:
    """What is wrong in the block as a fault that calls the file as its sender does."""
    try:
        yield
    except DataError as error:
        if error.file == OUTCOMES:
            raise NotEnoughYet(f"Not enough data yet: {str(error).removeprefix(f'{OUTCOMES}: ')}.") from error
        known = error.of(name) if error.file == str(path) else error
        raise UploadFault(str(known)) from error

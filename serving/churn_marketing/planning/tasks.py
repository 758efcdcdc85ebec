"""What takes longer than somebody waits for, as functions that another process runs: working drafts out, freezing,
lists, results.

They hand over names and numbers and find everything else on disk. What goes wrong is told as faults of planning, which
name files as people call them. They must not know pages.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from churn_campaigns.campaign.customers import Customers
from churn_marketing.planning import calculation, curve, frozen_files, results
from churn_marketing.planning.calculation import Asked
from churn_marketing.planning.claims import Claims, Freeze
from churn_marketing.planning.database import PlanDatabase
from churn_marketing.planning.faults import NotPossible, PlanningFault
from churn_marketing.planning.ground import Ground, known_usecase
from churn_marketing.planning.places import Places
from churn_marketing.planning.population import part_of, population
from churn_marketing.planning.terms import Terms
from churn_marketing.planning.under_way import READING, TAKING, At, FreezesUnderWay
from churn_marketing.planning.wishes import Wishes
from churn_model.errors import ChurnModelError

_Arguments = ParamSpec("_Arguments")
_Answer = TypeVar("_Answer")
_KEPT_GROUNDS = 3


@dataclass(frozen=True)
class Draft:
    """A draft in one version, as it is worked out."""

    plan: str
    version: int
    salt: str
    terms: Terms


@dataclass(frozen=True)
class Upload:
    """A file of outcomes for a frozen plan in ``folder``; ``name``: what its sender calls it."""

    plan: str
    folder: Path
    path: Path
    name: str
    usecase: str


def told(task: Callable[_Arguments, _Answer]) -> Callable[_Arguments, _Answer]:
    """The task with every fault as one of planning, so that it reaches whoever waits."""

    @wraps(task)
    def telling(*given: _Arguments.args, **named: _Arguments.kwargs) -> _Answer:
        try:
            return task(*given, **named)
        except ChurnModelError as error:
            raise PlanningFault(_without_folders(str(error), given)) from None
        except OSError as error:
            raise PlanningFault(f"Something could not be read or written ({error.strerror}). Try again.") from None

    return telling


@told
def work_out(ground: Ground, draft: Draft) -> None:
    """Work a draft out by who is free now, and keep what it comes to."""
    places, database = Places(ground.folder), PlanDatabase(Places(ground.folder).database)
    rules = ground.rules()
    everybody = _everybody(ground)
    taken, epoch = Claims(database).taken(datetime.now(UTC).date())
    spared = frozenset().union(*(frozen_files.members_of(folder) for folder in places.folders(draft.terms.spared)))
    asked = Asked(draft.terms, rules.actions, draft.salt, taken | spared, Wishes(database).all(), epoch)
    found = calculation.calculate(everybody, asked)
    folder = places.calculation(draft.plan, ground.code, draft.version, epoch)
    with _new_folder(folder) as temporary:
        calculation.keep(temporary, found, calculation.document_of(everybody, asked, found))
    for other in folder.parent.iterdir():
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)


@told
def draw_curve(ground: Ground, terms: Terms) -> None:
    """Work out profit against budget for a filter."""
    everybody = _everybody(ground)
    inside = part_of(everybody, calculation.inside_of(everybody, terms))
    curve.make_curve(ground, terms, inside, ground.rules().actions)


@told
def freeze(ground: Ground, draft: Draft, shown: str, person: str, attempt: str) -> None:
    """Freeze a draft as it was shown: files first, then all of its customers in one step, or nothing.

    Raises:
        PlanningFault: as :meth:`~churn_marketing.planning.claims.Claims.freeze`.
    """
    places = Places(ground.folder)
    database = PlanDatabase(places.database)
    under_way = FreezesUnderWay(database)
    at = under_way.follow(draft.plan, attempt)
    try:
        asked, customers = _composed(places, ground, draft, shown, attempt, at)
        at(TAKING)
        try:
            Claims(database).freeze(asked, customers, person, draft.terms.promise().planned_on)
        except BaseException:  # Ctrl-C too must not leave files that look like a freeze.
            shutil.rmtree(places.of_plan(asked.folder), ignore_errors=True)
            raise
    finally:
        under_way.end(draft.plan, attempt)


def _composed(
    places: Places, ground: Ground, draft: Draft, shown: str, attempt: str, at: At
) -> tuple[Freeze, list[str]]:
    """The files of a draft as it was shown, written; what is to be frozen, and the ids of its customers."""
    at(READING)
    kept = places.calculations(draft.plan) / shown
    epoch = shown.removeprefix(f"{ground.code}-{draft.version}-")
    is_name = epoch != shown and epoch.isascii() and epoch.isdecimal()
    document = calculation.document_in(kept) if is_name else None
    if document is None:
        raise NotPossible("The draft, the scores or the model have changed since. Look at what it comes to now first.")
    actions = ground.rules().actions
    found = calculation.kept_calculation(kept, _everybody(ground), draft.terms, draft.salt, actions)
    folder = places.new_frozen(draft.plan)
    customers = frozen_files.compose(folder, ground, found, draft.terms, at)
    promise = draft.terms.promise()
    ends_on = promise.planned_on.fromordinal(promise.planned_on.toordinal() + promise.window_days)
    return Freeze(draft.plan, draft.version, folder.name, document, ends_on, attempt), customers


@told
def write_list(places: Places, plan: str, folder: Path, kind: str, person: str) -> None:
    """Write the list of a frozen plan; only one that there is counts as taken away, and it does before anybody has it.

    Raises:
        PlanningFault: as :func:`frozen_files.write_list`, or as :meth:`Claims.exported`.
    """
    frozen_files.write_list(folder, kind)
    Claims(PlanDatabase(places.database)).exported(plan, person, kind)


@told
def read_results(places: Places, given: Upload, person: str) -> None:
    """Look at an upload of outcomes, keep the look, and take the upload away."""
    try:
        usecase = known_usecase(given.usecase)
        document: dict[str, Any] = results.read_upload(given.folder, given.path, given.name, usecase)
    finally:
        given.path.unlink(missing_ok=True)
    claims = Claims(PlanDatabase(places.database))
    claims.looked(given.plan, document["digest"], document["look"], person, document)


def _everybody(ground: Ground) -> Customers:
    found = _known_population(ground)
    for other in sorted(ground.prepared.parent.iterdir(), key=lambda path: path.stat().st_mtime)[:-_KEPT_GROUNDS]:
        if other != ground.prepared:
            shutil.rmtree(other, ignore_errors=True)
    return found


@lru_cache(maxsize=1)
def _known_population(ground: Ground) -> Customers:
    return population(ground)


@contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    """A folder to write into, which takes its place at the end of the block."""
    temporary = folder.with_name(f".{folder.name}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True, mode=0o700)
    try:
        yield temporary
        shutil.rmtree(folder, ignore_errors=True)
        temporary.rename(folder)
    finally:
        with suppress(FileNotFoundError):
            shutil.rmtree(temporary)


def _without_folders(text: str, given: tuple[object, ...]) -> str:
    """A message that calls files by their names alone."""
    folders = [str(each.customers.parent) for each in given if isinstance(each, Ground)]
    folders += [str(each) for each in given if isinstance(each, Path)]
    for folder in folders:
        text = text.replace(f"{folder}/", "")
    return text

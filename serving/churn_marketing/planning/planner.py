"""Everything that a page can ask of planning: drafts, what they come to, freezing, lists, results. Many threads use it.

Nobody waits for what takes long: it is begun, and whoever looks again sees how far it is. It must not know pages.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from churn_marketing.planning import tasks
from churn_marketing.planning.calculation import document_in
from churn_marketing.planning.call_list import ASK_FIRST, CallLists
from churn_marketing.planning.claims import Claims, require_files
from churn_marketing.planning.curve import curve_name, read_curve
from churn_marketing.planning.database import PlanDatabase
from churn_marketing.planning.faults import CustomersTaken, NotPossible, PlanningFault, TermsFault, WishesChanged
from churn_marketing.planning.freezing import Freezing
from churn_marketing.planning.frozen_files import KINDS, require_fits
from churn_marketing.planning.ground import Ground
from churn_marketing.planning.places import Places
from churn_marketing.planning.plans import Plans
from churn_marketing.planning.records import Plan
from churn_marketing.planning.results import Promised, promised
from churn_marketing.planning.tasks import Draft, Upload
from churn_marketing.planning.terms import Choices, Fields, kept, read_terms
from churn_marketing.planning.wishes import Wishes
from churn_marketing.planning.work import Work

Audit = Callable[..., None]
"""Told who did what, with details that name no customer."""
Standing = Callable[[], Ground]
"""What plans stand on now; raises PlanningFault where there is nothing to stand on."""
PATIENCE = 0.1
"""Seconds that a request waits for what may be done at once."""


@dataclass(frozen=True)
class Outlook:
    """What a draft comes to, as far as it is known. ``document`` as :func:`calculation.document_of` says, of the
    calculation called ``shown``; ``curve`` of profit against budget; ``faults``: a line a field that cannot be used;
    ``problem``: why nothing can be worked out. ``outdated``: customers were taken or given back since."""

    document: dict[str, Any] | None = None
    shown: str = ""
    curve: dict[str, Any] | None = None
    faults: dict[str, str] | None = None
    problem: str = ""
    working: bool = False
    outdated: bool = False


class Planner:
    """The plans of one installation."""

    def __init__(self, folder: Path, ground: Standing, choices: Callable[[], Choices], audit: Audit) -> None:
        """``folder`` is where planning keeps everything, private; ``choices``: what there is to choose from."""
        self.places = Places(folder)
        database = PlanDatabase(self.places.database)
        self.plans, self.claims, self.wishes = Plans(database), Claims(database), Wishes(database)
        self.call_lists = CallLists(self.places, self.claims, self.wishes, audit)
        self._ground, self.choices, self._audit = ground, choices, audit
        self._work = Work()
        self.freezing = Freezing(database, self._work, audit)
        self.places.tidy(self.plans.folders())

    def make(self, fields: Fields | None, person: str) -> str:
        """A new draft, with these fields or with what is usual; returns its id."""
        choices = self.choices()
        made = self.plans.make(choices.beginning() if fields is None else kept(fields, choices), person)
        self._audit(person, "plan-made", plan=made)
        return made

    def save(self, plan: str, version: int, fields: Fields, person: str) -> int:
        """Keep what somebody typed, whether it can be used or not; returns the draft's version.

        Raises:
            NoSuchPlan, NotPossible, StaleDraft: as :meth:`Plans.save`.
        """
        saved = self.plans.save(plan, version, kept(fields, self.choices()), person)
        self._audit(person, "plan-saved", plan=plan, version=saved)
        return saved

    def discard(self, plan: str, person: str, version: int | None = None) -> None:
        """Take a draft away."""
        self.plans.discard(plan, person, version)
        self.places.forget(plan)
        self._audit(person, "plan-discarded", plan=plan)

    def outlook(self, plan: Plan, seconds: float = PATIENCE, *, anew: bool = False) -> Outlook:
        """What a draft comes to; begins to work it out where that was not done, and waits so long at most.

        Args:
            plan: a draft.
            seconds: to wait.
            anew: work it out again by who is free now.
        """
        try:
            ground, terms = self._ground(), read_terms(plan.fields, self.choices())
        except TermsFault as fault:
            return Outlook(faults=fault.faults)
        except PlanningFault as fault:
            return Outlook(problem=str(fault))
        name = f"work-out-{plan.id}-{plan.version}"
        try:
            done = self._work.ended(name)
            found = self._found(plan, ground)
            if (found.document is None and not done) or anew:
                self._work.begin(name, tasks.work_out, ground, Draft(plan.id, plan.version, plan.salt, terms))
                self._work.ended(name, seconds)
                found = self._found(plan, ground)
            curve = self._curve(ground, terms) if found.document is not None else None
        except PlanningFault as fault:
            return Outlook(problem=str(fault))
        # Where it has ended only now, the next look finds it.
        return replace(found, curve=curve, working=found.document is None or self._work.is_under_way(name))

    def freeze(self, plan: str, version: int, shown: str, person: str) -> bool:
        """Begin to freeze a draft as it was ``shown``; returns whether that is done already.

        Raises:
            PlanningFault: it cannot be frozen, see :func:`tasks.freeze`.
        """
        found = self.plans.get(plan)
        ground, terms = self._ground(), read_terms(found.fields, self.choices())
        draft = Draft(plan, version, found.salt, terms)
        self.freezing.begin(ground, draft, shown, person)
        return self.frozen(plan)

    def frozen(self, plan: str, seconds: float = PATIENCE) -> bool:
        """Whether a freeze that was begun has come to its end.

        Raises:
            PlanningFault: it was not possible; where customers were taken the draft is worked out again.
        """
        try:
            return self.freezing.ended(plan, seconds)
        except (CustomersTaken, WishesChanged):
            self.outlook(self.plans.get(plan), 0.0, anew=True)
            raise

    def undo(self, plan: str, person: str, reason: str, version: int | None = None) -> None:
        """Make a frozen plan a draft again."""
        folder = self.claims.undo(plan, person, reason, version)
        self._audit(person, "freeze-undone", plan=plan, folder=folder)

    def close(self, plan: str, person: str, version: int | None = None) -> None:
        """End a campaign before its time."""
        self.claims.close(plan, person, version)
        self._audit(person, "plan-closed", plan=plan)

    def export(self, plan: str, kind: str, person: str) -> None:
        """Begin to write the list of a frozen plan; it counts as taken away once it is there.

        Raises:
            PlanningFault: it has none, there is no such format, or nobody may have it, see :meth:`Claims.exported`.
        """
        if kind not in KINDS:
            raise PlanningFault(f"Lists are written as {', '.join(KINDS)}.")
        folder = self.folder_of(self.plans.get(plan))
        require_fits(folder, kind)
        self.claims.require_takeable(plan)

        def told(fault: BaseException | None) -> None:
            if fault is None:
                self._audit(person, "plan-exported", plan=plan, kind=kind)

        self._work.begin(f"list-{plan}-{kind}", tasks.write_list, self.places, plan, folder, kind, person, told=told)

    def exported(self, plan: Plan, kind: str, seconds: float = PATIENCE) -> Path | None:
        """The list that was asked for; None while it is being written.

        Raises:
            PlanningFault: it cannot be written so; nobody has asked for it.
        """
        folder = self.folder_of(plan)
        self._work.ended(f"list-{plan.id}-{kind}", seconds)
        plan = self.plans.get(plan.id)  # it counts as taken away since
        path = folder / f"plan.{kind}"
        if kind in KINDS and path.is_file() and plan.exported_at is not None:
            return path
        if self._work.is_under_way(f"list-{plan.id}-{kind}"):
            return None
        raise PlanningFault(ASK_FIRST)

    def read(self, plan: str, upload: Path, name: str, usecase: str, person: str) -> bool:
        """Begin to look at outcomes, a file that goes when it was read; returns whether that is done already.

        Raises:
            PlanningFault: see :func:`results.read_upload`.
        """
        folder = self.folder_of(self.plans.get(plan))
        given = Upload(plan, folder, upload, name, usecase)
        begun = False
        try:
            begun = self._work.begin(f"read-{plan}", tasks.read_results, self.places, given, person)
        finally:
            if not begun:
                upload.unlink(missing_ok=True)
        if not begun:
            raise NotPossible("Outcomes of this campaign are being read at this moment. Load yours when that is done.")
        self._audit(person, "outcomes-uploaded", plan=plan)
        return self.read_done(plan)

    def read_done(self, plan: str, seconds: float = PATIENCE) -> bool:
        """Whether a look that was begun has come to its end; raises PlanningFault if it was not possible."""
        return self._work.ended(f"read-{plan}", seconds)

    def is_reading(self, plan: str) -> bool:
        """Whether outcomes are being looked at."""
        return self._work.is_under_way(f"read-{plan}")

    def promised(self, plan: Plan) -> Promised | None:
        """What was promised of a frozen plan's experiment; None where nobody was held out."""
        return promised(self.folder_of(plan))

    def folder_of(self, plan: Plan) -> Path:
        """The folder of a frozen plan; raises PlanningFault of a draft."""
        require_files(plan)
        return self.places.of_plan(plan.folder or "")

    def close_ended(self) -> None:
        """Close the campaigns whose time is over."""
        self.claims.close_ended(datetime.now(UTC).date())

    def end(self) -> None:
        """End what is under way; nothing of it is kept."""
        self._work.close()

    def _found(self, plan: Plan, ground: Ground) -> Outlook:
        folder = self.places.last_calculation(plan.id, ground.code, plan.version)
        document = None if folder is None else document_in(folder)
        if folder is None or document is None:
            return Outlook(working=True)
        return Outlook(document, folder.name, outdated=document["epoch"] != self.claims.epoch)

    def _curve(self, ground: Ground, terms: Any) -> dict[str, Any] | None:
        found = read_curve(ground, terms)
        name = f"curve-{ground.code}-{curve_name(terms)}"
        if found is None and not self._work.ended(name):
            self._work.begin(name, tasks.draw_curve, ground, terms)
            self._work.ended(name, PATIENCE / 2)
            found = read_curve(ground, terms)
        return found

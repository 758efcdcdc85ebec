"""Freezes from their beginning to their end, whatever ends them: done, refused, or their process was killed.

It must not know what else is worked out.
"""

import threading
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from functools import partial

from churn_marketing.planning import tasks
from churn_marketing.planning.database import PlanDatabase
from churn_marketing.planning.faults import PlanningFault
from churn_marketing.planning.ground import Ground
from churn_marketing.planning.tasks import Draft
from churn_marketing.planning.under_way import FreezesUnderWay, UnderWay
from churn_marketing.planning.work import Work


class Freezing:
    """The freezes of one app; safe to use from many threads."""

    def __init__(self, database: PlanDatabase, work: Work, audit: Callable[..., None]) -> None:
        """What the process before this one was at is given up: that process is gone."""
        self._under_way, self._work, self._audit = FreezesUnderWay(database), work, audit
        self._lock = threading.Lock()
        self._give_up(None)

    def begin(self, ground: Ground, draft: Draft, shown: str, person: str) -> None:
        """Begin one, unless that plan is being frozen already.

        Raises:
            PlanningFault: too much is waiting.
        """
        with self._lock:
            attempt = self._under_way.begin(draft.plan, person)
            ended = partial(self._ended, draft.plan, person)
            try:
                task = (tasks.freeze, ground, draft, shown, person, attempt)
                if self._work.begin(_name(draft.plan), *task, told=ended):
                    self._audit(person, "freeze-begun", plan=draft.plan, version=draft.version)
            except PlanningFault:
                self._under_way.end(draft.plan, attempt)
                raise

    def ended(self, plan: str, seconds: float) -> bool:
        """Whether one has come to its end, after waiting so long at most; raises :class:`PlanningFault`, once."""
        return self._work.ended(_name(plan), seconds)

    def is_under_way(self, plan: str) -> bool:
        """Whether a plan is being frozen. An attempt whose process was killed is given up."""
        if self._work.is_under_way(_name(plan)):
            return True
        if self._under_way.of(plan) is not None:
            with self._lock:  # one that begins at this moment has its attempt before it has its task
                if not self._work.is_under_way(_name(plan)):
                    self._give_up(plan)
        return self._work.is_under_way(_name(plan))

    def step(self, plan: str) -> UnderWay | None:
        """How far one is; None where none is under way."""
        return self._under_way.of(plan)

    def _ended(self, plan: str, person: str, fault: BaseException | None) -> None:
        """Whether anybody looks again or not."""
        if fault is None:
            self._audit(person, "plan-frozen", plan=plan)
        elif not isinstance(fault, BrokenProcessPool):  # of a process that was killed tells who finds it
            self._audit(person, "freeze-refused", plan=plan, why=type(fault).__name__)

    def _give_up(self, plan: str | None) -> None:
        for each in self._under_way.interrupted(plan):
            self._audit(each.person, "freeze-interrupted", plan=each.plan)


def _name(plan: str) -> str:
    return f"freeze-{plan}"

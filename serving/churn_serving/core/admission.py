"""Room for requests: refuse early and cheaply what could not be answered in time anyway."""

from collections.abc import Callable

from churn_serving.core.errors import Overloaded
from churn_serving.core.policy import DecisionPolicy
from churn_serving.core.ports import Observer

REASONS = ("queue_full", "late", "rows_full")
"""Why a request may find no room."""


class Admission:
    """Counts requests inside the process; ``lag`` tells how late the process itself is, in seconds."""

    def __init__(self, policy: DecisionPolicy, observer: Observer, lag: Callable[[], float]) -> None:
        self._policy = policy
        self._observer = observer
        self._lag = lag
        self.waiting = 0
        self.large_rows = 0

    def enter(self, large_rows: int = 0) -> None:
        """Take a place, and room for the rows of a large request; whoever got it must :meth:`leave`.

        Raises:
            Overloaded: all places are taken, or there is no room for so many rows, or the process is too late to answer
                in time.
        """
        if self.waiting >= self._policy.maximum_waiting:
            self._refuse("queue_full")
        if self._lag() > self._policy.maximum_lag_seconds:
            self._refuse("late")
        if large_rows and self.large_rows + large_rows > self._policy.large.maximum_rows:
            self._refuse("rows_full")
        self.waiting += 1
        self.large_rows += large_rows

    def leave(self, large_rows: int = 0) -> None:
        """Give back what was taken."""
        self.waiting -= 1
        self.large_rows -= large_rows

    def _refuse(self, reason: str) -> None:
        self._observer.shed(reason)
        raise Overloaded(reason)

"""Room for requests: refuse early and cheaply what could not be answered in time anyway."""

from collections.abc import Callable

from churn_serving.core.errors import Overloaded
from churn_serving.core.policy import DecisionPolicy
from churn_serving.core.ports import Observer


class Admission:
    """Counts requests inside the process; ``lag`` tells how late the process itself is, in seconds."""

    def __init__(self, policy: DecisionPolicy, observer: Observer, lag: Callable[[], float]) -> None:
        self._policy = policy
        self._observer = observer
        self._lag = lag
        self.waiting = 0

    def enter(self) -> None:
        """Take a place; whoever got one must :meth:`leave`.

        Raises:
            Overloaded: all places are taken, or the process is too late to answer in time.
        """
        if self.waiting >= self._policy.maximum_waiting:
            self._refuse("queue_full")
        if self._lag() > self._policy.maximum_lag_seconds:
            self._refuse("late")
        self.waiting += 1

    def leave(self) -> None:
        """Give the place back."""
        self.waiting -= 1

    def _refuse(self, reason: str) -> None:
        self._observer.shed(reason)
        raise Overloaded(reason)

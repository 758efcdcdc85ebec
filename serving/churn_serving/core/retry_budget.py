"""How often the same backend may be asked again: a token bucket, so that retries never multiply an outage."""

from collections.abc import Callable

from churn_serving.core.policy import RetryPolicy


class RetryBudget:
    """Every request deposits a share of a retry; a floor trickles in with time; a retry takes a whole one."""

    def __init__(self, policy: RetryPolicy, clock: Callable[[], float]) -> None:
        self._policy = policy
        self._clock = clock
        self._tokens = policy.per_second
        self._last = clock()

    def deposit(self) -> None:
        """A request came in."""
        self._tokens = min(self._policy.capacity, self._tokens + self._policy.ratio)

    def withdraw(self) -> bool:
        """Take one retry if there is one."""
        now = self._clock()
        self._tokens = min(self._policy.capacity, self._tokens + (now - self._last) * self._policy.per_second)
        self._last = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

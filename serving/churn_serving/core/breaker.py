"""A circuit breaker: stop asking a backend that fails, and find out without customers when it is well again.

closed → open after consecutive failures or a failing share of a sliding window; open → half open when its time is up;
half open → closed after enough good probes in a row, back to open after a bad one. Customers' requests pass only while
it is closed. It does no I/O and starts no task: whoever probes asks :meth:`wants_probe`.
"""

import random
from collections.abc import Callable
from enum import IntEnum

from churn_serving.core.policy import BreakerPolicy


class BreakerState(IntEnum):
    """As published in the metric of backend states."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


class Breaker:
    """One backend's breaker in one process; ``clock`` in seconds, ``on_change`` is told each new state."""

    def __init__(
        self,
        policy: BreakerPolicy,
        clock: Callable[[], float],
        on_change: Callable[[BreakerState], None] = lambda _: None,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._policy = policy
        self._clock = clock
        self._on_change = on_change
        self._uniform = uniform
        self._state = BreakerState.CLOSED
        self._buckets: dict[int, list[int]] = {}
        self._consecutive = 0
        self._openings = 0
        self._closed_since = clock()
        self._until = 0.0
        self._good_probes = 0
        self._next_probe = 0.0

    @property
    def state(self) -> BreakerState:
        """The state now."""
        if self._state is BreakerState.OPEN and self._clock() >= self._until:
            self._good_probes = 0
            self._next_probe = self._until
            self._change(BreakerState.HALF_OPEN)
        return self._state

    @property
    def closed(self) -> bool:
        """Whether customers' requests may pass."""
        return self._state is BreakerState.CLOSED

    def succeeded(self) -> None:
        """A customer's call was answered well."""
        self._consecutive = 0
        self._count(0)

    def failed(self) -> None:
        """A customer's call failed in a way that says something about the backend."""
        if self._state is not BreakerState.CLOSED:
            return  # a straggler of the time before it opened
        self._consecutive += 1
        self._count(1)
        if self._consecutive >= self._policy.consecutive_failures or self._failing_share():
            self._open()

    def wants_probe(self) -> bool:
        """Whether a probe should be sent now."""
        return self.state is BreakerState.HALF_OPEN and self._clock() >= self._next_probe

    def probed(self, *, good: bool) -> None:
        """A probe came back; ignored unless half open."""
        if self.state is not BreakerState.HALF_OPEN:
            return
        if not good:
            self._open()
            return
        self._good_probes += 1
        self._next_probe = self._clock() + self._policy.probe_interval
        if self._good_probes >= self._policy.probes:
            self._close()

    def _open(self) -> None:
        if self._state is BreakerState.CLOSED and self._clock() - self._closed_since >= self._policy.forget_after:
            self._openings = 0
        waits = self._policy.open_seconds
        wait = waits[min(self._openings, len(waits) - 1)]
        self._openings += 1
        self._until = self._clock() + wait * self._uniform(1 - self._policy.jitter, 1 + self._policy.jitter)
        self._change(BreakerState.OPEN)

    def _close(self) -> None:
        self._consecutive = 0
        self._buckets.clear()
        self._closed_since = self._clock()
        self._change(BreakerState.CLOSED)

    def _change(self, state: BreakerState) -> None:
        self._state = state
        self._on_change(state)

    def _count(self, failures: int) -> None:
        second = int(self._clock())
        bucket = self._buckets.get(second)
        if bucket is None:
            oldest = second - self._policy.window
            self._buckets = {at: counts for at, counts in self._buckets.items() if at > oldest}
            bucket = self._buckets[second] = [0, 0]
        bucket[0] += 1
        bucket[1] += failures

    def _failing_share(self) -> bool:
        oldest = int(self._clock()) - self._policy.window
        recent = [counts for at, counts in self._buckets.items() if at > oldest]
        calls = sum(counts[0] for counts in recent)
        failures = sum(counts[1] for counts in recent)
        return calls >= self._policy.minimum_calls and failures >= self._policy.failure_ratio * calls

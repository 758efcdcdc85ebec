"""What the canary would have said of requests that the primary has answered: asked when the answer has left.

Nobody waits for it, and what comes of it goes to the observer alone: no caller, no prediction log and no other backend
ever meets it. A copy is asked once, in a call of its own and a lane of its own, so that it is never asked again and
never stands in a customer's way; of those that would be too many at once nothing is asked. How calls end counts for the
canary's own breaker, as customers' calls do. It must not know how answers leave.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from churn_model import Row, Schema
from churn_serving.core.call_size import size_for
from churn_serving.core.dispatch import Outcome
from churn_serving.core.errors import BackendError, BackendOtherSchema, BackendTimeout
from churn_serving.core.guarded import GuardedBackend
from churn_serving.core.lanes import Limits
from churn_serving.core.policy import DecisionPolicy
from churn_serving.core.ports import ANSWERED, Answer, Origin, ShadowObserver

OPEN = "open"
"""The outcome of a copy that was not sent, since the canary's breaker is not closed."""
LANE = "shadow"
_SPREAD = 0.6180339887498949  # golden ratio: evenly spread at any length


class Copy(NamedTuple):
    """Rows that were answered, the schema they were read by, what was said of them and the digest of who said it."""

    rows: Sequence[Row]
    schema: Schema
    probabilities: Sequence[float]
    digest: str


class Shadows:
    """Copies of what ``primary`` answers for ``canary``, at most ``maximum`` under way; lives on one event loop.
    ``share`` of the requests, 0 to 1, may change at any time."""

    def __init__(
        self, primary: str, canary: GuardedBackend, policy: DecisionPolicy, observer: ShadowObserver, maximum: int
    ) -> None:
        self._primary = primary
        self._canary = canary
        self._policy = policy
        self._observer = observer
        self._maximum = maximum
        # One request a call: nothing of a call that is refused is asked again in halves.
        self._lane = canary.open_lane(LANE, Limits(maximum, 1, policy.bytes_a_call, policy.try_seconds))
        self._under_way: set[asyncio.Future[Answer]] = set()
        self._count = 0
        self.share = 0.0

    def copy_of(self, rows: Sequence[Row], schema: Schema, outcome: Outcome) -> Copy | None:
        """What is to be sent of a request when its answer has left, if anything; of a large one what fits into one
        call."""
        if self.share <= 0.0 or outcome.served_by != self._primary:
            return None
        self._count += 1
        if (self._count * _SPREAD) % 1.0 >= self.share:
            return None
        most = self._policy.large.rows_a_chunk
        if len(rows) > most or not size_for(schema).fits(rows, self._policy.bytes_a_call):
            rows = next(iter(size_for(schema).pieces(rows[:most], self._policy.bytes_a_call)))
        return Copy(rows, schema, outcome.scores.probabilities, outcome.description.digest)

    def send(self, copy: Copy, origin: Origin | None = None) -> None:
        """Ask the canary about a copy. Returns at once."""
        known = self._canary.description
        digest = known.digest if known is not None else ""
        if not self._canary.breaker.closed:
            self._observer.shadow_ended(OPEN, digest)
        elif known is not None and known.schema.hash != copy.schema.hash:
            self._observer.shadow_ended(BackendOtherSchema.reason, digest)
        elif len(self._under_way) >= self._maximum:
            self._observer.shadow_dropped()
        else:
            future = self._lane.join(copy.rows, copy.schema, origin)
            # The port keeps the time of a call; this holds whatever stands behind it.
            timer = asyncio.get_running_loop().call_later(self._policy.deadline_seconds, _expire, future)
            self._under_way.add(future)
            future.add_done_callback(partial(self._ended, copy, timer))

    def close(self) -> None:
        """Wait for nothing that is under way, and count it no more."""
        self.share = 0.0
        for future in list(self._under_way):
            future.cancel()

    def _ended(self, copy: Copy, timer: asyncio.TimerHandle, future: "asyncio.Future[Answer]") -> None:
        timer.cancel()
        self._under_way.discard(future)
        if future.cancelled():
            return
        error = future.exception()
        if error is not None:
            known = self._canary.description
            reason = error.reason if isinstance(error, BackendError) else BackendError.reason
            self._observer.shadow_ended(reason, known.digest if known is not None else "")
            return
        scores, description = future.result()
        self._observer.shadow_ended(ANSWERED, description.digest)
        self._observer.shadow_compared(description.digest, copy.digest, scores.probabilities, copy.probabilities)


def _expire(future: "asyncio.Future[Answer]") -> None:
    if not future.done():
        future.set_exception(BackendTimeout("the time of a copy has passed"))

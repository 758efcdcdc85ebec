"""A backend behind its breaker: what becomes of a call, for those who wait for it and for the backend's name.

Two lanes lead to it, one for large requests, so that nobody waits behind those; copies for a canary have one more. When
a call fails, those who queued behind it fail with it at once: waiting to fail one by one would only cost them the time
in which a fallback could answer.

A call that the backend refuses says nothing about the backend until it is asked for its golden rows. If it answers
them, it is the call: its requests are asked again in halves until the one at fault is alone, and that one alone is
refused. If it does not, the backend refuses everything, and that is a failure like any other.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence

from churn_model import Description, Row, Schema, Scores
from churn_serving.core.breaker import Breaker, BreakerState
from churn_serving.core.errors import BackendError, BackendFailed, BackendOtherSchema, BackendRefusedRequest
from churn_serving.core.lanes import FUTURE, ORIGIN, ROWS, SCHEMA, Lane, Limits, Waiting
from churn_serving.core.policy import DecisionPolicy
from churn_serving.core.ports import ANSWERED, Answer, Backend, Explanation, Observer, Origin
from churn_serving.telemetry.tracing import Traced

_logger = logging.getLogger(__name__)


class GuardedBackend:
    """One backend in one process; lives on one event loop."""

    def __init__(
        self, backend: Backend, policy: DecisionPolicy, observer: Observer, clock: Callable[[], float]
    ) -> None:
        self.name = backend.name
        self._backend = backend
        self._policy = policy
        self._observer = observer
        self._clock = clock
        large = policy.large
        self._lanes: dict[str, Lane] = {}
        self._lane = self.open_lane(
            "usual", Limits(policy.calls_in_flight, policy.rows_a_call, policy.bytes_a_call, policy.try_seconds)
        )
        self._large_lane = self.open_lane(
            "large", Limits(large.chunks_in_flight, large.rows_a_chunk, policy.bytes_a_call, large.try_seconds)
        )
        self.breaker = Breaker(policy.breaker, clock, self._state_changed)
        observer.backend_state(self.name, BreakerState.CLOSED)

    @property
    def lanes(self) -> Mapping[str, Lane]:
        """The lanes by what goes there."""
        return self._lanes

    def open_lane(self, name: str, limits: Limits) -> Lane:
        """One more way to the backend, with calls of its own; how they end is the breaker's as all others."""
        lane = self._lanes[name] = Lane(limits, self._send)
        return lane

    @property
    def description(self) -> Description | None:
        """The model the backend was last seen with."""
        return self._backend.description

    def score(
        self,
        rows: Sequence[Row],
        schema: Schema,
        large: bool = False,  # noqa: FBT001, FBT002 - on the hot path
        origin: Origin | None = None,
    ) -> "asyncio.Future[Answer]":
        """Queue rows that were read by ``schema``, a whole request or a chunk of a ``large`` one; the future fails with
        a :class:`BackendError`. Cancelling it leaves the others alone."""
        return (self._large_lane if large else self._lane).join(rows, schema, origin)

    async def explain(self, rows: Sequence[Row], description: Description, origin: Traced | None = None) -> Explanation:
        """Ask for an explanation. How that ends says nothing about scoring, so the breaker is not told.

        Raises:
            BackendError: there is none, or it did not come in time.
        """
        origins = () if origin is None else (origin,)
        return await self._backend.explain(rows, description, self._policy.explain_seconds, origins)

    async def probe(self) -> None:
        """Send a probe if the breaker wants one, and tell it what came back."""
        if self.breaker.wants_probe():
            self.breaker.probed(good=await self._answers_golden_rows())

    def _state_changed(self, state: BreakerState) -> None:
        self._observer.backend_state(self.name, state)

    async def _send(self, lane: Lane, batch: list[Waiting]) -> None:
        """Make one call and see to everybody in it; never raises."""
        rows = batch[0][ROWS] if len(batch) == 1 else [row for waiting in batch for row in waiting[ROWS]]
        origins = [origin for waiting in batch if (origin := waiting[ORIGIN]) is not None]
        started = self._clock()
        try:
            answer = await self._backend.score(rows, batch[0][SCHEMA], lane.limits.seconds, origins)
        except Exception as error:  # noqa: BLE001 - an error outside the port's contract is the backend's failure
            known = self.description
            reason = error.reason if isinstance(error, BackendError) else BackendError.reason
            self._called(rows, started, reason, known.digest if known is not None else "")
            await self._unanswered(lane, batch, error)
        else:
            self._called(rows, started, ANSWERED, answer.description.digest)
            self.breaker.succeeded()
            _deliver(batch, answer, self.name if lane is self._lane else None)

    def _called(self, rows: Sequence[Row], started: float, outcome: str, digest: str) -> None:
        self._observer.backend_called(self.name, len(rows), self._clock() - started, outcome, digest)

    async def _unanswered(self, lane: Lane, batch: list[Waiting], error: Exception) -> None:
        if isinstance(error, BackendRefusedRequest):
            await self._refused(lane, batch, error)
        elif isinstance(error, BackendError):
            self._failed(lane, batch, error)
        else:  # the message may quote a customer, so it stays out of the log
            _logger.error("%s: %s outside the backend's contract", self.name, type(error).__name__)
            self._failed(lane, batch, BackendFailed(type(error).__name__))

    async def _refused(self, lane: Lane, batch: list[Waiting], error: BackendRefusedRequest) -> None:
        if not await self._answers_golden_rows():
            self._failed(lane, batch, BackendFailed("it refuses its own golden rows too"))
            return
        batch = [waiting for waiting in batch if not waiting[FUTURE].done()]
        known = self.description
        if batch and known is not None and known.schema.hash != batch[0][SCHEMA].hash:  # the probe has found out
            _fail(batch, BackendOtherSchema("it serves a model of another schema by now"))
        elif len(batch) <= 1:
            _fail(batch, error)
        else:
            middle = len(batch) // 2
            await self._send(lane, batch[:middle])
            await self._send(lane, batch[middle:])

    def _failed(self, lane: Lane, batch: list[Waiting], error: BackendError) -> None:
        if error.its_fault:
            self.breaker.failed()
            batch = batch + lane.give_up()
        _fail(batch, error)

    async def _answers_golden_rows(self) -> bool:
        try:
            return await self._backend.probe(self._policy.try_seconds)
        except Exception as error:  # noqa: BLE001 - outside the port's contract, which knows no exception here
            _logger.error("%s: %s while probing", self.name, type(error).__name__)  # noqa: TRY400
            return False


def _fail(waiting: Sequence[Waiting], error: BackendError) -> None:
    for _, _, future, _ in waiting:
        if not future.done():
            future.set_exception(error)


def _deliver(batch: list[Waiting], answer: Answer, served_by: str | None) -> None:
    """Give each waiting request its share of the answer; with ``served_by`` they are whole requests of callers."""
    if len(batch) == 1:
        if not batch[0][FUTURE].done():
            batch[0][FUTURE].set_result(answer)
        return
    start = 0
    probabilities, segments = answer.scores
    shares: list[tuple[asyncio.Future[Answer], Answer]] = []
    for rows, _, future, origin in batch:
        end = start + len(rows)
        if not future.done():
            share = Answer(Scores(probabilities[start:end], segments[start:end]), answer.description)
            if origin is not None and served_by is not None:
                origin.scored(served_by, share)
            shares.append((future, share))
        start = end
    for future, share in shares:
        future.set_result(share)

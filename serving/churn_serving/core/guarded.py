"""A backend behind its breaker, with what queues going out together.

While ``calls_in_flight`` calls are under way, arriving requests wait and share the next call: no timer, so at low load
nobody waits, and under load one message and one model call serve many. When a call fails, those who queued behind it
fail with it at once: waiting to fail one by one would only cost them the time in which a fallback could answer.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from churn_model import Description, Row, Scores
from churn_serving.core.breaker import Breaker, BreakerState
from churn_serving.core.errors import BackendError
from churn_serving.core.policy import DecisionPolicy
from churn_serving.core.ports import Answer, Backend, Explanation, Observer

_Waiting = tuple[Sequence[Row], "asyncio.Future[Answer]"]


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
        self._queue: deque[_Waiting] = deque()
        self._in_flight = 0
        self._flush_scheduled = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.breaker = Breaker(policy.breaker, clock, self._state_changed)
        observer.backend_state(self.name, BreakerState.CLOSED)

    @property
    def description(self) -> Description | None:
        """The model the backend was last seen with."""
        return self._backend.description

    def score(self, rows: Sequence[Row]) -> "asyncio.Future[Answer]":
        """Queue rows; the future fails with a :class:`BackendError`. Cancelling it leaves the others alone."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._queue.append((rows, future))
        if not self._flush_scheduled and self._in_flight < self._policy.calls_in_flight:
            # One turn of the loop later, so that requests that arrived together leave together.
            self._flush_scheduled = True
            loop.call_soon(self._flush)
        return future

    async def explain(self, rows: Sequence[Row], description: Description) -> Explanation:
        """Ask for an explanation. How that ends says nothing about scoring, so the breaker is not told.

        Raises:
            BackendError: there is none, or it did not come in time.
        """
        return await self._backend.explain(rows, description, self._policy.explain_seconds)

    async def probe(self) -> None:
        """Send a probe if the breaker wants one, and tell it what came back."""
        if self.breaker.wants_probe():
            self.breaker.probed(good=await self._backend.probe(self._policy.try_seconds))

    def _state_changed(self, state: BreakerState) -> None:
        self._observer.backend_state(self.name, state)

    def _flush(self) -> None:
        self._flush_scheduled = False
        while self._queue and self._in_flight < self._policy.calls_in_flight:
            self._in_flight += 1
            task = asyncio.get_running_loop().create_task(self._call(self._take()))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _take(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        rows = 0
        while self._queue:
            waiting = self._queue[0]
            rows += len(waiting[0])
            if batch and rows > self._policy.rows_a_call:
                break
            self._queue.popleft()
            if not waiting[1].done():  # done: its request gave up
                batch.append(waiting)
        return batch

    async def _call(self, batch: list[_Waiting]) -> None:
        try:
            if batch:
                await self._score(batch)
        finally:
            self._in_flight -= 1
            if self._queue:
                self._flush()

    async def _score(self, batch: list[_Waiting]) -> None:
        rows = batch[0][0] if len(batch) == 1 else [row for waiting in batch for row in waiting[0]]
        started = self._clock()
        try:
            answer = await self._backend.score(rows, self._policy.try_seconds)
        except BackendError as error:
            self.breaker.failed()
            self._fail([*batch, *self._queue], error)
            self._queue.clear()
        else:
            self.breaker.succeeded()
            _deliver(batch, answer)
        finally:
            self._observer.backend_called(self.name, len(rows), self._clock() - started)

    def _fail(self, waiting: list[_Waiting], error: BackendError) -> None:
        for _, future in waiting:
            if not future.done():
                future.set_exception(error)


def _deliver(batch: list[_Waiting], answer: Answer) -> None:
    """Give each waiting request its share of the answer."""
    if len(batch) == 1:
        if not batch[0][1].done():
            batch[0][1].set_result(answer)
        return
    start = 0
    for rows, future in batch:
        end = start + len(rows)
        if not future.done():
            scores = Scores(answer.scores.probabilities[start:end], answer.scores.segments[start:end])
            future.set_result(Answer(scores, answer.description))
        start = end

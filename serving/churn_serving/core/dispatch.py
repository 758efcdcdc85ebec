"""One request's way: admission, the backends in order within a deadline, and the scorecard when none answers.

The description by which a request's rows were read goes with them to the end: no backend and no scorecard ever reads
them by another. The time of a large request grows with its chunks.

Reads top to bottom and never goes back up. It knows backends only through their port and says what happened only
through the observer.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

from churn_model import Description, Row, Schema, Scores
from churn_serving.core.admission import Admission
from churn_serving.core.call_size import size_for
from churn_serving.core.chunks import Chunk, cut, score_chunks
from churn_serving.core.errors import (
    BackendError,
    BackendRefusedRequest,
    BackendTimeout,
    BackendUnreachable,
    NotReady,
    RefusedByBackends,
)
from churn_serving.core.guarded import GuardedBackend
from churn_serving.core.policy import DecisionPolicy
from churn_serving.core.ports import Answer, Observer, Origin
from churn_serving.core.retry_budget import RetryBudget
from churn_serving.core.routing import Router

DEGRADED = "degraded"


class Outcome(NamedTuple):
    """Scores for a request's rows, the model that made them and who served it."""

    served_by: str
    scores: Scores
    description: Description


class Dispatcher:
    """``remembered`` yields a description from an earlier life of the gateway, before a backend answers."""

    def __init__(
        self,
        router: Router,
        admission: Admission,
        policy: DecisionPolicy,
        observer: Observer,
        clock: Callable[[], float],
        remembered: Callable[[], Description | None],
    ) -> None:
        self._router = router
        self._admission = admission
        self._policy = policy
        self._observer = observer
        self._clock = clock
        self._remembered = remembered
        self._budget = RetryBudget(policy.retry, clock)

    @property
    def description(self) -> Description:
        """The model that requests are checked against: the first backend's that has one, in order of preference.

        Raises:
            NotReady: none was ever seen.
        """
        for backend in self._router.backends:
            if backend.description is not None:
                return backend.description
        remembered = self._remembered()
        if remembered is None:
            raise NotReady
        return remembered

    async def predict(
        self,
        rows: Sequence[Row],
        description: Description,
        key: str | None,
        version: str = "",
        origin: Origin | None = None,
    ) -> Outcome:
        """Score rows that were read by ``description``'s schema; ``key`` keeps a customer on one side of a split,
        ``version`` (empty: any) keeps out backends that serve another one, ``origin`` goes to the backends with the
        rows.

        Raises:
            Overloaded: refused early.
            RefusedByBackends: the backends that looked at the rows refuse them and no others.
        """
        if len(rows) > 1 and self._is_large(rows, description.schema):
            return await self._predict_large(rows, description, key, version, origin)
        self._admission.enter()
        try:
            deadline = self._clock() + self._policy.deadline_seconds
            return await self._predict([rows], description, key, deadline, origin, version=version)
        finally:
            self._admission.leave()

    async def _predict_large(
        self, rows: Sequence[Row], description: Description, key: str | None, version: str, origin: Origin | None
    ) -> Outcome:
        self._admission.enter(len(rows))
        try:
            chunks = await cut(rows, description.schema, self._policy)
            deadline = self._clock() + self._policy.seconds_for(len(chunks))
            return await self._predict(chunks, description, key, deadline, origin, version=version, large=True)
        finally:
            self._admission.leave(len(rows))

    def _is_large(self, rows: Sequence[Row], schema: Schema) -> bool:
        if len(rows) > self._policy.large.rows_a_chunk:
            return True
        return not size_for(schema).fits(rows, self._policy.bytes_a_call)

    async def _predict(
        self,
        chunks: Sequence[Chunk],
        description: Description,
        key: str | None,
        deadline: float,
        origin: Origin | None,
        *,
        version: str,
        large: bool = False,
    ) -> Outcome:
        schema = description.schema
        self._budget.deposit()
        tries = 0
        refused = False
        left_first: str | None = None
        for backend in self._router.route(key):
            reason = _unusable(backend, schema, version)
            remaining = deadline - self._clock()
            if reason is None and tries < self._policy.maximum_tries and remaining > self._policy.useful_seconds:
                tries += 1
                try:
                    if large:
                        answer = await self._score_chunks(backend, chunks, schema, deadline, origin)
                    else:
                        answer = await self._try(backend, chunks[0], schema, deadline, origin)
                except BackendError as error:
                    reason = error.reason
                    refused = refused or isinstance(error, BackendRefusedRequest)
                else:
                    if left_first is not None:
                        self._observer.diverted(left_first, backend.name)
                    return Outcome(backend.name, answer.scores, answer.description)
            reason = reason or "deadline"
            left_first = left_first or reason
            self._observer.fell_back(backend.name, reason)
        if refused:
            raise RefusedByBackends
        self._observer.diverted(left_first or "deadline", DEGRADED)
        return await _degraded(chunks, description)

    async def _score_chunks(
        self,
        backend: GuardedBackend,
        chunks: Sequence[Chunk],
        schema: Schema,
        deadline: float,
        origin: Origin | None,
    ) -> Answer:
        async def ask(chunk: Chunk) -> Answer:
            return await self._try(backend, chunk, schema, deadline, origin, large=True)

        return await score_chunks(chunks, ask, self._policy.large)

    async def _try(
        self,
        backend: GuardedBackend,
        rows: Sequence[Row],
        schema: Schema,
        deadline: float,
        origin: Origin | None,
        *,
        large: bool = False,
    ) -> Answer:
        """Ask one backend, once more if only the connection broke, the breaker holds and the budget allows."""
        try:
            return await self._ask(backend.score(rows, schema, large, origin), deadline)
        except BackendUnreachable:
            if not backend.breaker.closed or not self._budget.withdraw():
                raise
            return await self._ask(backend.score(rows, schema, large, origin), deadline)

    async def _ask(self, future: "asyncio.Future[Answer]", deadline: float) -> Answer:
        # A plain timer instead of asyncio.wait_for: no task and no second future a request.
        timer = asyncio.get_running_loop().call_later(max(0.0, deadline - self._clock()), _expire, future)
        try:
            return await future
        finally:
            timer.cancel()


async def _degraded(chunks: Sequence[Chunk], description: Description) -> Outcome:
    """What the scorecard of the model that the rows were read by says of them; others get their turn in between."""
    scores = Scores([], [])
    for chunk in chunks:
        probabilities, segments = description.degraded_scores(list(chunk))
        scores.probabilities.extend(probabilities)
        scores.segments.extend(segments)
        if len(chunks) > 1:
            await asyncio.sleep(0)
    return Outcome(DEGRADED, scores, description)


def _unusable(backend: GuardedBackend, schema: Schema, version: str) -> str | None:
    """Why a backend is not even asked, None if it is."""
    if not backend.breaker.closed:
        return "open"
    description = backend.description
    if description is not None and description.schema.hash != schema.hash:
        return "schema"
    if description is not None and version not in ("", description.version):
        return "version"
    return None


def _expire(future: "asyncio.Future[Answer]") -> None:
    if not future.done():
        future.set_exception(BackendTimeout("the request's deadline has passed"))

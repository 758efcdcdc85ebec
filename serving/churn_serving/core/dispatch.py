"""One request's way: admission, the backends in order within a deadline, and the scorecard when none answers.

Reads top to bottom and never goes back up. It knows backends only through their port and says what happened only
through the observer.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

from churn_model import Description, Row, Schema, Scores
from churn_serving.core.admission import Admission
from churn_serving.core.errors import BackendError, BackendTimeout, BackendUnreachable, NotReady
from churn_serving.core.guarded import GuardedBackend
from churn_serving.core.policy import DecisionPolicy
from churn_serving.core.ports import Answer, Observer
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

    async def predict(self, rows: Sequence[Row], schema: Schema, key: str | None) -> Outcome:
        """Score rows that fit ``schema``; ``key`` keeps a customer on one side of a split.

        Raises:
            Overloaded: refused early.
            NotReady: no backend answers and no model was ever described.
        """
        self._admission.enter()
        try:
            return await self._predict(rows, schema, key)
        finally:
            self._admission.leave()

    async def _predict(self, rows: Sequence[Row], schema: Schema, key: str | None) -> Outcome:
        deadline = self._clock() + self._policy.deadline_seconds
        self._budget.deposit()
        tries = 0
        for backend in self._router.route(key):
            reason = _unusable(backend, schema)
            remaining = deadline - self._clock()
            if reason is None and tries < self._policy.maximum_tries and remaining > self._policy.useful_seconds:
                tries += 1
                try:
                    answer = await self._try(backend, rows, deadline)
                except BackendError as error:
                    reason = error.reason
                else:
                    return Outcome(backend.name, answer.scores, answer.description)
            self._observer.fell_back(reason or "deadline")
        return self._degraded(rows)

    async def _try(self, backend: GuardedBackend, rows: Sequence[Row], deadline: float) -> Answer:
        """Ask one backend, once more if only the connection broke, the breaker holds and the budget allows."""
        try:
            return await self._ask(backend, rows, deadline)
        except BackendUnreachable:
            if not backend.breaker.closed or not self._budget.withdraw():
                raise
            return await self._ask(backend, rows, deadline)

    async def _ask(self, backend: GuardedBackend, rows: Sequence[Row], deadline: float) -> Answer:
        future = backend.score(rows)
        # A plain timer instead of asyncio.wait_for: no task and no second future a request.
        timer = asyncio.get_running_loop().call_later(max(0.0, deadline - self._clock()), _expire, future)
        try:
            return await future
        finally:
            timer.cancel()

    def _degraded(self, rows: Sequence[Row]) -> Outcome:
        description = self.description
        return Outcome(DEGRADED, description.degraded_scores(list(rows)), description)


def _unusable(backend: GuardedBackend, schema: Schema) -> str | None:
    """Why a backend is not even asked, None if it is."""
    if not backend.breaker.closed:
        return "open"
    description = backend.description
    if description is not None and description.schema.hash != schema.hash:
        return "schema"
    return None


def _expire(future: "asyncio.Future[Answer]") -> None:
    if not future.done():
        future.set_exception(BackendTimeout("the request's deadline has passed"))

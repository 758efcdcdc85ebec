"""The asynchronous client, for asyncio and trio."""

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

import anyio
import httpx

from churn_client import predicting, scoring, sending
from churn_client.answers import Customer, Features, Predictions, Scores
from churn_client.batches import Batch
from churn_client.exchange import Caller, Lost, Plan, Reply, Send, Wait
from churn_client.predicting import ManyPredictions
from churn_client.settings import Settings

_Result = TypeVar("_Result")


class AsyncChurnClient:
    """The same as :class:`~churn_client.ChurnClient` without blocking; the requests of a long list run side by side."""

    def __init__(self, settings: Settings | None = None, *, caller: Caller | None = None) -> None:
        self._caller = caller or Caller(settings or Settings.from_environment())
        options: dict[str, Any] = sending.options(self._caller.settings)
        self._http = httpx.AsyncClient(**options)
        self._tensors = scoring.KnownTensors()

    async def predict(self, customers: Sequence[Customer], *, explain: bool = False) -> Predictions:
        """See :meth:`ChurnClient.predict`."""
        return await self._carry_out(predicting.predict(self._caller, customers, explain=explain))

    async def predict_many(
        self, customers: Sequence[Customer], *, explain: bool = False, deadline_seconds: float | None = None
    ) -> ManyPredictions:
        """See :meth:`ChurnClient.predict_many`; so many requests at a time as the settings' ``concurrency``."""
        found = ManyPredictions([None] * len(customers))
        until = None if deadline_seconds is None else self._caller.clock() + deadline_seconds
        waiting = iter(predicting.split(self._caller.settings, customers, explain=explain))

        async def work() -> None:
            for batch in waiting:  # shared: each batch is taken by one worker
                found.add(await self._batch(customers, batch, until))

        async with anyio.create_task_group() as workers:
            for _ in range(self._caller.settings.concurrency):
                workers.start_soon(work)
        found.failures.sort(key=lambda failure: failure.places)
        found.degraded_places.sort()
        return found

    async def score(self, rows: Sequence[Features]) -> Scores:
        """See :meth:`ChurnClient.score`."""
        return await self._carry_out(scoring.score(self._caller, self._tensors, rows))

    async def close(self) -> None:
        """End all connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def _batch(self, customers: Sequence[Customer], batch: Batch, until: float | None) -> predicting.Answered:
        return await self._carry_out(predicting.answer_batch(self._caller, customers, batch, until))

    async def _carry_out(self, plan: Plan[_Result]) -> _Result:
        outcome: Reply | Lost | None = None
        try:
            while True:
                step = plan.send(outcome)
                if isinstance(step, Wait):
                    await anyio.sleep(step.seconds)
                    outcome = None
                else:
                    outcome = await self._send(step)
        except StopIteration as end:
            result: _Result = end.value
            return result

    async def _send(self, send: Send) -> Reply | Lost:
        request: dict[str, Any] = sending.request_of(send)
        body = bytearray()
        try:
            with anyio.fail_after(send.seconds):
                async with self._http.stream(**request) as response:
                    async for chunk in response.aiter_raw():
                        if not sending.grown(body, chunk):
                            break
                    return sending.reply_of(response, bytes(body))
        except TimeoutError:
            return Lost("no answer in time")
        except httpx.HTTPError as error:
            return sending.lost(error)

"""The synchronous client."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from churn_client import predicting, scoring, sending
from churn_client.answers import Customer, Features, Predictions, Scores
from churn_client.exchange import Caller, Lost, Plan, Reply, Send, Wait
from churn_client.predicting import ManyPredictions
from churn_client.settings import Settings

_Result = TypeVar("_Result")


class ChurnClient:
    """Asks a gateway; threads may share one. Close it, or use it as a context manager.

    Without settings those of the environment count: ``CHURN_URL``, ``CHURN_API_KEY`` or ``CHURN_API_KEY_FILE``.
    """

    def __init__(self, settings: Settings | None = None, *, caller: Caller | None = None) -> None:
        self._caller = caller or Caller(settings or Settings.from_environment())
        options: dict[str, Any] = sending.options(self._caller.settings)
        self._http = httpx.Client(**options)
        self._tensors = scoring.KnownTensors()

    def predict(self, customers: Sequence[Customer], *, explain: bool = False) -> Predictions:
        """Churn probability, risk, segment and action of customers who fit into one request, in their order; with
        ``explain`` also why, for at most 32.

        Raises:
            ChurnClientError: one of its kinds; see ``churn_client.errors``.
        """
        return self._carry_out(predicting.predict(self._caller, customers, explain=explain))

    def predict_many(
        self, customers: Sequence[Customer], *, explain: bool = False, deadline_seconds: float | None = None
    ) -> ManyPredictions:
        """The same of any number of customers, one request after the other. What fails is told beside what was
        answered; ``deadline_seconds`` bounds the whole list.

        Raises:
            InvalidRequest: customers who could be in no request; nothing was sent.
        """
        found = ManyPredictions([None] * len(customers))
        until = None if deadline_seconds is None else self._caller.clock() + deadline_seconds
        for batch in predicting.split(self._caller.settings, customers, explain=explain):
            found.add(self._carry_out(predicting.answer_batch(self._caller, customers, batch, until)))
        return found

    def score(self, rows: Sequence[Features]) -> Scores:
        """Probabilities and segments alone, by the Open Inference Protocol.

        Raises:
            ChurnClientError: one of its kinds.
        """
        return self._carry_out(scoring.score(self._caller, self._tensors, rows))

    def close(self) -> None:
        """End all connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _carry_out(self, plan: Plan[_Result]) -> _Result:
        outcome: Reply | Lost | None = None
        try:
            while True:
                step = plan.send(outcome)
                if isinstance(step, Wait):
                    time.sleep(step.seconds)
                    outcome = None
                else:
                    outcome = self._send(step)
        except StopIteration as end:
            result: _Result = end.value
            return result

    def _send(self, send: Send) -> Reply | Lost:
        end = time.monotonic() + send.seconds
        request: dict[str, Any] = sending.request_of(send)
        body = bytearray()
        try:
            with self._http.stream(**request) as response:
                for chunk in response.iter_raw():
                    if not sending.grown(body, chunk):
                        break
                    if time.monotonic() > end:  # the library's own limit is for each part
                        return Lost("no answer in time")
                return sending.reply_of(response, bytes(body))
        except httpx.HTTPError as error:
            return sending.lost(error)

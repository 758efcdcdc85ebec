"""Explanations beside the scoring: in a thread of their own, and no more of them than can be had in time.

An explanation takes some two hundred times as long as a score. CatBoost computes it without Python's lock, so that a
thread keeps the event loop free; one thread, since a process has one core. What would wait too long is refused at once.
"""

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from churn_model.errors import ExplanationUnavailable
from churn_model.schema import Row
from churn_serving.backend.errors import CannotExplain, ExplainerBusy
from churn_serving.oip.faults import InvalidRequest, Problem
from churn_serving.oip.messages import CONTRIBUTIONS, MAX_EXPLAINED_ROWS

MAX_PENDING_ROWS = 64
"""Rows waiting or being explained: what comes behind 64 rows of 4 ms would come later than a gateway waits."""
MAX_BLOCKED_THREADS = 2
"""Callers that wait in a thread: a quarter of those that gRPC has, the others go on scoring."""
Contributions = list[list[float]]


class ExplainingScorer(Protocol):
    """What is asked of a model here; :class:`churn_model.scorer.Scorer` is one."""

    def contributions(self, rows: Sequence[Row]) -> Contributions:
        """Shapley values, shape ``[rows][features + 1]``."""


class Explainer:
    """One a process; safe to use from any thread. The thread is started by the first explanation."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="explain")
        self._lock = threading.Lock()
        self._rows = 0
        self._blocked = threading.BoundedSemaphore(MAX_BLOCKED_THREADS)

    def submit(self, scorer: ExplainingScorer, rows: Sequence[Row]) -> "Future[Contributions]":
        """Queue an explanation; the future raises ``CannotExplain`` if the model holds none.

        Raises:
            InvalidRequest: too many rows for one request.
            ExplainerBusy: too many rows wait already.
        """
        count = len(rows)
        if count > MAX_EXPLAINED_ROWS:
            fault = f"{CONTRIBUTIONS} are given for at most {MAX_EXPLAINED_ROWS} rows in one request, not {count}"
            raise InvalidRequest([Problem("outputs", fault)])
        with self._lock:
            if self._rows + count > MAX_PENDING_ROWS:
                raise ExplainerBusy("too many explanations are waited for; ask again later")
            self._rows += count
        future = self._pool.submit(_explain, scorer, rows)
        future.add_done_callback(lambda _: self._leave(count))
        return future

    def explain_now(self, scorer: ExplainingScorer, rows: Sequence[Row]) -> Contributions:
        """Wait for an explanation in the caller's own thread; raises what :meth:`submit` and its future do."""
        if not self._blocked.acquire(blocking=False):
            raise ExplainerBusy("too many explanations are waited for; ask again later")
        try:
            return self.submit(scorer, rows).result()
        finally:
            self._blocked.release()

    def _leave(self, count: int) -> None:
        with self._lock:
            self._rows -= count


def _explain(scorer: ExplainingScorer, rows: Sequence[Row]) -> Contributions:
    try:
        return scorer.contributions(rows)
    except ExplanationUnavailable as error:
        raise CannotExplain(str(error)) from error

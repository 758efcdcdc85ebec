"""Scores together what arrives together.

A call costs far more than a further row in it, so rows that arrive while the event loop is busy share a call. There is
no timer: before scoring, the loop is asked whether it has more requests at hand, for as long as it does; a lone request
waits for one such turn, some 20 µs.
"""

import asyncio
from collections.abc import Callable, Sequence

from churn_model.schema import Row
from churn_model.scorer import Scores

MAX_BATCH = 256
# How often the loop is asked for more before a batch is scored; at 32 callers further turns bring nothing.
MAX_LOOKS = 16
_Waiter = tuple[Sequence[Row], "asyncio.Future[Scores]"]


class Coalescer:
    """Gathers rows of concurrent requests on one event loop; not for use from other threads."""

    def __init__(self, score: Callable[[Sequence[Row]], Scores], observe_batch: Callable[[int], None]) -> None:
        """``score`` is called synchronously with 1 to :data:`MAX_BATCH` rows; ``observe_batch`` is told how many."""
        self._score = score
        self._observe_batch = observe_batch
        self._pending: list[_Waiter] = []
        self._scheduled = False
        self._seen = 0
        self._looks = 0

    async def score(self, rows: Sequence[Row]) -> Scores:
        """Scores of these rows, in their order. What the model raises is raised here, for the rows that caused it."""
        if len(rows) > MAX_BATCH:
            return await self._score_slices(rows)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Scores] = loop.create_future()
        self._pending.append((rows, future))
        if not self._scheduled:
            self._scheduled = True
            self._seen = self._looks = 0
            loop.call_soon(self._look)
        return await future

    async def _score_slices(self, rows: Sequence[Row]) -> Scores:
        """Score a large request slice by slice, and let others in between."""
        total = Scores([], [])
        for start in range(0, len(rows), MAX_BATCH):
            scores = self._call(rows[start : start + MAX_BATCH])
            total.probabilities.extend(scores.probabilities)
            total.segments.extend(scores.segments)
            await asyncio.sleep(0)
        return total

    def _look(self) -> None:
        """Score what has gathered, unless more came since the last look."""
        more = len(self._pending) > self._seen
        if more and self._looks < MAX_LOOKS:
            self._seen = len(self._pending)
            self._looks += 1
            asyncio.get_running_loop().call_soon(self._look)
        else:
            self._flush()

    def _flush(self) -> None:
        batch = self._take_batch()
        if self._pending:
            asyncio.get_running_loop().call_soon(self._flush)
        else:
            self._scheduled = False
        if len(batch) == 1:
            self._answer_alone(batch[0])
        elif batch:
            self._answer_together(batch)

    def _take_batch(self) -> list[_Waiter]:
        """The longest run of waiting requests that fits into one call, without those whose caller has gone."""
        batch: list[_Waiter] = []
        size = taken = 0
        for waiter in self._pending:
            if size + len(waiter[0]) > MAX_BATCH:
                break
            taken += 1
            if not waiter[1].done():
                batch.append(waiter)
                size += len(waiter[0])
        del self._pending[:taken]
        return batch

    def _answer_alone(self, waiter: _Waiter) -> None:
        rows, future = waiter
        try:
            future.set_result(self._call(rows))
        except Exception as error:  # noqa: BLE001 - whatever the model raised belongs to the waiter, not to the loop
            future.set_exception(error)

    def _answer_together(self, batch: list[_Waiter]) -> None:
        try:
            scores = self._call([row for rows, _ in batch for row in rows])
        except Exception:  # noqa: BLE001 - find out whose rows it was: each request alone
            for waiter in batch:
                self._answer_alone(waiter)
            return
        start = 0
        for rows, future in batch:
            end = start + len(rows)
            future.set_result(Scores(scores.probabilities[start:end], scores.segments[start:end]))
            start = end

    def _call(self, rows: Sequence[Row]) -> Scores:
        self._observe_batch(len(rows))
        return self._score(rows)

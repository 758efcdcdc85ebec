"""Every answer as a record, written before the answer leaves: whoever was answered is in the log.

Whatever goes wrong here costs records, which are counted, and never an answer. It must not know
what becomes of the records.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Generator, Sequence
from typing import Any, Protocol

from churn_model import Row
from churn_model.prediction_log.frames import frame
from churn_model.prediction_log.pseudonyms import PseudonymKey
from churn_model.prediction_log.records import AnswerNote, CustomerNote, encode_note
from churn_serving.adapters.segment_writer import NotKept, SegmentWriter
from churn_serving.core.dispatch import Outcome
from churn_serving.gateway.answers import Prediction
from churn_serving.gateway.introduced_models import IntroducedModels
from churn_serving.gateway.pseudonym_ring import PseudonymRing
from churn_serving.telemetry.prediction_log import PredictionLogMetrics

ROWS_A_TURN = 64
FAILED = "failed"
_logger = logging.getLogger(__name__)


class Answered(Protocol):
    """A request that was answered."""

    request_id: str
    route: str
    started: float
    outcome: Outcome | None


class _Waiting:
    """An answer that waits for the turn's end. Who awaits it goes on when it is written.

    No future: an event loop calls in the order in which it was asked to, and the turn's writing was asked for before
    its first waiter gives way. So a waiter that gives way once finds it written, and whoever gives up waiting takes
    nobody along. A future each would cost more than all else that is done here.
    """

    __slots__ = ("customers", "exchange", "key", "named", "written")

    def __init__(
        self, exchange: Answered, named: str | None, key: PseudonymKey, customers: tuple[CustomerNote, ...]
    ) -> None:
        self.exchange = exchange
        self.named = named
        self.key = key
        self.customers = customers
        self.written = False

    def __await__(self) -> Generator[Any, None, None]:
        while not self.written:
            yield


class PredictionLog:
    """``arm`` tells the side of a split that a key belongs to; None where there is no split.

    What is answered in one turn of the event loop is written together: a call to the kernel costs more than all else
    that is done here. Who awaits what a method returns goes on when it is written. None of them raises.
    """

    def __init__(
        self,
        writer: SegmentWriter,
        keys: PseudonymRing,
        metrics: PredictionLogMetrics,
        arm: Callable[[str | None], str | None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._writer = writer
        self._keys = keys
        self._metrics = metrics
        self._arm = arm
        self._clock = clock
        self._introduced = IntroducedModels()
        self._turn: list[_Waiting] = []

    def answered(self, exchange: Answered, rows: Sequence[Row], predictions: Sequence[Prediction]) -> Awaitable[None]:
        """Keep an answer to few customers."""
        key = self._keys.newest
        return self._keep(exchange, predictions[0].customer_id, key, self._customers(exchange, rows, predictions, key))

    async def answered_many(self, exchange: Answered, rows: Sequence[Row], predictions: Sequence[Prediction]) -> None:
        """The same for many; others get their turn in between."""
        key = self._keys.newest
        customers: list[CustomerNote] = []
        for start in range(0, len(rows), ROWS_A_TURN):
            part = slice(start, start + ROWS_A_TURN)
            customers += self._customers(exchange, rows[part], predictions[part], key)
            await asyncio.sleep(0)
        await self._keep(exchange, predictions[0].customer_id, key, customers)

    async def scored(self, exchange: Answered, rows: Sequence[Row], named: str | None) -> None:
        """Keep an answer over V2, which recommends no action. ``named`` is the request's id: where there is one row, it
        is that customer's."""
        key = self._keys.newest
        pseudonym = key.of(named) if named and len(rows) == 1 else None
        customers: list[CustomerNote] = []
        for start in range(0, len(rows), ROWS_A_TURN):
            customers += self._scored_customers(exchange, rows, start, pseudonym)
            if start + ROWS_A_TURN < len(rows):
                await asyncio.sleep(0)
        await self._keep(exchange, named, key, customers)

    def close(self) -> None:
        """Write what is left and seal it; nothing can be kept any more."""
        self._write_turn()
        self._writer.close()

    def _customers(
        self, exchange: Answered, rows: Sequence[Row], predictions: Sequence[Prediction], key: PseudonymKey
    ) -> list[CustomerNote]:
        kept = self._introduced.kept(_outcome(exchange).description)
        return [
            CustomerNote(
                key.of(made.customer_id),
                kept(row),
                made.churn_probability,
                made.segment.id,
                made.action.id,
                made.action.expected_value,
            )
            for row, made in zip(rows, predictions, strict=True)
        ]

    def _scored_customers(
        self, exchange: Answered, rows: Sequence[Row], start: int, pseudonym: bytes | None
    ) -> list[CustomerNote]:
        outcome = _outcome(exchange)
        kept, scores = self._introduced.kept(outcome.description), outcome.scores
        return [
            CustomerNote(
                pseudonym,
                kept(rows[number]),
                scores.probabilities[number],
                scores.segments[number],
            )
            for number in range(start, min(start + ROWS_A_TURN, len(rows)))
        ]

    def _keep(
        self, exchange: Answered, named: str | None, key: PseudonymKey, customers: Sequence[CustomerNote]
    ) -> Awaitable[None]:
        if not self._turn:
            asyncio.get_running_loop().call_soon(self._write_turn)
        waiting = _Waiting(exchange, named, key, tuple(customers))
        self._turn.append(waiting)
        return waiting

    def _write_turn(self) -> None:
        """Write what was answered since the last time, and let its callers have it."""
        turn, self._turn = self._turn, []
        if not turn:
            return
        try:
            self._write(turn)
        except Exception:  # noqa: BLE001 - one that cannot be written must not take the others along
            for kept in turn:
                self._introduced.forget()
                self._write_alone(kept)
        finally:  # whatever happened: nobody may be left to look again and again
            for kept in turn:
                kept.written = True

    def _write_alone(self, kept: _Waiting) -> None:
        try:
            self._write([kept])
        except Exception as error:  # noqa: BLE001 - what a customer sent must neither end the answer nor get into a log
            _logger.error("records of the prediction log could not be made: %s", type(error).__name__)  # noqa: TRY400 - as above
            self._metrics.shed(FAILED, len(kept.customers))

    def _write(self, turn: Sequence[_Waiting]) -> None:
        now, ends = self._clock(), time.perf_counter()
        pieces: list[bytes] = []
        sequence = self._writer.sequence
        count = 0
        for kept in turn:
            exchange, customers = kept.exchange, kept.customers
            outcome = _outcome(exchange)
            number, introduction = self._introduced.number(sequence, outcome.description)
            note = AnswerNote(
                now,
                exchange.request_id,
                exchange.route,
                number,
                outcome.served_by,
                self._arm(kept.named),
                (ends - exchange.started) * 1000,
                kept.key.id,
                customers,
            )
            if introduction:
                pieces.append(introduction)
            pieces.append(frame(encode_note(note)))
            count += len(customers)
        try:
            self._writer.append(pieces[0] if len(pieces) == 1 else b"".join(pieces))
        except NotKept as error:
            self._introduced.forget()
            self._metrics.shed(error.reason, count)
        else:
            self._metrics.kept(count)


def _outcome(exchange: Answered) -> Outcome:
    assert exchange.outcome is not None  # noqa: S101 - it was answered
    return exchange.outcome

"""Every answer as a record, written before the answer leaves: whoever was answered is in the log.

Whatever goes wrong here costs records, which are counted, and never an answer. It must not know
what becomes of the records.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from churn_model import Row
from churn_model.prediction_log.frames import frame
from churn_model.prediction_log.pseudonyms import PseudonymKey
from churn_model.prediction_log.records import AnswerNote, CustomerNote, encode_note
from churn_serving.adapters.segment_writer import NotKept, SegmentWriter
from churn_serving.core.dispatch import Outcome
from churn_serving.gateway.answers import Prediction
from churn_serving.gateway.introduced_models import IntroducedModels, KnownModel
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


_Held = tuple[Answered, Outcome, str | None, PseudonymKey, KnownModel, list[CustomerNote]]
"""An answer of which a record is to be made, with the key of its split. A plain tuple: one is made for every answer."""


class PredictionLog:
    """``arm`` tells the side of a split that a key belongs to; None where there is no split.

    What was answered is the kernel's when a method has returned, or is counted as shed; but for :meth:`hold`, what is
    given there when :meth:`write_held` has returned. None of them raises. Requests that shared a call to a backend
    share a write, made before the first of them is answered: a write costs as much as all else that is done for a
    record, and to wait until whatever is answered in a turn of the event loop can be written together would take each
    of them another turn. The file is not mapped into memory: what is wrong with a disk would end this process there.
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
        self._held: list[_Held] = []

    def answered(self, exchange: Answered, rows: Sequence[Row], predictions: Sequence[Prediction]) -> None:
        """Keep an answer to few customers."""
        try:
            key, outcome = self._keys.newest, _outcome(exchange)
            model = self._introduced.of(outcome.description)
            customers = _recommended(rows, predictions, key, model)
            self._keep(exchange, outcome, predictions[0].customer_id, key, model, customers)
        except Exception as error:  # noqa: BLE001 - as in _failed
            self._failed(error, len(rows))

    def hold(
        self, exchange: Answered, outcome: Outcome, rows: Sequence[Row], predictions: Sequence[Prediction]
    ) -> None:
        """Take an answer to few customers, which is written before anything else is, and before it leaves by
        :meth:`write_held`."""
        try:
            key = self._keys.newest
            model = self._introduced.of(outcome.description)
            customers = _recommended(rows, predictions, key, model)
            self._held.append((exchange, outcome, predictions[0].customer_id, key, model, customers))
        except Exception as error:  # noqa: BLE001 - as in _failed
            self._failed(error, len(rows))

    def write_held(self) -> None:
        """Keep what is held, in one write; nothing where somebody has done so."""
        if self._held:
            held, self._held = self._held, []
            try:
                self._write(held)
            except Exception as error:  # noqa: BLE001 - as in _failed
                self._failed(error, sum([len(customers) for *_, customers in held]))

    async def answered_many(self, exchange: Answered, rows: Sequence[Row], predictions: Sequence[Prediction]) -> None:
        """The same for many; others get their turn in between."""
        try:
            key, outcome = self._keys.newest, _outcome(exchange)
            model = self._introduced.of(outcome.description)
            customers: list[CustomerNote] = []
            for start in range(0, len(rows), ROWS_A_TURN):
                part = slice(start, start + ROWS_A_TURN)
                customers += _recommended(rows[part], predictions[part], key, model)
                await asyncio.sleep(0)
            self._keep(exchange, outcome, predictions[0].customer_id, key, model, customers)
        except Exception as error:  # noqa: BLE001 - as in _failed
            self._failed(error, len(rows))

    async def scored(self, exchange: Answered, rows: Sequence[Row], named: str | None) -> None:
        """Keep an answer over V2, which recommends no action. ``named`` is the request's id: where there is one row, it
        is that customer's."""
        try:
            key, outcome = self._keys.newest, _outcome(exchange)
            model, scores = self._introduced.of(outcome.description), outcome.scores
            pseudonym = key.of_named(named) if named and len(rows) == 1 else None
            customers: list[CustomerNote] = []
            for number, row in enumerate(rows):
                if number and number % ROWS_A_TURN == 0:
                    await asyncio.sleep(0)
                customers.append(
                    CustomerNote(pseudonym, model.kept(row), scores.probabilities[number], scores.segments[number])
                )
            self._keep(exchange, outcome, named, key, model, customers)
        except Exception as error:  # noqa: BLE001 - as in _failed
            self._failed(error, len(rows))

    def close(self) -> None:
        """Seal what was written; nothing can be kept any more."""
        self.write_held()
        self._writer.close()

    def _keep(
        self,
        exchange: Answered,
        outcome: Outcome,
        named: str | None,
        key: PseudonymKey,
        model: KnownModel,
        customers: list[CustomerNote],
    ) -> None:
        self.write_held()
        self._write([(exchange, outcome, named, key, model, customers)])

    def _write(self, held: Sequence[_Held]) -> None:
        """Write answers together, with what introduces the models that the segment does not know yet."""
        records: list[bytes] = []
        count = 0
        sequence = self._writer.sequence
        written, ended = self._clock(), time.perf_counter()
        for exchange, outcome, named, key, model, customers in held:
            try:
                if model.sequence != sequence:
                    records.append(self._introduced.introduce(model, sequence))
                note = AnswerNote(
                    written,
                    exchange.request_id,
                    exchange.route,
                    model.number,
                    outcome.served_by,
                    self._arm(named),
                    (ended - exchange.started) * 1000,
                    key.id,
                    customers,
                )
                records.append(frame(encode_note(note)))
                count += len(customers)
            except Exception as error:  # noqa: BLE001 - as in _failed
                self._failed(error, len(customers))
        try:
            self._writer.append(b"".join(records))
        except NotKept as error:
            self._introduced.forget()
            self._metrics.shed(error.reason, count)
        else:
            self._metrics.kept(count)

    def _failed(self, error: Exception, customers: int) -> None:
        """What a customer sent must neither end the answer nor get into a log."""
        self._introduced.forget()  # what it was to introduce may not have been written
        _logger.error("records of the prediction log could not be made: %s", type(error).__name__)
        self._metrics.shed(FAILED, customers)


def _recommended(
    rows: Sequence[Row], predictions: Sequence[Prediction], key: PseudonymKey, model: KnownModel
) -> list[CustomerNote]:
    customers = []
    for number, made in enumerate(predictions):
        action = made.action
        customers.append(
            CustomerNote(
                key.of_named(made.customer_id),
                model.kept(rows[number]),
                made.churn_probability,
                made.segment.id,
                action.id,
                action.expected_value,
            )
        )
    return customers


def _outcome(exchange: Answered) -> Outcome:
    assert exchange.outcome is not None  # noqa: S101 - it was answered
    return exchange.outcome

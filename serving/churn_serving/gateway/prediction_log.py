"""Every answer as a record, written before the answer leaves: whoever was answered is in the log.

One write a request. Whatever goes wrong here costs records, which are counted, and never an answer. It must not know
what becomes of the records.
"""

import asyncio
import contextlib
import itertools
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from churn_model import Description, Row
from churn_model.prediction_log.frames import frame
from churn_model.prediction_log.pseudonyms import PseudonymKey
from churn_model.prediction_log.records import (
    AnswerNote,
    CustomerNote,
    encode_note,
    kept_features,
    model_note,
)
from churn_serving.adapters.segment_writer import NotKept, SegmentWriter
from churn_serving.core.dispatch import Outcome
from churn_serving.gateway.answers import Prediction
from churn_serving.gateway.pseudonym_ring import PseudonymRing
from churn_serving.telemetry.prediction_log import PredictionLogMetrics

ROWS_A_TURN = 64
FAILED = "failed"
_logger = logging.getLogger(__name__)


class _Introduced:
    """The models that the present segment has introduced, by digest; each knows which values may be kept."""

    def __init__(self) -> None:
        self._sequence = -1
        self._numbers: dict[str, int] = {}
        self._features: dict[str, tuple[int, ...]] = {}

    def features(self, description: Description) -> tuple[int, ...]:
        """Which values of a row may be kept."""
        found = self._features.get(description.digest)
        if found is None:
            found = self._features[description.digest] = kept_features(description)
        return found

    def number(self, sequence: int, description: Description) -> tuple[int, bytes]:
        """A model's number in this segment, and what introduces it, empty where that was done."""
        if sequence != self._sequence:
            self._sequence = sequence
            self._numbers.clear()
        number = self._numbers.get(description.digest)
        if number is not None:
            return number, b""
        number = len(self._numbers)
        return number, frame(encode_note(model_note(number, description)))

    def confirm(self, description: Description, number: int) -> None:
        """The introduction was written."""
        self._numbers[description.digest] = number


class Answered(Protocol):
    """A request that was answered."""

    request_id: str
    route: str
    started: float
    outcome: Outcome | None


class PredictionLog:
    """``arm`` tells the side of a split that a key belongs to; None where there is no split."""

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
        self._introduced = _Introduced()

    def answered(self, exchange: Answered, rows: Sequence[Row], predictions: Sequence[Prediction]) -> None:
        """Keep an answer to few customers. Never raises."""
        key = self._keys.newest
        with self._never_raising(len(rows)):
            customers = tuple(self._customers(exchange, rows, predictions, key))
            self._write(exchange, predictions[0].customer_id, customers, key)

    async def answered_many(self, exchange: Answered, rows: Sequence[Row], predictions: Sequence[Prediction]) -> None:
        """The same for many; others get their turn in between. Never raises, unless cancelled."""
        key = self._keys.newest
        with self._never_raising(len(rows)):
            customers = await _in_turns(self._customers(exchange, rows, predictions, key))
            self._write(exchange, predictions[0].customer_id, customers, key)

    async def scored(self, exchange: Answered, rows: Sequence[Row], named: str | None) -> None:
        """Keep an answer over V2, which recommends no action. ``named`` is the request's id: where there is one row, it
        is that customer's. Never raises, unless cancelled."""
        key = self._keys.newest
        with self._never_raising(len(rows)):
            pseudonym = key.of(named) if named and len(rows) == 1 else None
            customers = await _in_turns(self._scored_customers(_outcome(exchange), rows, pseudonym))
            self._write(exchange, named, customers, key)

    def close(self) -> None:
        """Seal what was written; nothing can be kept any more."""
        self._writer.close()

    def _customers(
        self, exchange: Answered, rows: Sequence[Row], predictions: Sequence[Prediction], key: PseudonymKey
    ) -> Iterator[CustomerNote]:
        features = self._introduced.features(_outcome(exchange).description)
        for row, made in zip(rows, predictions, strict=True):
            yield CustomerNote(
                key.of(made.customer_id),
                tuple([row[place] for place in features]),
                made.churn_probability,
                made.segment.id,
                made.action.id,
                made.action.expected_value,
            )

    def _scored_customers(
        self, outcome: Outcome, rows: Sequence[Row], pseudonym: bytes | None
    ) -> Iterator[CustomerNote]:
        features = self._introduced.features(outcome.description)
        for row, probability, segment in zip(rows, outcome.scores.probabilities, outcome.scores.segments, strict=True):
            yield CustomerNote(pseudonym, tuple([row[place] for place in features]), probability, segment)

    def _write(
        self, exchange: Answered, named: str | None, customers: tuple[CustomerNote, ...], key: PseudonymKey
    ) -> None:
        outcome = _outcome(exchange)
        number, introduction = self._introduced.number(self._writer.sequence, outcome.description)
        note = AnswerNote(
            self._clock(),
            exchange.request_id,
            exchange.route,
            number,
            outcome.served_by,
            self._arm(named),
            round((time.perf_counter() - exchange.started) * 1000, 3),
            key.id,
            customers,
        )
        self._writer.append(introduction + frame(encode_note(note)))
        if introduction:
            self._introduced.confirm(outcome.description, number)
        self._metrics.kept(len(customers))

    @contextlib.contextmanager
    def _never_raising(self, customers: int) -> Iterator[None]:
        try:
            yield
        except NotKept as error:
            self._metrics.shed(error.reason, customers)
        except Exception as error:  # noqa: BLE001 - what a customer sent must neither end the answer nor get into a log
            _logger.error("records of the prediction log could not be made: %s", type(error).__name__)  # noqa: TRY400 - as above
            self._metrics.shed(FAILED, customers)


async def _in_turns(customers: Iterator[CustomerNote]) -> tuple[CustomerNote, ...]:
    """All of them; others get their turn in between."""
    made: list[CustomerNote] = []
    while part := list(itertools.islice(customers, ROWS_A_TURN)):
        made += part
        if len(part) == ROWS_A_TURN:
            await asyncio.sleep(0)
    return tuple(made)


def _outcome(exchange: Answered) -> Outcome:
    assert exchange.outcome is not None  # noqa: S101 - it was answered
    return exchange.outcome

"""The gateway's one use case, for every protocol: rows in, outcome out, and a trace of it in metrics and log.

Protocols differ in how they read and write; who answers, and what is written down about it, is the same for all.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence

from churn_model import Description, Row, Schema
from churn_model.spelling import Note
from churn_serving.core.dispatch import Dispatcher, Outcome
from churn_serving.core.explanations import Explained, Explanations
from churn_serving.core.policy import LargeRequestPolicy
from churn_serving.core.ports import Answer
from churn_serving.core.shadows import Copy, Shadows
from churn_serving.gateway.answers import Prediction, Predictions
from churn_serving.gateway.prediction_log import PredictionLog
from churn_serving.gateway.spans import note_request
from churn_serving.telemetry.metrics import GatewayMetrics
from churn_serving.telemetry.names import LARGE
from churn_serving.telemetry.request_log import RequestLog
from churn_serving.telemetry.spans import Spans
from churn_serving.telemetry.tracing import Trace
from churn_serving.telemetry.witness import AnswerWitness

CLIENT_CLOSED_REQUEST = 499
"""The code of a request whose caller hung up first, as proxies write it."""
_logger = logging.getLogger(__name__)
_NOBODY = "none"
_ROWS_A_TURN = 128
_NOTES_A_TURN = 2048
_SCORES_A_TURN = 2048
_LARGE_ROWS = LargeRequestPolicy.rows_a_chunk


class Exchange:
    """One request from arrival to answer; :meth:`finish` is called exactly once. It is what backends are told of whose
    request a call is for."""

    __slots__ = (
        "caller", "copy", "decided", "notes", "outcome", "recommended", "request_id", "route", "rows", "started",
        "together", "trace",
    )  # fmt: skip

    def __init__(self, route: str, request_id: str, trace: Trace | None = None) -> None:
        self.route = route
        self.request_id = request_id
        self.trace = trace
        self.started = time.perf_counter()
        self.rows = 0
        self.caller = ""
        self.outcome: Outcome | None = None
        self.notes: Sequence[Note] = ()
        """Of levels that the answering model never saw."""
        self.copy: Copy | None = None
        """What :meth:`PredictionService.left` sends on."""
        self.together: Callable[[Exchange, Outcome], list[Prediction]] | None = None
        """What is done for all requests of one call before the first of them goes on, if anything."""
        self.decided: list[Prediction] | None = None
        """What that came to; None where it was not done."""
        self.recommended: Sequence[Prediction] = ()
        """What :meth:`PredictionService.finish` counts of the answer, where it was not counted piece by piece."""

    def scored(self, served_by: str, answer: Answer) -> None:
        """Implements the core's :class:`churn_serving.core.ports.Origin`."""
        if self.together is None:
            return
        try:
            self.decided = self.together(self, Outcome(served_by, answer.scores, answer.description))
        except Exception as error:  # noqa: BLE001 - it is done when the request goes on, and what is wrong is told then
            _logger.error("not done for all of a call: %s", type(error).__name__)  # noqa: TRY400 - a customer's value


async def _notes_of(rows: Sequence[Row], schema: Schema) -> list[Note]:
    """What the model that answered finds missing or new in rows; others get their turn in between."""
    notes: list[Note] = []
    for start in range(0, len(rows), _ROWS_A_TURN):
        notes += schema.spelling.notes(rows[start : start + _ROWS_A_TURN], start)
        if start + _ROWS_A_TURN < len(rows):
            await asyncio.sleep(0)
    return notes


class PredictionService:
    """The dispatcher with its witnesses."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        explanations: Explanations,
        metrics: GatewayMetrics,
        log: RequestLog,
        prediction_log: PredictionLog | None = None,
        shadows: Shadows | None = None,
        *,
        spans: Spans | None = None,
    ) -> None:
        self._dispatcher = dispatcher
        self._explanations = explanations
        self._metrics = metrics
        self._log = log
        self._witness = AnswerWitness(metrics.tallies, log)
        self._shadows = shadows
        self._spans = spans
        self.prediction_log = prediction_log
        """Where every answer is kept before it leaves; None: nowhere."""

    @property
    def description(self) -> Description:
        """The model that requests are checked against; raises ``NotReady`` if none is known."""
        return self._dispatcher.description

    async def predict(
        self,
        exchange: Exchange,
        rows: Sequence[Row],
        description: Description,
        key: str | None,
        version: str = "",
        notes: Sequence[Note] | None = None,
    ) -> Outcome:
        """Score the rows of an exchange, which were read by ``description``'s schema, by this version (empty: any).
        ``notes`` are what reading noted of them; None: nothing was."""
        exchange.rows = len(rows)
        exchange.outcome = outcome = await self._dispatcher.predict(rows, description, key, version, exchange)
        if self._shadows is not None and self._shadows.share:
            exchange.copy = self._shadows.copy_of(rows, description.schema, outcome)
        probabilities = outcome.scores.probabilities
        if len(probabilities) > _LARGE_ROWS:  # of fewer, finish counts them
            await self._count_scores(outcome, probabilities)
        schema = outcome.description.schema
        if notes is None or schema is not description.schema:
            notes = await _notes_of(rows, schema)
        exchange.notes = await self._count(notes, schema) if notes else notes
        return outcome

    def recommended(self, predictions: Predictions) -> None:
        """Count what customers of an answer were recommended, and as whom."""
        model = predictions.model
        self._metrics.recommended(model.name, model.digest, predictions.predictions)

    async def _count_scores(self, outcome: Outcome, probabilities: Sequence[float]) -> None:
        """Count what was said of many customers; others get their turn in between."""
        name, digest = outcome.description.name, outcome.description.digest
        for start in range(0, len(probabilities), _SCORES_A_TURN):
            part = probabilities[start : start + _SCORES_A_TURN]
            self._metrics.scored(name, digest, outcome.served_by, part)
            if start + _SCORES_A_TURN < len(probabilities):
                await asyncio.sleep(0)

    async def _count(self, notes: Sequence[Note], schema: Schema) -> list[Note]:
        """Count what was noted, and return the notes of unseen levels; others get their turn in between."""
        unseen_ones: list[Note] = []
        for start in range(0, len(notes), _NOTES_A_TURN):
            part = notes[start : start + _NOTES_A_TURN]
            unseen_ones += [note for note in part if note[2]]
            for (feature, unseen), count in Counter((feature, unseen) for _, feature, unseen in part).items():
                self._metrics.values_noted(schema.names[feature], count, unseen=unseen)
            if start + _NOTES_A_TURN < len(notes):
                await asyncio.sleep(0)
        return unseen_ones

    async def explain(self, exchange: Exchange, rows: Sequence[Row], outcome: Outcome) -> Explained:
        """Each row's reasons, strongest first, or why they cannot be had in time. Never raises."""
        return await self._explanations.explain(rows, outcome, exchange)

    def left(self, exchange: Exchange) -> None:
        """The answer has left: now its copy may go to the canary. Only called where there is one."""
        copy, exchange.copy = exchange.copy, None
        if copy is not None and self._shadows is not None:
            self._shadows.send(copy, exchange)

    def finish(self, exchange: Exchange, code: int) -> None:
        """Write down how an exchange ended; ``code`` is the HTTP status or its gRPC equivalent."""
        outcome = exchange.outcome
        if outcome is not None and exchange.rows <= _LARGE_ROWS:
            served_by, (probabilities, _), model = outcome
            seconds = self._witness.answered(exchange, code, served_by, probabilities, model)
        else:
            seconds = self._finish_other(exchange, code)
        if self._spans is not None:
            served_by, version = _who_answered(outcome)
            note_request(self._spans, exchange, seconds, code, served_by, version)

    def _finish_other(self, exchange: Exchange, code: int) -> float:
        """The same of a request that nobody answered, or of a large one, much of which was counted before."""
        seconds = time.perf_counter() - exchange.started
        outcome = exchange.outcome
        served_by, version = _who_answered(outcome)
        route = exchange.route if exchange.rows <= _LARGE_ROWS else exchange.route + LARGE
        self._metrics.answered(route, served_by, version, code, seconds, exchange.trace)
        self._log.write(exchange, served_by, version, code, seconds)
        return seconds


def _who_answered(outcome: Outcome | None) -> tuple[str, str]:
    """The backend's name and its model's version."""
    return (_NOBODY, "") if outcome is None else (outcome.served_by, outcome.description.version)

"""The gateway's one use case, for every protocol: rows in, outcome out, and a trace of it in metrics and log.

Protocols differ in how they read and write; who answers, and what is written down about it, is the same for all.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence

from churn_model import Description, Row, Schema
from churn_model.spelling import Note
from churn_serving.core.dispatch import Dispatcher, Outcome
from churn_serving.core.explanations import Explained, Explanations
from churn_serving.core.policy import LargeRequestPolicy
from churn_serving.gateway.answers import Predictions
from churn_serving.gateway.prediction_log import PredictionLog
from churn_serving.telemetry.metrics import GatewayMetrics
from churn_serving.telemetry.names import LARGE
from churn_serving.telemetry.request_log import RequestLog
from churn_serving.telemetry.tracing import Trace

CLIENT_CLOSED_REQUEST = 499
"""The code of a request whose caller hung up first, as proxies write it."""
_NOBODY = "none"
_ROWS_A_TURN = 128
_NOTES_A_TURN = 2048
_SCORES_A_TURN = 2048
_LARGE_ROWS = LargeRequestPolicy.rows_a_chunk


class Exchange:
    """One request from arrival to answer; :meth:`finish` is called exactly once. It is what backends are told of whose
    request a call is for."""

    __slots__ = ("caller", "notes", "outcome", "request_id", "route", "rows", "started", "trace")

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
    ) -> None:
        self._dispatcher = dispatcher
        self._explanations = explanations
        self._metrics = metrics
        self._log = log
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
        probabilities = outcome.scores.probabilities
        if len(probabilities) <= _SCORES_A_TURN:
            self._scored(outcome, probabilities)
        else:
            await self._count_scores(outcome, probabilities)
        schema = outcome.description.schema
        if notes is None or schema is not description.schema:
            notes = await _notes_of(rows, schema)
        exchange.notes = await self._count(notes, schema) if notes else notes
        return outcome

    def _scored(self, outcome: Outcome, probabilities: Sequence[float]) -> None:
        description = outcome.description
        self._metrics.scored(description.name, description.digest, outcome.served_by, probabilities)

    def recommended(self, predictions: Predictions) -> None:
        """Count what customers of an answer were recommended, and as whom."""
        model = predictions.model
        self._metrics.recommended(
            model.name,
            model.digest,
            [(str(one.segment.id), one.segment.name, one.action.id) for one in predictions.predictions],
        )

    async def _count_scores(self, outcome: Outcome, probabilities: Sequence[float]) -> None:
        """Count what was said of many customers; others get their turn in between."""
        for start in range(0, len(probabilities), _SCORES_A_TURN):
            self._scored(outcome, probabilities[start : start + _SCORES_A_TURN])
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

    def finish(self, exchange: Exchange, code: int) -> None:
        """Write down how an exchange ended; ``code`` is the HTTP status or its gRPC equivalent."""
        seconds = time.perf_counter() - exchange.started
        outcome = exchange.outcome
        served_by, version = (outcome.served_by, outcome.description.version) if outcome else (_NOBODY, "")
        route = exchange.route if exchange.rows <= _LARGE_ROWS else exchange.route + LARGE
        self._metrics.answered(route, served_by, version, code, seconds, exchange.trace)
        trace = {} if exchange.trace is None else {"trace_id": exchange.trace.id}
        self._log.write(
            route=exchange.route,
            code=code,
            caller=exchange.caller,
            served_by=served_by,
            model_version=version,
            rows=exchange.rows,
            milliseconds=round(seconds * 1000, 3),
            request_id=exchange.request_id,
            **trace,
        )

"""``POST /v1/predictions`` in plain ASGI: read, score, decide, answer.

In front of FastAPI rather than in it, because the framework's own handling costs more than everything done here.
"""

import logging
from functools import partial
from http import HTTPStatus

import msgspec

from churn_model import Description, Schema
from churn_serving.core.dispatch import Outcome
from churn_serving.gateway.answers import Prediction, Predictions, decide, decide_each, with_reasons
from churn_serving.gateway.authentication import Authentication
from churn_serving.gateway.http import RequestIds, answer
from churn_serving.gateway.large_answers import FEW_ROWS, AnswerTurns
from churn_serving.gateway.large_bodies import LARGE_BYTES, PATIENT_BYTES, LargeBodies, release
from churn_serving.gateway.prediction_log import PredictionLog
from churn_serving.gateway.problems import CONTENT_TYPE, problem_for
from churn_serving.gateway.reader_wire import Task
from churn_serving.gateway.record_faults import explain_fault
from churn_serving.gateway.records import RecordDecoder, Request, undescribed_body_type
from churn_serving.gateway.service import CLIENT_CLOSED_REQUEST, Exchange, PredictionService
from churn_serving.oip.faults import InvalidRequest
from churn_serving.telemetry.names import EXPLAIN
from churn_serving.web.body import Disconnected, Receive, Scope, Send, read_body
from churn_serving.web.request import JSON, require_media_type, require_method

PATH = "/v1/predictions"
# What metrics and log call requests for reasons: they take longer by design, and latency objectives are for the rest.
EXPLAINED = PATH + EXPLAIN
_logger = logging.getLogger(__name__)


class PredictionsRoute:
    """An ASGI application for one path."""

    def __init__(
        self,
        service: PredictionService,
        large_bodies: LargeBodies,
        authentication: Authentication,
        request_ids: RequestIds,
        maximum_body_bytes: int,
        maximum_customers: int,
    ) -> None:
        self._service = service
        self._large_bodies = large_bodies
        self._turns = AnswerTurns(service.recommended)
        self._authentication = authentication
        self._request_ids = request_ids
        self._maximum_body_bytes = maximum_body_bytes
        self._maximum_customers = maximum_customers
        self._decoder: RecordDecoder | None = None
        self._encode = msgspec.json.Encoder().encode

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        exchange = Exchange(PATH, *self._request_ids.of(scope["headers"]))
        headers = [(b"x-request-id", exchange.request_id.encode())]
        try:
            body = await self._predict(exchange, scope, receive)
        except Disconnected:
            self._service.finish(exchange, CLIENT_CLOSED_REQUEST)
        except Exception as error:  # the last line of defence: every failure gets an answer
            problem = problem_for(error, exchange.request_id)
            if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
                _logger.exception("request %s failed", exchange.request_id)
            self._service.finish(exchange, problem.status)
            await answer(send, problem.status, CONTENT_TYPE, problem.body, headers + problem.headers)
        else:
            self._service.finish(exchange, 200)
            await answer(send, 200, JSON, body, headers)
            if exchange.copy is not None:
                self._service.left(exchange)

    async def _predict(self, exchange: Exchange, scope: Scope, receive: Receive) -> bytes:
        exchange.caller = self._authentication.caller(scope["headers"])
        require_method(scope, "POST")
        require_media_type(scope["headers"], (JSON,))
        body = await read_body(receive, self._maximum_body_bytes)
        description = self._service.description
        decoder = self.decoder(description.schema)
        request = decoder.decode(body) if len(body) <= PATIENT_BYTES else await self._read(decoder, body)
        log = self._service.prediction_log
        if request.explain:
            explained = await self._predict_and_explain(exchange, request, description)
            if log is not None:
                log.answered(exchange, request.rows, explained.predictions)
            return self._encode(explained)
        few = len(request.rows) <= FEW_ROWS
        if log is not None and few:
            exchange.together = partial(_decide_and_hold, log, request)
        outcome = await self._service.predict(
            exchange, request.rows, description, request.customer_ids[0], notes=request.notes
        )
        answered = (exchange.request_id, request.customer_ids, request.rows, outcome, exchange.notes)
        if few:
            decided = decide(*answered, exchange.decided)
            exchange.recommended = decided.predictions
            if log is not None and exchange.decided is None:
                log.answered(exchange, request.rows, decided.predictions)
            elif log is not None:
                log.write_held()
            return self._encode(decided)
        kept: list[Prediction] | None = None if log is None else []
        answer = await self._turns.write(*answered, kept)
        if log is not None and kept is not None:
            await log.answered_many(exchange, request.rows, kept)
        await release(request.rows)
        return answer

    async def _read(self, decoder: RecordDecoder, body: bytes) -> Request:
        """A body that may take long to read."""
        request = decoder.decode_sound(body) if len(body) <= LARGE_BYTES else None
        if request is not None:
            return request
        task = Task("records", self._maximum_customers)
        read = await self._large_bodies.read(task, decoder.schema, body)
        return Request(read.customer_ids, read.rows, read.found.explain, read.notes)

    async def _predict_and_explain(self, exchange: Exchange, request: Request, description: Description) -> Predictions:
        exchange.route = EXPLAINED
        fault = explain_fault(len(request.rows))
        if fault:
            raise InvalidRequest([fault])
        outcome = await self._service.predict(
            exchange, request.rows, description, request.customer_ids[0], notes=request.notes
        )
        predictions = decide(exchange.request_id, request.customer_ids, request.rows, outcome, exchange.notes)
        exchange.recommended = predictions.predictions
        return with_reasons(predictions, await self._service.explain(exchange, request.rows, outcome))

    @property
    def undescribed_body_type(self) -> type[msgspec.Struct]:
        """What a body looks like, for those who may not know the model's features."""
        return undescribed_body_type(self._maximum_customers)

    def decoder(self, schema: Schema) -> RecordDecoder:
        """The decoder of a schema, compiled when the schema is first seen."""
        if self._decoder is None or self._decoder.schema is not schema:
            self._decoder = RecordDecoder(schema, self._maximum_customers)
        return self._decoder


def _decide_and_hold(log: PredictionLog, request: Request, exchange: Exchange, outcome: Outcome) -> list[Prediction]:
    """What all requests of one call can have done before the first of them goes on: their records are one write."""
    decided = decide_each(request.customer_ids, request.rows, outcome)
    log.hold(exchange, outcome, request.rows, decided)
    return decided

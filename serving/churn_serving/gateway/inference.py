"""Open Inference Protocol V2 over HTTP at the gateway: the same split, fallback and deadline as for predictions.

``POST /v2/models/{name}[/versions/{version}]/infer`` in plain ASGI. Answers name who served them in their
``parameters``, where every client of the protocol sees it, and in ``X-Served-By``. A customer's side of a split follows
the request's ``id``.
"""

import logging
from http import HTTPStatus

from churn_model import Schema
from churn_serving.gateway.authentication import Authentication
from churn_serving.gateway.http import RequestIds, answer
from churn_serving.gateway.inference_reply import reply_to
from churn_serving.gateway.large_bodies import LARGE_BYTES, PATIENT_BYTES, LargeBodies
from churn_serving.gateway.model_view import require_served
from churn_serving.gateway.problems import protocol_error_for
from churn_serving.gateway.reader_wire import Task
from churn_serving.gateway.service import CLIENT_CLOSED_REQUEST, Exchange, PredictionService
from churn_serving.oip.http_headers import JSON_LENGTH, json_length
from churn_serving.oip.http_reply import encode_requested
from churn_serving.oip.json_codec import codec_for
from churn_serving.oip.messages import MAX_ROWS, UNNAMED, InferRequest, refuse_contributions
from churn_serving.oip.model_path import read_model_path
from churn_serving.web.body import Disconnected, Receive, Scope, Send, read_body
from churn_serving.web.request import JSON, OCTETS, UnknownPath, require_media_type, require_method

ROUTE = "/v2/models/infer"
_logger = logging.getLogger(__name__)


class InferenceRoute:
    """An ASGI application for the infer path of any model name."""

    def __init__(
        self,
        service: PredictionService,
        large_bodies: LargeBodies,
        authentication: Authentication,
        request_ids: RequestIds,
        maximum_body_bytes: int,
    ) -> None:
        self._service = service
        self._large_bodies = large_bodies
        self._authentication = authentication
        self._request_ids = request_ids
        self._maximum_body_bytes = maximum_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        exchange = Exchange(ROUTE, *self._request_ids.of(scope["headers"]))
        headers = [(b"x-request-id", exchange.request_id.encode())]
        try:
            body, length = await self._infer(exchange, scope, receive)
        except Disconnected:
            self._service.finish(exchange, CLIENT_CLOSED_REQUEST)
        except Exception as error:  # the last line of defence: every failure becomes a protocol error
            refusal = protocol_error_for(error)
            if refusal.status == HTTPStatus.INTERNAL_SERVER_ERROR:
                _logger.exception("request %s failed", exchange.request_id)
            self._service.finish(exchange, refusal.status)
            await answer(send, refusal.status, JSON, refusal.body, headers + refusal.headers)
        else:
            self._service.finish(exchange, 200)
            assert exchange.outcome is not None  # noqa: S101 - it was scored, or an error was raised
            headers.append((b"x-served-by", exchange.outcome.served_by.encode()))
            if length is not None:
                headers.append((JSON_LENGTH, b"%d" % length))
            await answer(send, 200, JSON if length is None else OCTETS, body, headers)
            if exchange.copy is not None:
                self._service.left(exchange)

    async def _infer(self, exchange: Exchange, scope: Scope, receive: Receive) -> tuple[bytes, int | None]:
        exchange.caller = self._authentication.caller(scope["headers"])
        require_method(scope, "POST")
        require_media_type(scope["headers"], (JSON, OCTETS), may_be_absent=True)
        header_length = json_length(scope["headers"])
        path = read_model_path(scope["path"])
        if path is None:
            raise UnknownPath
        description = self._service.description
        require_served(description, path.name, path.version)
        body = await read_body(receive, self._maximum_body_bytes)
        if len(body) <= PATIENT_BYTES:
            request = codec_for(description.schema).decode(body, header_length)
        else:
            request = await self._read(body, header_length, description.schema)
        if request.model != UNNAMED:
            require_served(description, request.model.name or path.name, request.model.version)
        if request.outputs is not None:
            refuse_contributions(request.outputs)
        version = path.version or request.model.version
        reply = await reply_to(self._service, exchange, request, description, version)
        return encode_requested(reply, request.outputs)

    async def _read(self, body: bytes, header_length: int | None, schema: Schema) -> InferRequest:
        """A body that may take long to read."""
        may_be_usual = header_length is None and len(body) <= LARGE_BYTES
        request = codec_for(schema).decode_usual(body) if may_be_usual else None
        if request is not None:
            return request
        found, _, rows, notes = await self._large_bodies.read(Task("v2", MAX_ROWS, header_length), schema, body)
        return InferRequest(found.id, rows, found.outputs, found.model, notes)

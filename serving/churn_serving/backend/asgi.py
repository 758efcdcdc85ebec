"""The HTTP front of a model server: a plain ASGI application, since a framework would cost more than the model.

Inference takes the short way; the other V2 paths are answered by :mod:`churn_serving.backend.routes`; what is not ours
goes to the application it wraps, KServe's for instance.
"""

import asyncio
import logging
from time import perf_counter

from churn_serving.backend.answers import (
    EXPECTED,
    INTERNAL_ERROR,
    JSON,
    MAX_BODY_BYTES,
    OCTETS,
    Answer,
    error_answer,
    send_answer,
)
from churn_serving.backend.errors import ReaderBusy
from churn_serving.backend.loaded_model import LoadedModel, ModelSlot
from churn_serving.backend.routes import Headers, Routes
from churn_serving.backend.spans import CallSpan, CallSpans
from churn_serving.backend.wrapped import BoundedApplication
from churn_serving.oip.http_headers import JSON_LENGTH, json_length
from churn_serving.oip.http_reply import encode_requested
from churn_serving.oip.json_reply import encode_response
from churn_serving.oip.messages import UNNAMED, InferRequest, asks_for_contributions
from churn_serving.oip.model_path import INFER, PREFIX, read_model_path
from churn_serving.oip.schema_precondition import require_schema
from churn_serving.telemetry.tracing import in_words
from churn_serving.web.body import Application, Disconnected, Receive, Scope, Send, read_body
from churn_serving.web.request import JSON as APPLICATION_JSON
from churn_serving.web.request import OCTETS as APPLICATION_OCTETS
from churn_serving.web.request import MethodNotAllowed, UnknownPath, require_media_type, require_method

logger = logging.getLogger(__name__)

# Above this a body is decoded in a thread, so that other requests are not held up.
LARGE_BODY_BYTES = 64 * 1024
# Large bodies being decoded or waiting for it, as at the gateway.
MAX_READING = 16


class BackendApp:
    """Answers V2 for the model in a slot. ``wrapped`` takes every other path (None: 404); ``spans`` keeps traces (None:
    nobody does)."""

    def __init__(
        self, slot: ModelSlot, routes: Routes, wrapped: Application | None = None, spans: CallSpans | None = None
    ) -> None:
        self._slot = slot
        self._spans = spans
        self._routes = routes
        self._wrapped = None if wrapped is None else BoundedApplication(wrapped)
        self._answered = slot.metrics.answered
        self._reading = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI interface."""
        if scope["type"] == "http":
            path: str = scope["path"]
            if path.startswith(PREFIX) and path.endswith(f"/{INFER}") and scope["method"] != "OPTIONS":
                await self._answer_inference(scope, receive, send)
                return
            answer = await self._answer(scope)
            if answer is not None:
                await send_answer(send, answer)
                return
        if self._wrapped is not None:
            await self._wrapped(scope, receive, send)
        elif scope["type"] == "http":
            await send_answer(send, error_answer(UnknownPath("no such path")))

    async def _answer_inference(self, scope: Scope, receive: Receive, send: Send) -> None:
        begin = perf_counter()
        span = None if self._spans is None else self._spans.begin(scope["headers"])
        try:
            answer = await self._infer(self._target(scope), scope["headers"], receive, span)
        except Disconnected:
            return
        except EXPECTED as error:
            answer = error_answer(error)
        except Exception:  # the last line of defence: the caller gets an answer, the log gets the reason
            logger.exception("inference failed for %s", in_words(scope["headers"]))
            answer = INTERNAL_ERROR
        await send_answer(send, answer)
        self._answered("http", str(answer.status), perf_counter() - begin)
        if span is not None:
            span.ended(answer.status)

    def _target(self, scope: Scope) -> LoadedModel:
        """The model that an inference path names: ``/v2/models/{name}[/versions/{version}]/infer``."""
        model = self._slot.current
        if model is None or scope["path"] != model.infer_path:
            path = read_model_path(scope["path"])
            if path is None:
                raise UnknownPath("no such path")
            model = self._slot.model(path.name, path.version)
        require_method(scope, "POST")
        return model

    async def _infer(self, model: LoadedModel, headers: Headers, receive: Receive, span: CallSpan | None) -> Answer:
        require_media_type(headers, (APPLICATION_JSON, APPLICATION_OCTETS), may_be_absent=True)
        require_schema(headers, model.schema)
        header_length = json_length(headers)
        body = await read_body(receive, MAX_BODY_BYTES)
        if len(body) > LARGE_BODY_BYTES:
            request = await self._decode_beside(model, body, header_length)
        else:
            request = model.json.decode(body, header_length)
        if request.model != UNNAMED:
            model.require_named(*request.model)
        reply = await (model.answer(request) if span is None else span.answer(model, request))
        if request.outputs is None:
            return Answer(200, (JSON,), encode_response(reply))
        if asks_for_contributions(request.outputs):
            reply = await model.explained(request, reply)
        content, length = encode_requested(reply, request.outputs)
        if length is None:
            return Answer(200, (JSON,), content)
        return Answer(200, (OCTETS, (JSON_LENGTH, b"%d" % length)), content)

    async def _decode_beside(self, model: LoadedModel, body: bytes, header_length: int | None) -> InferRequest:
        if self._reading >= MAX_READING:
            raise ReaderBusy("too many large requests at the moment")
        self._reading += 1
        try:
            return await asyncio.to_thread(model.json.decode, body, header_length)
        finally:
            self._reading -= 1

    async def _answer(self, scope: Scope) -> Answer | None:
        """The answer of one of our other paths; None for a path that is not ours."""
        try:
            handler = self._routes.find(scope["method"], scope["path"])
            return None if handler is None else await handler(scope["headers"])
        except MethodNotAllowed as error:
            if scope["method"] == "OPTIONS":
                return Answer(204, ((b"allow", ", ".join([*error.allowed, "OPTIONS"]).encode()),), b"")
            return error_answer(error)
        except EXPECTED as error:
            return error_answer(error)

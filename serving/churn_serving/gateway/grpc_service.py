"""Open Inference Protocol V2 over gRPC at the gateway: the same split, fallback and deadline as over HTTP."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, NoReturn

import grpc
import grpc.aio

from churn_model import Description
from churn_serving.core.errors import NotReady, Overloaded, RefusedByBackends
from churn_serving.gateway.authentication import Authentication, Unauthenticated
from churn_serving.gateway.grpc_guard import CALLER, Guard, Headers
from churn_serving.gateway.http import RequestIds
from churn_serving.gateway.inference_reply import reply_to
from churn_serving.gateway.large_bodies import PATIENT_BYTES, LargeBodies
from churn_serving.gateway.model_view import require_served
from churn_serving.gateway.reader_wire import Task
from churn_serving.gateway.service import CLIENT_CLOSED_REQUEST, Exchange, PredictionService
from churn_serving.oip import open_inference_grpc_pb2 as messages
from churn_serving.oip.faults import InvalidRequest, UnknownModel
from churn_serving.oip.grpc_codec import GrpcCodec, encode_metadata, encode_response
from churn_serving.oip.grpc_methods import SERVICE, as_headers
from churn_serving.oip.grpc_parts import read_infer_request
from churn_serving.oip.grpc_status import fitting
from churn_serving.oip.messages import MAX_ROWS, InferRequest, refuse_contributions
from churn_serving.telemetry.tracing import REQUEST_ID

ROUTE = "grpc/ModelInfer"
_INFER = f"/{SERVICE}/ModelInfer"
_logger = logging.getLogger(__name__)


# How refusals look over gRPC; a test proves that none is missing. The number is the HTTP status that metrics show.
REFUSALS: dict[type[Exception], tuple[grpc.StatusCode, int]] = {
    Unauthenticated: (grpc.StatusCode.UNAUTHENTICATED, 401),
    InvalidRequest: (grpc.StatusCode.INVALID_ARGUMENT, 422),
    UnknownModel: (grpc.StatusCode.NOT_FOUND, 404),
    Overloaded: (grpc.StatusCode.RESOURCE_EXHAUSTED, 503),
    RefusedByBackends: (grpc.StatusCode.INVALID_ARGUMENT, 422),
    NotReady: (grpc.StatusCode.UNAVAILABLE, 503),
}
_UNEXPECTED = (grpc.StatusCode.INTERNAL, 500)
_Context = grpc.aio.ServicerContext[Any, Any]
Message = messages.ModelInferRequest | bytes
"""A request for scores: read, or left as it came if that may take long."""


def read_if_small(message: bytes) -> Message:
    """What gRPC makes of a message as it arrives, on the event loop."""
    return message if len(message) > PATIENT_BYTES else read_infer_request(message)


class InferenceService:
    """The protocol's six methods on the gateway's service."""

    def __init__(
        self,
        service: PredictionService,
        large_bodies: LargeBodies,
        authentication: Authentication,
        request_ids: RequestIds,
        draining: Callable[[], bool],
        alive: Callable[[], bool],
    ) -> None:
        self._service = service
        self._large_bodies = large_bodies
        self._authentication = authentication
        self._request_ids = request_ids
        self._draining = draining
        self._alive = alive
        self._codec: GrpcCodec | None = None

    async def server_live(self, _: messages.ServerLiveRequest, __: _Context) -> messages.ServerLiveResponse:
        """The process runs, and nothing in it needs a restart."""
        return messages.ServerLiveResponse(live=self._alive())

    async def server_ready(self, _: messages.ServerReadyRequest, __: _Context) -> messages.ServerReadyResponse:
        """Requests can be answered."""
        return messages.ServerReadyResponse(ready=self.ready())

    async def model_ready(self, request: messages.ModelReadyRequest, context: _Context) -> messages.ModelReadyResponse:
        """This model can answer. Another model or version is not found, as at every backend and over HTTP."""
        try:
            require_served(self._service.description, request.name, request.version)
        except NotReady:
            return messages.ModelReadyResponse(ready=False)
        except UnknownModel as error:
            await _refuse(context, error)
        return messages.ModelReadyResponse(ready=self.ready())

    async def server_metadata(self, _: messages.ServerMetadataRequest, __: _Context) -> messages.ServerMetadataResponse:
        """What this server is."""
        return messages.ServerMetadataResponse(name="churn-serving-gateway", version="1", extensions=[])

    async def model_metadata(
        self, request: messages.ModelMetadataRequest, context: _Context
    ) -> messages.ModelMetadataResponse:
        """The model's tensors."""
        try:
            description = self._service.description
            require_served(description, request.name, request.version)
        except tuple(REFUSALS) as error:
            await _refuse(context, error)
        return encode_metadata(description.name, description.version, "churn_serving", description.schema)

    async def model_infer(self, request: Message, context: _Context) -> messages.ModelInferResponse:
        """Score customers. The request's id, the caller's own if it is a plain one, comes back in trailing metadata."""
        exchange = Exchange(ROUTE, *self._request_ids.of(as_headers(context.invocation_metadata())))
        context.set_trailing_metadata(((REQUEST_ID, exchange.request_id),))
        try:
            exchange.caller = CALLER.get()
            response = await self._infer(exchange, request)
        except asyncio.CancelledError:  # its caller gave up, or its deadline has passed
            self._service.finish(exchange, CLIENT_CLOSED_REQUEST)
            raise
        except Exception as error:  # the last line of defence: every failure becomes a status
            code, status = _refusal(error)
            words = _words(error)
            self._service.finish(exchange, status)
            if status == _UNEXPECTED[1]:
                _logger.exception("request %s failed", exchange.request_id)
        else:
            self._service.finish(exchange, 200)
            if exchange.copy is not None:
                # Its stubs want a class where any function will do.
                context.add_done_callback(lambda _: self._service.left(exchange))  # type: ignore[arg-type]
            return response
        # gRPC keeps the exception that it aborts with, and so this frame, until the collector comes by: what the frame
        # holds then must be small, and the error with all frames that it passed must be gone.
        del request
        await context.abort(code, words)
        raise AssertionError  # abort has raised

    async def _infer(self, exchange: Exchange, request: Message) -> messages.ModelInferResponse:
        description = self._service.description
        decoded, version, raw = await self._read(request, description)
        if decoded.outputs is not None:
            refuse_contributions(decoded.outputs)
        reply = await reply_to(self._service, exchange, decoded, description, version)
        return encode_response(reply, decoded.outputs, raw=raw)

    async def _read(self, request: Message, description: Description) -> tuple[InferRequest, str, bool]:
        """The request, the version that it wants (empty: any), and whether it used raw contents."""
        schema = description.schema
        if isinstance(request, bytes):
            found, _, rows, notes = await self._large_bodies.read(Task("grpc", MAX_ROWS), schema, request)
            require_served(description, *found.model)
            return InferRequest(found.id, rows, found.outputs, notes=notes), found.model.version, found.raw
        require_served(description, request.model_name, request.model_version)
        if self._codec is None or self._codec.schema is not schema:
            self._codec = GrpcCodec(schema)
        return self._codec.decode(request), request.model_version, bool(request.raw_input_contents)

    @property
    def guards(self) -> list[Guard]:
        """What stands before the methods: nothing where everybody may call."""
        return [Guard(self._authentication, self._note_refusal)] if self._authentication.required else []

    def _note_refusal(self, method: str, metadata: Headers) -> None:
        if method == _INFER:
            self._service.finish(Exchange(ROUTE, *self._request_ids.of(metadata)), _refusal(Unauthenticated())[1])

    def ready(self) -> bool:
        """Whether requests can be answered and should come here."""
        try:
            return not self._draining() and bool(self._service.description)
        except NotReady:
            return False


def _refusal(error: Exception) -> tuple[grpc.StatusCode, int]:
    return next((REFUSALS[cls] for cls in type(error).__mro__ if cls in REFUSALS), _UNEXPECTED)


async def _refuse(context: _Context, error: Exception) -> NoReturn:
    await context.abort(_refusal(error)[0], _words(error))


def _words(error: Exception) -> str:
    own_words = isinstance(error, InvalidRequest | UnknownModel)
    return fitting(str(error)) if own_words else type(error).__name__

"""Open Inference Protocol V2 over gRPC at the gateway: the same split, fallback and deadline as over HTTP."""

import logging
from collections.abc import Callable
from typing import Any

import grpc
import grpc.aio

from churn_serving.core.errors import NotReady, Overloaded
from churn_serving.gateway.authentication import Authentication, Unauthenticated
from churn_serving.gateway.http import RequestIds
from churn_serving.gateway.service import Exchange, PredictionService
from churn_serving.oip import open_inference_grpc_pb2 as messages
from churn_serving.oip.faults import InvalidRequest, UnknownModel
from churn_serving.oip.grpc_codec import GrpcCodec, encode_metadata, encode_response
from churn_serving.oip.grpc_methods import service_handler
from churn_serving.oip.messages import InferReply, refuse_contributions

ROUTE = "grpc/ModelInfer"
_MAXIMUM_MESSAGE_BYTES = 8 * 1024 * 1024
_GRACE_MILLISECONDS = 10_000
_logger = logging.getLogger(__name__)


# How refusals look over gRPC; a test proves that none is missing. The number is the HTTP status that metrics show.
REFUSALS: dict[type[Exception], tuple[grpc.StatusCode, int]] = {
    Unauthenticated: (grpc.StatusCode.UNAUTHENTICATED, 401),
    InvalidRequest: (grpc.StatusCode.INVALID_ARGUMENT, 422),
    UnknownModel: (grpc.StatusCode.NOT_FOUND, 404),
    Overloaded: (grpc.StatusCode.RESOURCE_EXHAUSTED, 503),
    NotReady: (grpc.StatusCode.UNAVAILABLE, 503),
}
_UNEXPECTED = (grpc.StatusCode.INTERNAL, 500)
_Context = grpc.aio.ServicerContext[Any, Any]


class InferenceService:
    """The protocol's six methods on the gateway's service."""

    def __init__(
        self,
        service: PredictionService,
        authentication: Authentication,
        request_ids: RequestIds,
        draining: Callable[[], bool],
    ) -> None:
        self._service = service
        self._authentication = authentication
        self._request_ids = request_ids
        self._draining = draining
        self._codec: GrpcCodec | None = None

    async def server_live(self, _: messages.ServerLiveRequest, __: _Context) -> messages.ServerLiveResponse:
        """The process runs."""
        return messages.ServerLiveResponse(live=True)

    async def server_ready(self, _: messages.ServerReadyRequest, __: _Context) -> messages.ServerReadyResponse:
        """Requests can be answered."""
        return messages.ServerReadyResponse(ready=self._ready())

    async def model_ready(self, request: messages.ModelReadyRequest, __: _Context) -> messages.ModelReadyResponse:
        """This model can answer."""
        return messages.ModelReadyResponse(ready=self._ready() and request.name == self._service.description.name)

    async def server_metadata(self, _: messages.ServerMetadataRequest, __: _Context) -> messages.ServerMetadataResponse:
        """What this server is."""
        return messages.ServerMetadataResponse(name="churn-serving-gateway", version="1", extensions=[])

    async def model_metadata(
        self, request: messages.ModelMetadataRequest, context: _Context
    ) -> messages.ModelMetadataResponse:
        """The model's tensors."""
        try:
            self._caller(context)
            description = self._service.description
        except Unauthenticated:
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, Unauthenticated.__name__)
        except NotReady:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "no model is known yet")
        if request.name != description.name:
            await context.abort(grpc.StatusCode.NOT_FOUND, "unknown model")
        return encode_metadata(description.name, description.version, "churn_serving", description.schema)

    async def model_infer(self, request: messages.ModelInferRequest, context: _Context) -> messages.ModelInferResponse:
        """Score customers."""
        exchange = Exchange(ROUTE, self._request_ids.of([]))
        try:
            exchange.caller = self._caller(context)
            response = await self._infer(exchange, request)
        except Exception as error:  # the last line of defence: every failure becomes a status
            code, status = next((REFUSALS[cls] for cls in type(error).__mro__ if cls in REFUSALS), _UNEXPECTED)
            self._service.finish(exchange, status)
            if status == _UNEXPECTED[1]:
                _logger.exception("request %s failed", exchange.request_id)
            await context.abort(code, str(error) if isinstance(error, InvalidRequest) else type(error).__name__)
        self._service.finish(exchange, 200)
        return response

    async def _infer(self, exchange: Exchange, request: messages.ModelInferRequest) -> messages.ModelInferResponse:
        description = self._service.description
        if request.model_name != description.name:
            raise UnknownModel("unknown model")
        if self._codec is None or self._codec.schema is not description.schema:
            self._codec = GrpcCodec(description.schema)
        decoded = self._codec.decode(request)
        if decoded.outputs is not None:
            refuse_contributions(decoded.outputs)
        outcome = await self._service.predict(exchange, decoded.rows, description.schema, decoded.id or None)
        served, scores = outcome.description, outcome.scores
        reply = InferReply(
            served.name,
            served.version,
            served.digest,
            decoded.id,
            scores.probabilities,
            scores.segments,
            served_by=outcome.served_by,
        )
        return encode_response(reply, decoded.outputs, raw=bool(request.raw_input_contents))

    def _caller(self, context: _Context) -> str:
        if not self._authentication.required:
            return ""
        metadata = context.invocation_metadata() or ()
        return self._authentication.caller(
            (name.encode(), value if isinstance(value, bytes) else value.encode()) for name, value in metadata
        )

    def _ready(self) -> bool:
        try:
            return not self._draining() and bool(self._service.description)
        except NotReady:
            return False


async def start_server(inference: InferenceService, host: str, port: int, connection_seconds: float) -> grpc.aio.Server:
    """Listen on ``host:port``; the caller stops the server. A connection is told to end after ``connection_seconds``,
    a tenth more or less by gRPC's own dice; calls under way on it end in peace.

    Raises:
        OSError: the port is taken.
    """
    options = [
        ("grpc.so_reuseport", 0),
        ("grpc.max_receive_message_length", _MAXIMUM_MESSAGE_BYTES),
        ("grpc.max_connection_age_ms", int(connection_seconds * 1000)),
        ("grpc.max_connection_age_grace_ms", _GRACE_MILLISECONDS),
    ]
    server = grpc.aio.server(options=options)
    server.add_generic_rpc_handlers((_handlers(inference),))
    try:
        server.add_insecure_port(f"{host}:{port}")
    except RuntimeError as error:
        raise OSError(f"gRPC port {port} is taken") from error
    await server.start()
    return server


def _handlers(inference: InferenceService) -> "grpc.GenericRpcHandler[Any, Any]":
    return service_handler(
        {
            "ModelInfer": inference.model_infer,
            "ServerLive": inference.server_live,
            "ServerReady": inference.server_ready,
            "ModelReady": inference.model_ready,
            "ServerMetadata": inference.server_metadata,
            "ModelMetadata": inference.model_metadata,
        }
    )

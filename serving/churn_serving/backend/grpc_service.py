"""The gRPC front of a model server: ``inference.GRPCInferenceService`` on the same slot as HTTP.

Generic handlers take the place of generated service code, so the generated file holds messages alone.
"""

import importlib.metadata
import logging
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

import grpc

from churn_serving.backend import errors
from churn_serving.backend.loaded_model import ModelSlot
from churn_serving.backend.routes import EXTENSIONS, SERVER_NAME
from churn_serving.oip import open_inference_grpc_pb2 as messages
from churn_serving.oip.grpc_codec import encode_metadata, encode_response
from churn_serving.oip.messages import InvalidRequest

logger = logging.getLogger(__name__)

SERVICE = "inference.GRPCInferenceService"
MAX_MESSAGE_BYTES = 8 * 1024 * 1024
# Status details travel in trailers, which clients cut at 8 KiB by refusing the whole answer.
MAX_DETAIL_CHARACTERS = 2000

GRPC_CODE: dict[type[Exception], grpc.StatusCode] = {
    InvalidRequest: grpc.StatusCode.INVALID_ARGUMENT,
    errors.UnknownModel: grpc.StatusCode.NOT_FOUND,
    errors.UnknownRoute: grpc.StatusCode.UNIMPLEMENTED,
    errors.WrongMethod: grpc.StatusCode.UNIMPLEMENTED,
    errors.BodyTooLarge: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.WrongMediaType: grpc.StatusCode.INVALID_ARGUMENT,
    errors.PackageRefused: grpc.StatusCode.FAILED_PRECONDITION,
    errors.NotReady: grpc.StatusCode.UNAVAILABLE,
}
EXPECTED = tuple(GRPC_CODE)
_Method = Callable[[Any], Awaitable[Any]]


class InferenceService:
    """The methods of the protocol; each takes a message and returns one, or raises an expected error."""

    def __init__(self, slot: ModelSlot) -> None:
        self._slot = slot

    async def infer(self, request: messages.ModelInferRequest) -> messages.ModelInferResponse:
        """Score customers; raw contents are answered with raw contents."""
        model = self._slot.model(request.model_name, request.model_version)
        decoded = model.grpc.decode(request)
        reply = await model.answer(decoded)
        return encode_response(reply, decoded.outputs, raw=bool(request.raw_input_contents))

    async def server_live(self, _: messages.ServerLiveRequest) -> messages.ServerLiveResponse:
        """Whoever can ask has the answer."""
        return messages.ServerLiveResponse(live=True)

    async def server_ready(self, _: messages.ServerReadyRequest) -> messages.ServerReadyResponse:
        """Whether callers should send requests."""
        return messages.ServerReadyResponse(ready=self._slot.ready)

    async def model_ready(self, request: messages.ModelReadyRequest) -> messages.ModelReadyResponse:
        """The same for one model."""
        self._slot.model(request.name, request.version)
        return messages.ModelReadyResponse(ready=self._slot.ready)

    async def server_metadata(self, _: messages.ServerMetadataRequest) -> messages.ServerMetadataResponse:
        """What serves here."""
        version = importlib.metadata.version("churn-serving")
        return messages.ServerMetadataResponse(name=SERVER_NAME, version=version, extensions=EXTENSIONS)

    async def model_metadata(self, request: messages.ModelMetadataRequest) -> messages.ModelMetadataResponse:
        """Tensors in and out."""
        model = self._slot.model(request.name, request.version)
        return encode_metadata(model.name, model.version, model.platform, model.schema)


def inference_handler(slot: ModelSlot) -> "grpc.GenericRpcHandler[Any, Any]":
    """The service as a handler that an aio server takes."""
    service = InferenceService(slot)
    count = slot.metrics.answered

    async def infer(
        request: messages.ModelInferRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> messages.ModelInferResponse:
        begin = perf_counter()
        code, response = await _call(service.infer, request, context)
        count("grpc", code.name, perf_counter() - begin)
        answer: messages.ModelInferResponse = response
        return answer

    handlers = {
        "ModelInfer": _handler(infer, messages.ModelInferRequest, messages.ModelInferResponse),
        **{
            name: _handler(_guarded(method), request, response)
            for name, method, request, response in (
                ("ServerLive", service.server_live, messages.ServerLiveRequest, messages.ServerLiveResponse),
                ("ServerReady", service.server_ready, messages.ServerReadyRequest, messages.ServerReadyResponse),
                ("ModelReady", service.model_ready, messages.ModelReadyRequest, messages.ModelReadyResponse),
                (
                    "ServerMetadata",
                    service.server_metadata,
                    messages.ServerMetadataRequest,
                    messages.ServerMetadataResponse,
                ),
                (
                    "ModelMetadata",
                    service.model_metadata,
                    messages.ModelMetadataRequest,
                    messages.ModelMetadataResponse,
                ),
            )
        },
    }
    return grpc.method_handlers_generic_handler(SERVICE, handlers)


def grpc_server(slot: ModelSlot, address: str) -> grpc.aio.Server:
    """A server bound to ``host:port``, not yet started; call it on the event loop that will run it.

    Raises:
        RuntimeError: the address is taken.
    """
    server = grpc.aio.server(
        options=[
            ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
            ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
            ("grpc.so_reuseport", 0),  # two servers on one port must fail, not share it
        ]
    )
    server.add_generic_rpc_handlers((inference_handler(slot),))
    server.add_insecure_port(address)
    return server


def _handler(method: Any, request: Any, response: Any) -> "grpc.RpcMethodHandler[Any, Any]":
    return grpc.unary_unary_rpc_method_handler(method, request.FromString, response.SerializeToString)


def _guarded(method: _Method) -> Callable[[Any, Any], Awaitable[Any]]:
    async def guarded(request: Any, context: Any) -> Any:
        return (await _call(method, request, context))[1]

    return guarded


async def _call(method: _Method, request: Any, context: Any) -> tuple[grpc.StatusCode, Any]:
    """Run a method; an error becomes the call's status, and the response is None then."""
    try:
        return grpc.StatusCode.OK, await method(request)
    except EXPECTED as error:
        code, details = GRPC_CODE[type(error)], str(error)
    except Exception:
        logger.exception("gRPC call failed")
        code, details = grpc.StatusCode.INTERNAL, "internal error"
    context.set_code(code)
    context.set_details(details if len(details) <= MAX_DETAIL_CHARACTERS else details[:MAX_DETAIL_CHARACTERS] + "…")
    return code, None

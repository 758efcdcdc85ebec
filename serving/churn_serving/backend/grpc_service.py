"""The gRPC front of a model server: the protocol's service on the same slot as HTTP.

The server is gRPC's threaded one: a call costs it half of what the asyncio one takes (150 to 240 against 310 µs for a
constant answer on one core), and scoring is the same computation on any thread.
"""

import importlib.metadata
import logging
from collections.abc import Callable
from time import perf_counter
from typing import Any, NamedTuple

import grpc
from grpc_health.v1.health_pb2_grpc import add_HealthServicer_to_server
from grpc_reflection.v1alpha.reflection_pb2_grpc import add_ServerReflectionServicer_to_server

from churn_serving.backend import errors
from churn_serving.backend.grpc_health import Health, Reflection
from churn_serving.backend.grpc_waiting import WaitingRoom
from churn_serving.backend.loaded_model import ModelSlot
from churn_serving.backend.routes import EXTENSIONS, SERVER_NAME
from churn_serving.oip import open_inference_grpc_pb2 as messages
from churn_serving.oip.faults import InvalidRequest, UnknownModel
from churn_serving.oip.grpc_codec import encode_metadata, encode_response
from churn_serving.oip.grpc_limits import GrpcLimits
from churn_serving.oip.grpc_methods import as_headers, service_handler
from churn_serving.oip.grpc_status import fitting
from churn_serving.oip.messages import asks_for_contributions
from churn_serving.telemetry.tracing import REQUEST_ID, REQUEST_IDS, in_words

logger = logging.getLogger(__name__)

# Python runs one at a time, but a call has a thread from its metadata to its answer: while some wait for a message,
# others score. Twice as many bring no more, half as many cost 6 % of all calls.
THREADS = 8
# Beyond this a caller is told at once to come back (RESOURCE_EXHAUSTED) instead of waiting in a queue.
MAX_CALLS = 512

GRPC_CODE: dict[type[Exception], grpc.StatusCode] = {
    InvalidRequest: grpc.StatusCode.INVALID_ARGUMENT,
    UnknownModel: grpc.StatusCode.NOT_FOUND,
    errors.PackageRefused: grpc.StatusCode.FAILED_PRECONDITION,
    errors.CannotExplain: grpc.StatusCode.UNIMPLEMENTED,
    errors.ExplainerBusy: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.ReaderBusy: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.NoModelLoaded: grpc.StatusCode.UNAVAILABLE,
}
EXPECTED = tuple(GRPC_CODE)
_Method = Callable[[Any], Any]
_Context = grpc.ServicerContext


class InferenceService:
    """The methods of the protocol; each takes a message and returns one, or raises an expected error."""

    def __init__(self, slot: ModelSlot) -> None:
        self._slot = slot

    def infer(self, request: messages.ModelInferRequest) -> messages.ModelInferResponse:
        """Score customers; raw contents are answered with raw contents."""
        model = self._slot.model(request.model_name, request.model_version)
        decoded = model.grpc.decode(request)
        reply = model.answer_now(decoded)
        if asks_for_contributions(decoded.outputs):
            reply = model.explained_now(decoded, reply)
        return encode_response(reply, decoded.outputs, raw=bool(request.raw_input_contents))

    def server_live(self, _: messages.ServerLiveRequest) -> messages.ServerLiveResponse:
        """Whether no background task needs the process to be replaced."""
        return messages.ServerLiveResponse(live=not self._slot.supervisor.failing)

    def server_ready(self, _: messages.ServerReadyRequest) -> messages.ServerReadyResponse:
        """Whether callers should send requests."""
        return messages.ServerReadyResponse(ready=self._slot.ready)

    def model_ready(self, request: messages.ModelReadyRequest) -> messages.ModelReadyResponse:
        """The same for one model."""
        self._slot.model(request.name, request.version)
        return messages.ModelReadyResponse(ready=self._slot.ready)

    def server_metadata(self, _: messages.ServerMetadataRequest) -> messages.ServerMetadataResponse:
        """What serves here."""
        version = importlib.metadata.version("churn-serving")
        return messages.ServerMetadataResponse(name=SERVER_NAME, version=version, extensions=EXTENSIONS)

    def model_metadata(self, request: messages.ModelMetadataRequest) -> messages.ModelMetadataResponse:
        """Tensors in and out."""
        model = self._slot.model(request.name, request.version)
        return encode_metadata(model.name, model.version, model.platform, model.schema, explains=True)


def inference_handler(slot: ModelSlot) -> "grpc.GenericRpcHandler[Any, Any]":
    """The service as a handler that a server takes."""
    service = InferenceService(slot)
    count = slot.metrics.answered

    def infer(request: messages.ModelInferRequest, context: _Context) -> messages.ModelInferResponse:
        begin = perf_counter()
        for name, value in context.invocation_metadata():
            if name == REQUEST_ID and isinstance(value, str) and REQUEST_IDS.fullmatch(value.encode()):
                context.set_trailing_metadata(((REQUEST_ID, value),))
        outcome = _call(service.infer, request, context)
        code = outcome.code if context.is_active() else grpc.StatusCode.CANCELLED  # nobody waits for it any more
        count("grpc", code.name, perf_counter() - begin)
        answer: messages.ModelInferResponse = _delivered(outcome, context)
        return answer

    return service_handler(
        {
            "ModelInfer": infer,
            "ServerLive": _guarded(service.server_live),
            "ServerReady": _guarded(service.server_ready),
            "ModelReady": _guarded(service.model_ready),
            "ServerMetadata": _guarded(service.server_metadata),
            "ModelMetadata": _guarded(service.model_metadata),
        }
    )


def grpc_server(slot: ModelSlot, address: str, limits: GrpcLimits) -> grpc.Server:
    """A server bound to an address as the library spells it, not yet started.

    Raises:
        RuntimeError: the address is taken.
    """
    room = WaitingRoom(THREADS, limits.first_byte_seconds)
    server = grpc.server(
        room,  # type: ignore[arg-type]  # the library asks for any executor
        interceptors=[room],
        maximum_concurrent_rpcs=MAX_CALLS,
        options=limits.options,
    )
    server.add_generic_rpc_handlers((inference_handler(slot),))
    add_HealthServicer_to_server(Health(lambda: slot.ready), server)
    add_ServerReflectionServicer_to_server(Reflection(), server)
    server.add_insecure_port(address)
    return server


def _guarded(method: _Method) -> Callable[[Any, _Context], Any]:
    def guarded(request: Any, context: _Context) -> Any:
        return _delivered(_call(method, request, context), context)

    return guarded


class _Outcome(NamedTuple):
    """How a call ended: a response, or a status with its details."""

    code: grpc.StatusCode
    response: Any = None
    details: str = ""


def _call(method: _Method, request: Any, context: _Context) -> _Outcome:
    try:
        return _Outcome(grpc.StatusCode.OK, method(request))
    except EXPECTED as error:
        return _Outcome(GRPC_CODE[type(error)], details=fitting(str(error)))
    except Exception:  # the last line of defence: the caller gets a status, the log gets the reason
        logger.exception("gRPC call failed for %s", in_words(as_headers(context.invocation_metadata())))
        return _Outcome(grpc.StatusCode.INTERNAL, details="internal error")


def _delivered(outcome: _Outcome, context: _Context) -> Any:
    if outcome.code is not grpc.StatusCode.OK:
        context.abort(outcome.code, outcome.details)
    return outcome.response

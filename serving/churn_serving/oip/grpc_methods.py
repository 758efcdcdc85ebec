"""The protocol's gRPC service as generic handlers: which methods there are and what they take and give, once.

Generic handlers take the place of generated service code, so the generated file holds messages alone.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import grpc
from google.protobuf.message import DecodeError

from churn_serving.oip import open_inference_grpc_pb2 as messages
from churn_serving.oip.grpc_parts import read_infer_request

SERVICE = "inference.GRPCInferenceService"
_TYPES: dict[str, tuple[Any, Any]] = {
    "ServerLive": (messages.ServerLiveRequest.FromString, messages.ServerLiveResponse),
    "ServerReady": (messages.ServerReadyRequest.FromString, messages.ServerReadyResponse),
    "ModelReady": (messages.ModelReadyRequest.FromString, messages.ModelReadyResponse),
    "ServerMetadata": (messages.ServerMetadataRequest.FromString, messages.ServerMetadataResponse),
    "ModelMetadata": (messages.ModelMetadataRequest.FromString, messages.ModelMetadataResponse),
    "ModelInfer": (None, messages.ModelInferResponse),
}


class Malformed:
    """In the place of a message that is none; the library would tell its caller what failed inside."""


def tolerant(read: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """The same reading; what is no message is :class:`Malformed`."""

    def reads(message: bytes) -> Any:
        try:
            return read(message)
        except DecodeError:
            return Malformed

    return reads


def _refusing(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    """The same method, which refuses what is no message."""
    refusal = (grpc.StatusCode.INVALID_ARGUMENT, f"message: not a {name}Request")

    async def answer(request: Any, context: Any) -> Any:
        if request is Malformed:
            await context.abort(*refusal)
        return await method(request, context)

    def answer_at_once(request: Any, context: Any) -> Any:
        if request is Malformed:
            context.abort(*refusal)
        return method(request, context)

    return answer if inspect.iscoroutinefunction(method) else answer_at_once


def service_handler(
    methods: Mapping[str, Callable[..., Any]], read_infer: Callable[[bytes], Any] = read_infer_request
) -> "grpc.GenericRpcHandler[Any, Any]":
    """The service for a server to take; ``methods`` are plain or coroutine functions of request and context, and
    ``ModelInfer`` takes what ``read_infer`` makes of a message.

    Raises:
        KeyError: a method of the protocol is missing.
    """
    handlers = {
        name: grpc.unary_unary_rpc_method_handler(
            _refusing(name, methods[name]), tolerant(read or read_infer), response.SerializeToString
        )
        for name, (read, response) in _TYPES.items()
    }
    return grpc.method_handlers_generic_handler(SERVICE, handlers)

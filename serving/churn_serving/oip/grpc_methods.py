"""The protocol's gRPC service as generic handlers: which methods there are and what they take and give, once.

Generic handlers take the place of generated service code, so the generated file holds messages alone.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import grpc

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


def service_handler(
    methods: Mapping[str, Callable[..., Any]], read_infer: Callable[[bytes], Any] = read_infer_request
) -> "grpc.GenericRpcHandler[Any, Any]":
    """The service for a server to take; ``methods`` are plain or coroutine functions of request and context, and
    ``ModelInfer`` takes what ``read_infer`` makes of a message.

    Raises:
        KeyError: a method of the protocol is missing.
    """
    handlers = {
        name: grpc.unary_unary_rpc_method_handler(methods[name], read or read_infer, response.SerializeToString)
        for name, (read, response) in _TYPES.items()
    }
    return grpc.method_handlers_generic_handler(SERVICE, handlers)


def as_headers(metadata: Iterable[tuple[str, str | bytes]] | None) -> list[tuple[bytes, bytes]]:
    """A caller's metadata as HTTP's headers look."""
    return [(name.encode(), value if isinstance(value, bytes) else value.encode()) for name, value in metadata or ()]

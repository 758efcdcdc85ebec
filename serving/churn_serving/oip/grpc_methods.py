"""The protocol's gRPC service as generic handlers: which methods there are and what they take and give, once.

Generic handlers take the place of generated service code, so the generated file holds messages alone.
"""

from collections.abc import Callable, Mapping
from typing import Any

import grpc

from churn_serving.oip import open_inference_grpc_pb2 as messages

SERVICE = "inference.GRPCInferenceService"
_TYPES: dict[str, tuple[Any, Any]] = {
    "ServerLive": (messages.ServerLiveRequest, messages.ServerLiveResponse),
    "ServerReady": (messages.ServerReadyRequest, messages.ServerReadyResponse),
    "ModelReady": (messages.ModelReadyRequest, messages.ModelReadyResponse),
    "ServerMetadata": (messages.ServerMetadataRequest, messages.ServerMetadataResponse),
    "ModelMetadata": (messages.ModelMetadataRequest, messages.ModelMetadataResponse),
    "ModelInfer": (messages.ModelInferRequest, messages.ModelInferResponse),
}


def service_handler(methods: Mapping[str, Callable[..., Any]]) -> "grpc.GenericRpcHandler[Any, Any]":
    """The service for a server to take; ``methods`` are plain or coroutine functions of request and context.

    Raises:
        KeyError: a method of the protocol is missing.
    """
    handlers = {
        name: grpc.unary_unary_rpc_method_handler(methods[name], request.FromString, response.SerializeToString)
        for name, (request, response) in _TYPES.items()
    }
    return grpc.method_handlers_generic_handler(SERVICE, handlers)

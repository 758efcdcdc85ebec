"""The gateway's gRPC server: Open Inference Protocol V2, health and reflection on one port."""

from typing import Any

import grpc
import grpc.aio
from grpc_health.v1.health_pb2_grpc import add_HealthServicer_to_server
from grpc_reflection.v1alpha.reflection_pb2_grpc import add_ServerReflectionServicer_to_server

from churn_serving.gateway.grpc_health import Health, Reflection
from churn_serving.gateway.grpc_service import InferenceService
from churn_serving.oip.grpc_methods import service_handler

_MAXIMUM_MESSAGE_BYTES = 8 * 1024 * 1024
_GRACE_MILLISECONDS = 10_000


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
    add_HealthServicer_to_server(Health(inference.ready), server)
    add_ServerReflectionServicer_to_server(Reflection(inference.authenticate), server)
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

"""The gateway's gRPC server: Open Inference Protocol V2, health and reflection on one port."""

from typing import Any

import grpc
import grpc.aio
from grpc_health.v1.health_pb2_grpc import add_HealthServicer_to_server
from grpc_reflection.v1alpha.reflection_pb2_grpc import add_ServerReflectionServicer_to_server

from churn_serving.gateway.grpc_health import Health, Reflection
from churn_serving.gateway.grpc_service import InferenceService, read_if_small
from churn_serving.oip.grpc_descriptors import SERVICES, descriptor_pool
from churn_serving.oip.grpc_limits import GrpcLimits, grpc_address
from churn_serving.oip.grpc_methods import service_handler


async def start_server(inference: InferenceService, host: str, port: int, limits: GrpcLimits) -> grpc.aio.Server:
    """Listen on ``host:port``; the caller stops the server. A connection is told to end after its time, a tenth more or
    less by gRPC's own dice; calls under way on it end in peace.

    Raises:
        OSError: the port is taken.
    """
    server = grpc.aio.server(interceptors=inference.guards, options=limits.options)
    server.add_generic_rpc_handlers((_handlers(inference),))
    add_HealthServicer_to_server(Health(inference.ready), server)
    add_ServerReflectionServicer_to_server(Reflection(SERVICES, descriptor_pool()), server)
    try:
        server.add_insecure_port(grpc_address(host, port))
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
        },
        read_if_small,
    )

"""The gateway's gRPC server: Open Inference Protocol V2, health and reflection on one port."""

import asyncio
import functools
import logging
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

_REOPEN_SECONDS = 0.1
_logger = logging.getLogger(__name__)


class GrpcPort:
    """The server behind one port; it can cut off all its callers and go on."""

    def __init__(self, inference: InferenceService, host: str, port: int, limits: GrpcLimits) -> None:
        self._start = functools.partial(start_server, inference, host, port, limits)
        self._server: grpc.aio.Server | None = None
        self._changing = asyncio.Lock()
        self._closed = False

    async def open(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken.
        """
        self._server = await self._start()

    async def cut(self) -> None:
        """End every connection, with whatever it holds, and listen again; nothing once the port is closed."""
        async with self._changing:
            if self._closed or self._server is None:
                return
            await self._server.stop(0)
            self._server = None
            while self._server is None and not self._closed:
                try:
                    self._server = await self._start()
                except OSError as error:
                    _logger.error("the gRPC port is not open yet: %s", error)  # noqa: TRY400 - one line
                    await asyncio.sleep(_REOPEN_SECONDS)

    async def close(self, grace_seconds: float) -> None:
        """Tell every connection to go (GOAWAY), answer calls under way for a while, and listen no more."""
        self._closed = True
        async with self._changing:
            if self._server is not None:
                await self._server.stop(grace_seconds)


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

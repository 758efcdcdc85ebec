"""The gateway's gRPC server: Open Inference Protocol V2, health and reflection on one port.

The library's limit for metadata holds for each frame, and frames may go on without end. So callers meet a relay first,
which counts them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import grpc
import grpc.aio
from grpc_health.v1.health_pb2_grpc import add_HealthServicer_to_server
from grpc_reflection.v1alpha.reflection_pb2_grpc import add_ServerReflectionServicer_to_server

from churn_serving.gateway.grpc_guard import Guard
from churn_serving.gateway.grpc_health import Health, Reflection
from churn_serving.gateway.grpc_patience import Patience
from churn_serving.gateway.grpc_service import InferenceService, read_if_small
from churn_serving.oip.grpc_descriptors import SERVICES, descriptor_pool
from churn_serving.oip.grpc_limits import GrpcLimits
from churn_serving.oip.grpc_methods import service_handler
from churn_serving.web.limits import ConnectionLimits
from churn_serving.web.relayed_port import RelayedPort


class GrpcPort:
    """The port, and the library's server behind it on a socket that nobody else can open."""

    def __init__(
        self,
        inference: InferenceService,
        port: tuple[str, int],
        grpc_limits: GrpcLimits,
        limits: ConnectionLimits,
        refused: Callable[[str], None],
    ) -> None:
        self.patience = Patience(services_of(inference), limits.body_seconds, limits.connections, refused)
        self._guards = inference.guards
        self._port = port
        self._grpc_limits = grpc_limits
        self._limits = limits
        self._refused = refused
        self._server: grpc.aio.Server | None = None
        self._relayed: RelayedPort | None = None

    async def open(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken.
        """
        try:
            relayed = self._relayed = RelayedPort(*self._port, self._limits, self._refused)
        except OSError as error:
            raise OSError(f"gRPC port {self._port[1]} is taken") from error
        self._server = await start_server(self.patience, self._guards, f"unix:{relayed.path}", self._grpc_limits)
        relayed.open()

    async def cut(self) -> None:
        """End every connection, with whatever it holds."""
        if self._relayed is not None:
            self._relayed.cut()

    async def close(self, grace_seconds: float) -> None:
        """Tell every connection to go (GOAWAY), answer calls under way for a while, and listen no more."""
        if self._relayed is None:
            return
        self._relayed.close_port()
        if self._server is not None:
            await self._server.stop(grace_seconds)
        self._relayed.close()


async def start_server(
    services: "grpc.GenericRpcHandler[Any, Any]", guards: Sequence[Guard], address: str, limits: GrpcLimits
) -> grpc.aio.Server:
    """Listen on an address as the library spells it; the caller stops the server. A connection is told to end after its
    time, a tenth more or less by gRPC's own dice; calls under way on it end in peace.

    Raises:
        RuntimeError: the address is taken.
    """
    server = grpc.aio.server(interceptors=guards, options=limits.options)
    server.add_generic_rpc_handlers((services,))
    server.add_insecure_port(address)
    await server.start()
    return server


class _Collecting:
    """Takes services where the library's own functions want a server."""

    def __init__(self) -> None:
        self.services: list[grpc.GenericRpcHandler[Any, Any]] = []

    def add_generic_rpc_handlers(self, services: "Iterable[grpc.GenericRpcHandler[Any, Any]]") -> None:
        """Take services."""
        self.services += services

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Any]) -> None:
        """Nothing: these are the same once more, for servers of threads."""


def services_of(inference: InferenceService) -> "list[grpc.GenericRpcHandler[Any, Any]]":
    """The protocol's own service first, health, reflection."""
    collecting = _Collecting()
    collecting.add_generic_rpc_handlers([_handlers(inference)])
    add_HealthServicer_to_server(Health(inference.ready), collecting)
    add_ServerReflectionServicer_to_server(Reflection(SERVICES, descriptor_pool()), collecting)
    return collecting.services


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

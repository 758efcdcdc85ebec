"""The primary's gRPC port: the library's server, and a relay in front of it.

The library's limit for metadata holds for each frame, and frames may go on without end; the relay counts them. On one
core the port answers a tenth more single customers with it than without (1.11 times, 1.09 to 1.27 in three rounds of
`make bench`), so it is always there.
"""

import asyncio
import socket
from collections.abc import Callable

import grpc

from churn_serving.backend.grpc_service import grpc_server
from churn_serving.backend.loaded_model import ModelSlot
from churn_serving.oip.grpc_limits import GrpcLimits
from churn_serving.predictor.settings import PredictorSettings
from churn_serving.web.hidden_socket import HiddenSocket
from churn_serving.web.relay import Relay
from churn_serving.web.server import bind


class GrpcPort:
    """Open from ``open`` to ``close``; ``refused`` is told why a connection was ended."""

    def __init__(self, slot: ModelSlot, settings: PredictorSettings, refused: Callable[[str], None]) -> None:
        self._settings = settings
        self._slot = slot
        self._refused = refused
        self._server: grpc.Server | None = None
        self._hidden: HiddenSocket | None = None
        self._relay: Relay | None = None

    def open(self) -> None:
        """Listen.

        Raises:
            RuntimeError: the port is taken.
        """
        settings = self._settings
        limits = GrpcLimits(*settings.grpc_limits)
        listener = _bound(settings.host, settings.grpc_port)
        self._hidden = HiddenSocket()
        self._server = grpc_server(self._slot, f"unix:{self._hidden.path}", limits)
        self._server.start()
        self._relay = Relay(listener, self._hidden.path, settings.connection_limits, self._refused)

    async def close(self) -> None:
        """Tell every connection to go (GOAWAY), answer calls under way for a while, and listen no more."""
        if self._relay is not None:
            self._relay.close_port()
        if self._server is not None:
            await asyncio.to_thread(self._server.stop(self._settings.stop_seconds).wait)
        if self._hidden is not None:
            self._hidden.close()


def _bound(host: str, port: int) -> socket.socket:
    try:
        return bind(host, port)
    except OSError as error:
        raise RuntimeError(error.strerror) from error

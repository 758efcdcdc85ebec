"""The gateway's process: listen, serve, and on SIGTERM fail readiness first, then drain, then stop."""

import asyncio
import gc
import logging
import signal
from types import FrameType

import prometheus_client
import uvicorn

from churn_serving.gateway.application import Readiness
from churn_serving.gateway.bootstrap import open_gateway
from churn_serving.gateway.grpc_server import start_server
from churn_serving.gateway.settings import GatewaySettings

_GRACE_SECONDS = 5
_KEEP_ALIVE_SECONDS = 75  # longer than a usual client's or proxy's 60, so that it is they who hang up
_logger = logging.getLogger(__name__)


class _DrainingServer(uvicorn.Server):
    """Lets readiness fail for a while before it stops taking connections."""

    def __init__(self, config: uvicorn.Config, readiness: Readiness, drain_seconds: float) -> None:
        super().__init__(config)
        self._readiness = readiness
        self._drain_seconds = drain_seconds
        self._loop = asyncio.get_running_loop()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """As uvicorn's, after the drain; a second signal stops at once."""
        if self._readiness.draining or self._drain_seconds <= 0 or sig == signal.SIGINT:
            super().handle_exit(sig, frame)
            return
        self._readiness.draining = True
        self._loop.call_soon_threadsafe(
            lambda: self._loop.call_later(self._drain_seconds, uvicorn.Server.handle_exit, self, sig, None)
        )


async def serve(settings: GatewaySettings) -> None:
    """Run until a signal.

    Raises:
        OSError: a port is taken.
        UntrustedPackage: the public key cannot be read.
    """
    async with open_gateway(settings) as gateway:
        config = uvicorn.Config(
            gateway.application,
            host=settings.host,
            port=settings.http_port,
            loop="none",
            http="httptools",
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        if settings.metrics_port:
            prometheus_client.start_http_server(settings.metrics_port, settings.host, gateway.metrics.registry)
        grpc_server = None
        if settings.grpc_port:
            grpc_server = await start_server(gateway.inference, settings.host, settings.grpc_port)
        _calm_garbage_collector()
        _survive_raised_signals()
        try:
            await _DrainingServer(config, gateway.readiness, settings.drain_seconds).serve()
        finally:
            if grpc_server is not None:
                await grpc_server.stop(_GRACE_SECONDS)


def _survive_raised_signals() -> None:
    """Uvicorn raises the signal it was stopped by once more when it is done, after putting these handlers back: without
    them the process would die there, and the last lines of the request log with it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)


def _calm_garbage_collector() -> None:
    """Everything built so far lives as long as the process: never look at it again, and look at the rest less often.
    A full collection of this process takes tens of milliseconds, which would be the p99.9."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)

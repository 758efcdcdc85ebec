"""The gateway's process: listen, serve, and on SIGTERM fail readiness first, then drain, then stop."""

import asyncio
import gc
import sys

import uvicorn

from churn_model.loading import keep_what_is_loaded
from churn_serving.gateway.bootstrap import Gateway, open_gateway
from churn_serving.gateway.grpc_server import GrpcPort
from churn_serving.gateway.settings import GatewaySettings
from churn_serving.gateway.status_history import StatusHistory
from churn_serving.gateway.status_page import StatusPage
from churn_serving.oip.grpc_limits import GrpcLimits
from churn_serving.runtime.memory import MemoryWatch
from churn_serving.web.metrics_port import serve_metrics
from churn_serving.web.server import DrainingServer, bind, tune

_SWITCH_SECONDS = 0.0005
"""How long another thread (metrics, the log) computes on when the loop has something to do; Python's own 5 ms would be
the loop's p99."""


async def serve(settings: GatewaySettings) -> bool:
    """Run until a signal; returns whether that was Ctrl-C's.

    Raises:
        OSError: a port is taken.
        UntrustedPackage: the public key cannot be read.
        KeyFileError: the API keys cannot be read.
        CanaryWeightError: the file of the canary's weight cannot be read.
        TlsFileError: the authorities of backends cannot be read.
        PseudonymKeyError: the keys of the prediction log cannot be read.
    """
    async with open_gateway(settings) as gateway:
        listener = bind(settings.host, settings.http_port)
        config = tune(
            uvicorn.Config(gateway.application, loop="none", lifespan="off", log_config=None),
            settings.stop_seconds,
            settings.connection_limits,
            gateway.metrics.connection_refused,
        )
        if settings.metrics_port:
            _show(gateway, settings)
        grpc_port = None
        if settings.grpc_port:
            limits = GrpcLimits(*settings.grpc_limits, message_bytes=settings.maximum_body_bytes)
            grpc_port = GrpcPort(
                gateway.inference,
                (settings.host, settings.grpc_port),
                limits,
                settings.connection_limits,
                gateway.metrics.connection_refused,
            )
            await grpc_port.open()
            watch = MemoryWatch(settings.maximum_memory_bytes, grpc_port.cut)
            gateway.supervisor.start("memory", watch.run)
            gateway.supervisor.start("gRPC calls without a message", grpc_port.patience.run)
        _calm_garbage_collector()
        sys.setswitchinterval(_SWITCH_SECONDS)
        server = DrainingServer(config, listener, gateway.readiness, settings.drain_seconds)
        leaving = asyncio.create_task(_leave_with(server, grpc_port, settings.stop_seconds))
        try:
            await server.serve()
        finally:
            server.should_exit = True
            await leaving
    return server.interrupted


def _show(gateway: Gateway, settings: GatewaySettings) -> None:
    """Metrics for scrapers, and a page of them for people."""
    history = StatusHistory(gateway.metrics.registry)
    serve_metrics(
        gateway.metrics.registry,
        settings.host,
        settings.metrics_port,
        settings.connection_limits,
        gateway.metrics.connection_refused,
        StatusPage(history),
    )
    gateway.supervisor.start("status page", history.run, vital=False)


async def _leave_with(server: DrainingServer, grpc_port: GrpcPort | None, grace_seconds: float) -> None:
    """Close gRPC's port when HTTP's is."""
    await server.until_closing()
    if grpc_port is not None:
        await grpc_port.close(grace_seconds)


def _calm_garbage_collector() -> None:
    """Everything built so far lives as long as the process: never look at it again, and look at the rest less often.
    A full collection of this process takes tens of milliseconds, which would be the p99.9. Not too seldom: each gRPC
    call leaves its metadata in a circle of the library's, five objects of up to 16 KiB."""
    keep_what_is_loaded(freeing=True)
    gc.set_threshold(5_000, 20, 100)

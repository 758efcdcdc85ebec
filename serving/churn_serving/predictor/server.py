"""KServe's ModelServer, with our HTTP front before its application and our gRPC service in place of its own.

KServe builds its server, its application and its signal handling in ``start``; this class changes what must change at
the hooks KServe offers in between, and leaves the rest.
"""

import asyncio
import logging

import uvloop
from kserve import ModelServer
from kserve.logging import logger as kserve_logger
from kserve.model_server import app as kserve_app

from churn_serving.backend.asgi import BackendApp
from churn_serving.backend.process import Process, without_traceback
from churn_serving.backend.routes import Routes
from churn_serving.predictor.grpc_port import GrpcPort
from churn_serving.predictor.settings import PredictorSettings
from churn_serving.web.server import DrainingServer, tune

logger = logging.getLogger(__name__)


class ChurnModelServer(ModelServer):  # type: ignore[misc]  # KServe ships no types
    """Serves a prepared process until SIGTERM or SIGINT."""

    def __init__(self, process: Process, settings: PredictorSettings) -> None:
        super().__init__(
            http_port=settings.http_port,
            grpc_port=settings.grpc_port,
            workers=1,
            enable_grpc=False,
            enable_docs_url=False,
            enable_latency_logging=False,
            access_log_format=None,
            event_loop="uvloop",
            grace_period=settings.stop_seconds,
            ssl_certfile=None,
            ssl_keyfile=None,
        )
        self._process = process
        self._settings = settings

    def setup_event_loop(self) -> None:
        """KServe's hook between building its HTTP server and running it."""
        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
        process, settings = self._process, self._settings
        kserve_logger.addFilter(without_traceback)
        config = tune(
            self._rest_server.config,
            settings.stop_seconds,
            settings.connection_limits,
            process.slot.metrics.connection_refused,
            process.tls,
        )
        kserve_app.router.redirect_slashes = False  # a redirect would name whatever host its caller says that this is
        config.app = BackendApp(process.slot, Routes(process.slot, lambda: process.source), kserve_app, process.spans)
        self._rest_server._server = DrainingServer(  # noqa: SLF001 - KServe offers no way to pass a server in
            config, process.listener, process.slot, settings.drain_seconds
        )

    @property
    def interrupted(self) -> bool:
        """Whether a person ended it, by Ctrl-C."""
        return bool(self._rest_server._server.interrupted)  # noqa: SLF001 - as above

    def register_signal_handler(self) -> None:
        """Nothing: KServe's handler would unload the models before requests in flight have been answered."""

    async def _serve(self) -> None:
        settings = self._settings
        slot, grpc_port = self._process.slot, None
        if settings.grpc_port:
            grpc_port = GrpcPort(slot, settings, slot.metrics.connection_refused)
            grpc_port.open()
        leaving = asyncio.create_task(self._leave_with_http(grpc_port))
        self._process.watch()
        logger.info("listening on %s, HTTP %d, gRPC %d", settings.host, settings.http_port, settings.grpc_port)
        try:
            await super()._serve()
        finally:
            await slot.supervisor.stop()
            self._rest_server._server.should_exit = True  # noqa: SLF001 - as above
            await leaving

    async def _leave_with_http(self, grpc_port: GrpcPort | None) -> None:
        """Close gRPC's port when HTTP's is: every connection is told to go (GOAWAY), calls under way are answered."""
        await self._rest_server._server.until_closing()  # noqa: SLF001 - as above
        if grpc_port is not None:
            await grpc_port.close()

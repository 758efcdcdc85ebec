"""An HTTP server that leaves politely: readiness fails first, requests in flight end, then the process does.

Only this module knows uvicorn.
"""

import socket
import time
from types import FrameType
from typing import Protocol

import uvicorn

BACKLOG = 2048
# Longer than any caller keeps an idle connection, so that the caller closes first and never meets a closed one.
KEEP_ALIVE_SECONDS = 75


def bind(host: str, port: int) -> socket.socket:
    """Take the port before anything slow begins; connections are refused until the server starts.

    Raises:
        OSError: the address is taken or not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    listener.set_inheritable(False)
    return listener


def tune(config: uvicorn.Config, stop_seconds: int) -> uvicorn.Config:
    """The configuration a model server runs with, whoever made it: the fast parser, no access log."""
    config.http = "httptools"
    config.ws = "none"
    config.access_log = False
    config.server_header = False
    config.backlog = BACKLOG
    config.timeout_keep_alive = KEEP_ALIVE_SECONDS
    config.timeout_graceful_shutdown = stop_seconds
    return config


class Drainable(Protocol):
    """Whatever tells callers whether to send requests; it says no from the moment it drains."""

    draining: bool


class DrainingServer(uvicorn.Server):
    """Serves on a bound socket until SIGTERM or SIGINT; a second signal ends it without waiting."""

    def __init__(self, config: uvicorn.Config, listener: socket.socket, life: Drainable, drain_seconds: float) -> None:
        super().__init__(config)
        self._listener = listener
        self._life = life
        self._drain_seconds = drain_seconds
        self._exit_at: float | None = None

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until told to stop."""
        await super().serve(sockets or [self._listener])

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Called in place of the signal's default; the process ends with status 0."""
        self._life.draining = True
        if self._exit_at is None:
            self._exit_at = time.monotonic() + self._drain_seconds
        else:
            self.should_exit = self.force_exit = True

    async def on_tick(self, counter: int) -> bool:
        """Asked ten times a second whether to go on."""
        if self._exit_at is not None and time.monotonic() >= self._exit_at:
            self.should_exit = True
        return await super().on_tick(counter)

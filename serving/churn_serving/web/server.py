"""An HTTP server that leaves politely: readiness fails first, requests in flight end, then the process does.

With ``connections`` the only module that knows uvicorn.
"""

import asyncio
import functools
import logging
import resource
import signal
import socket
import ssl
import time
from collections.abc import Callable
from types import FrameType
from typing import Protocol

import uvicorn

from churn_serving.web.connections import LimitedProtocol
from churn_serving.web.door import Door
from churn_serving.web.limits import ConnectionLimits

BACKLOG = 2048
# After the port is closed: for requests that were on their way on connections which are open already.
LINGER_SECONDS = 0.3
# Connections to backends, logs, libraries, the model.
_OTHER_FILES = 512
_CLOSE = (b"connection", b"close")
_LOOK_SECONDS = 0.05


def bind(host: str, port: int) -> socket.socket:
    """Take the port before anything slow begins; connections are refused until the server starts.

    Raises:
        OSError: the address is taken or not ours; says which.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        found = (
            f"{host}:{port}: {error.strerror}; end what listens there, or take another (--help names flag and variable)"
        )
        raise OSError(error.errno, found) from None
    listener.set_inheritable(False)
    return listener


def tune(
    config: uvicorn.Config,
    stop_seconds: int,
    limits: ConnectionLimits,
    refused: Callable[[str], None],
    tls: ssl.SSLContext | None = None,
) -> uvicorn.Config:
    """The configuration a server runs with, whoever made it: the fast parser within ``limits``, no access log;
    ``refused`` is told why a connection was ended; with ``tls`` nothing else is spoken."""
    config.http = functools.partial(LimitedProtocol, door=Door(limits, refused))  # type: ignore[assignment]  # whatever makes a protocol
    if tls is not None:
        config.ssl_context_factory = lambda _config, _default: tls
    config.ws = "none"
    config.proxy_headers = False  # nothing here asks where a caller is
    config.access_log = False
    # uvicorn looks at the setting only where it is made, and asks each connection whether that logger has handlers.
    logging.getLogger("uvicorn.access").propagate = False
    config.server_header = False
    config.backlog = BACKLOG
    config.timeout_graceful_shutdown = stop_seconds
    _allow_open_files(limits.connections)
    return config


def _allow_open_files(connections: int) -> None:
    """Raise the soft limit as far as the hard one lets us: a shell's 1,024 would end accepting before our own limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4 * connections + _OTHER_FILES  # HTTP, gRPC, and the relay's two sides of it
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class Drainable(Protocol):
    """Whatever tells callers whether to send requests; it says no from the moment it drains."""

    draining: bool


class DrainingServer(uvicorn.Server):
    """Serves on a bound socket until SIGTERM or SIGINT; a second signal ends it without waiting.

    From the first signal on every answer, whoever gives it, asks its caller to open a connection elsewhere, so that
    those left at the end were idle all the time: closing them meets a request only if it was sent in that very moment.
    """

    def __init__(self, config: uvicorn.Config, listener: socket.socket, life: Drainable, drain_seconds: float) -> None:
        super().__init__(config)
        self._listener = listener
        self._life = life
        self._drain_seconds = drain_seconds
        self._exit_at: float | None = None
        self.interrupted = False
        """Whether a person ended it, by Ctrl-C."""

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until told to stop."""
        await super().serve(sockets or [self._listener])

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Called in place of the signal's default; the process ends with status 0, or 130 after Ctrl-C."""
        self.interrupted = self.interrupted or sig == signal.SIGINT
        self._life.draining = True
        self._say_goodbye()
        if self._exit_at is None:
            self._exit_at = time.monotonic() + self._drain_seconds
        else:
            self.should_exit = self.force_exit = True

    async def on_tick(self, counter: int) -> bool:
        """Asked ten times a second whether to go on."""
        if self._exit_at is not None and time.monotonic() >= self._exit_at:
            self.should_exit = True
        ended = await super().on_tick(counter)
        if self._exit_at is not None:
            self._say_goodbye()  # uvicorn renews its headers once a second
        return ended

    async def until_closing(self) -> None:
        """Return when the port is closed: whatever else listens in this process closes with it."""
        while not self.should_exit:  # noqa: ASYNC110 - uvicorn has a flag for it, no event
            await asyncio.sleep(_LOOK_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no new connections, answer what comes in on the open ones for a moment, then end them."""
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        if not self.force_exit:
            await asyncio.sleep(LINGER_SECONDS)
        await super().shutdown(sockets)

    def _say_goodbye(self) -> None:
        # In place: requests under way hold this very list, and their answers must carry it too.
        if _CLOSE not in self.server_state.default_headers:
            self.server_state.default_headers.append(_CLOSE)

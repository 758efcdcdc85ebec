"""In front of a server whose library reads more than it should: takes its connections, reads along as far as limits
need it, and passes every byte on, unchanged, over a socket of this machine.

It works on plain sockets of the event loop: a hop costs half of what it would with the loop's transports. It knows
frames by their heads and nothing of what is asked. A block of header fields is passed on when it is whole and within
limits, and a caller that begins with another costs the server not even a connection.
"""

import asyncio
import logging
import socket
from collections.abc import Callable

from churn_serving.web import refusals
from churn_serving.web.door import Door, Phase
from churn_serving.web.http2_heads import FrameFlood, FrameHeads, UnsoundBlock
from churn_serving.web.limits import ConnectionLimits
from churn_serving.web.refusals import Refusal
from churn_serving.web.server import BACKLOG

_PIECE_BYTES = 64 * 1024
_ACCEPTED_AT_ONCE = 32
_ACCEPT_PAUSE_SECONDS = 0.2
# gRPC answers what is a little too long itself, by status; what goes on and on is cut off.
_BLOCK_BYTES_FACTOR = 4
_BLOCK_FRAMES = 8
# What a client sends before its first call: preface, settings, a window.
_EARLY_BYTES = 1024
_NO_HEADS = FrameHeads(0, 0, 0)
_logger = logging.getLogger(__name__)


class _Flow:
    """One direction: what cannot be sent at once waits, and nothing more is read until it has gone."""

    __slots__ = ("_loop", "_on_data", "_source", "_target", "pending")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        source: socket.socket,
        target: socket.socket,
        on_data: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._source = source
        self._target = target
        self._on_data = on_data
        self.pending = b""

    def send(self, data: bytes) -> None:
        """Pass on; raises ``OSError`` if the other side has gone."""
        try:
            sent = self._target.send(data)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            self.pending = data[sent:]
            self._loop.remove_reader(self._source)
            self._loop.add_writer(self._target, self._send_more)

    def _send_more(self) -> None:
        try:
            self.pending = self.pending[self._target.send(self.pending) :]
        except BlockingIOError:
            return
        except OSError:
            self.pending = b""
        if not self.pending:
            self._loop.remove_writer(self._target)
            self._loop.add_reader(self._source, self._on_data)


class _Relayed:
    """One caller's connection, and ours to the server from the caller's first byte on."""

    def __init__(self, caller: socket.socket, path: str, door: Door) -> None:
        self._loop = asyncio.get_running_loop()
        self._path = path
        self._door = door
        self._caller = caller
        self._server: socket.socket | None = None
        limits = door.limits
        self._heads = FrameHeads(_BLOCK_BYTES_FACTOR * limits.header_bytes, _BLOCK_FRAMES, limits.header_lines)
        self._blocks = -1  # before the one whose time runs
        self._early = b""
        self.phase = Phase.SILENT
        self.since = self._unread_since = self._loop.time()
        self._loop.add_reader(caller, self._from_caller)
        self._door.enter(self)

    # What the door calls

    def overdue(self, now: float) -> Refusal | None:
        """Why this connection has to end now, None if it has not: while it reads and speaks in whole blocks, that is
        for the server to say."""
        if self._server is None or not self._down.pending:
            self._unread_since = now
        elif now - self._unread_since > self._door.limits.answer_seconds:
            return refusals.UNREAD
        patience = self._door.patience.get(self.phase)
        return patience.refusal if patience is not None and now - self.since > patience.seconds else None

    def refuse(self, refusal: Refusal) -> None:
        """End it without a word: where the server stands in its own frames is not known here."""
        self._door.refused(refusal.reason)
        self.close()

    # What the event loop calls

    def _from_caller(self) -> None:
        try:
            data = self._caller.recv(_PIECE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        try:
            self._pass_on(self._heads.read(data))
        except UnsoundBlock:
            self.refuse(refusals.HEADER_TOO_LARGE)
        except FrameFlood:
            self.refuse(refusals.FRAMES)
        except OSError:
            self.close()
        else:
            self._note_phase()

    def _pass_on(self, data: bytes) -> None:
        """Send what may go to the server; raises ``OSError`` if that has gone."""
        if self._server is None:
            data = self._early = self._early + data
            if not data or (self._heads.open and len(data) <= _EARLY_BYTES):
                return
            self._connect()
            self._early = b""
        if data:
            self._up.send(data)

    def _note_phase(self) -> None:
        heads = self._heads
        if not heads.open:
            self.phase = Phase.ANSWER
        elif heads.blocks != self._blocks:
            self._blocks = heads.blocks
            self.phase = Phase.HEADER
            self.since = self._loop.time()

    def _from_server(self) -> None:
        try:
            data = self._server.recv(_PIECE_BYTES)  # type: ignore[union-attr]  # it is there
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        try:
            self._down.send(data)
        except OSError:
            self.close()

    def _connect(self) -> None:
        server = socket.socket(socket.AF_UNIX)
        server.settimeout(0)
        try:
            server.connect(self._path)
        except OSError:
            server.close()
            raise
        self._server = server
        self._up = _Flow(self._loop, self._caller, server, self._from_caller)
        self._down = _Flow(self._loop, server, self._caller, self._from_server)
        self._loop.add_reader(server, self._from_server)

    def close(self) -> None:
        """End both sides."""
        if self._caller.fileno() < 0:
            return
        for one in (self._caller, self._server):
            if one is not None:
                self._loop.remove_reader(one)
                self._loop.remove_writer(one)
                one.close()
        self._heads, self._early = _NO_HEADS, b""  # what they hold need not wait for the collector
        self._loop.call_soon(self._door.leave, self)


class Relay:
    """A listening socket and its callers; ``path`` is that of the server's own, ``refused`` is told why a connection
    was ended."""

    def __init__(
        self, listener: socket.socket, path: str, limits: ConnectionLimits, refused: Callable[[str], None]
    ) -> None:
        self._listener = listener
        self._path = path
        self._door = Door(limits, refused)
        self._loop = asyncio.get_running_loop()
        listener.listen(BACKLOG)
        listener.settimeout(0)
        self._loop.add_reader(listener, self._accept)

    def close_port(self) -> None:
        """Take no new connections."""
        if self._listener.fileno() >= 0:
            self._loop.remove_reader(self._listener)
            self._listener.close()

    def cut(self) -> None:
        """End every connection, with whatever the server holds for it."""
        for connection in self._door.inside:
            connection.refuse(refusals.MEMORY)

    def _accept(self) -> None:
        for _ in range(_ACCEPTED_AT_ONCE):
            try:
                caller, _address = self._listener.accept()
            except BlockingIOError:
                return
            except OSError as error:  # out of files, or the caller has gone
                _logger.error("a connection could not be taken: %s", error.strerror)  # noqa: TRY400 - one line
                self._loop.remove_reader(self._listener)
                self._loop.call_later(_ACCEPT_PAUSE_SECONDS, self._accept_again)
                return
            caller.settimeout(0)
            caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _Relayed(caller, self._path, self._door)

    def _accept_again(self) -> None:
        if self._listener.fileno() >= 0:
            self._loop.add_reader(self._listener, self._accept)

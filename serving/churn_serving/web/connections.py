"""HTTP connections that take a bounded share of the process and end in time, whatever their callers do.

One clock looks at all of them, so no request starts a timer. One of the three modules that know uvicorn.
"""

import asyncio
import random
from typing import Any, NoReturn

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT

from churn_serving.web import refusals
from churn_serving.web.door import Door, Phase
from churn_serving.web.refusals import Refusal
from churn_serving.web.upgrades import SteadfastProtocol

_JITTER = 0.1
# An answer beyond this waits for its caller before the next one is begun; uvloop's default of 64 KiB is meant for few.
_UNREAD_BYTES = 16 * 1024
_SMALL_BODY_BYTES = 64 * 1024  # let in however much is held already
_KEPT_BYTES = 8 * 1024 * 1024  # at most, of one body: whoever reads it drops what goes beyond a route's limit
_DROPPED_BYTES = 4 * 1024 * 1024  # of what a caller that was refused still had on its way
_LEAVING, _HEADER, _IDLE, _BODY, _ANSWER = Phase.LEAVING, Phase.HEADER, Phase.IDLE, Phase.BODY, Phase.ANSWER


class _Stopped(Exception):
    """Raised in a parser's callback to end parsing; never leaves this module."""


class LimitedProtocol(SteadfastProtocol):
    """One connection. It is closed with an answer that says so, or between answers, never in the middle of one that is
    being read."""

    def __init__(self, *arguments: Any, door: Door, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._door = door
        self._header_bytes_allowed, self._header_lines_allowed = door.limits.header_bytes, door.limits.header_lines
        self._target_bytes_allowed = door.limits.target_bytes
        self._stop: Refusal | None = None
        self._steps = self._header_bytes = self._waiting_bytes = self._chunks = 0
        self._dropped_bytes = self._held_bytes = 0
        self._unread_since: float | None = None
        self.phase = Phase.SILENT
        self._time = self.loop.time
        self.since = self._time()
        # A tenth more or less, so that callers who came together do not come back together.
        self._until = self.since + door.limits.age_seconds * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311

    # What the event loop calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """A caller has connected."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=_UNREAD_BYTES)
        self._door.enter(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over, whoever ended it."""
        self._door.leave(self)
        self._let_go()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes of a request, at most a quarter of a megabyte at once."""
        if self.phase is _LEAVING:
            self._dropped_bytes += len(data)
            if self._dropped_bytes > _DROPPED_BYTES:
                self.transport.abort()
            return
        steps = self._steps
        try:
            self.feed(data)
        except httptools.HttpParserError:
            self.refuse(self._stop or self.why_none())
            return
        # The parser keeps a line until it ends, and tells nobody while it grows.
        if steps == self._steps:
            self._waiting_bytes += len(data)
            if self._waiting_bytes > self._header_bytes_allowed:
                self.refuse(refusals.HEADER_TOO_LARGE)

    # What the parser calls. It does so for every request, several times: no call here that can be spared.

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self._header_bytes = self._waiting_bytes = self._chunks = 0
        self._steps += 1
        self.phase = _HEADER
        self.since = self._time()

    def on_url(self, url: bytes) -> None:
        """A piece of the target."""
        self.url += url
        if len(self.url) > self._target_bytes_allowed:
            self._refuse_while_parsing(refusals.TARGET_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A line of the header, or one behind a chunked body: those are counted and dropped, as RFC 9110 allows."""
        self._header_bytes += len(name) + len(value)
        headers = self.headers
        if self._header_bytes > self._header_bytes_allowed or len(headers) >= self._header_lines_allowed:
            self._refuse_while_parsing(refusals.HEADER_TOO_LARGE)
        if self.phase is _HEADER:
            name = name.lower()
            if name == b"expect" and value.lower() == b"100-continue":
                self.expect_100_continue = True
            headers.append((name, value))

    def on_headers_complete(self) -> None:
        """A request can be handed on."""
        refusal = self.judge_head()
        if refusal is not None:
            self._refuse_while_parsing(refusal)
        if self.offering:
            return
        if len(self.pipeline) >= self._door.limits.ahead:
            self._refuse_while_parsing(refusals.AHEAD)
        super().on_headers_complete()
        self._header_bytes = self._waiting_bytes = 0
        self._steps += 1
        self.phase = _BODY
        self.since = self._time()
        if self.since >= self._until:
            self.cycle.keep_alive = False

    def on_chunk_header(self) -> None:
        """A chunk begins."""
        self._chunks += 1
        if self._chunks > self._door.limits.chunks:
            self._refuse_while_parsing(refusals.CRUMBS)

    def on_body(self, body: bytes) -> None:
        """Some of the body."""
        self._steps += 1
        self._waiting_bytes = 0
        cycle = self.cycle
        if cycle.response_complete:
            return  # it was answered without; what comes is dropped
        if self._held_bytes < _KEPT_BYTES:
            self._held_bytes += len(body)
            self._door.held_bytes += len(body)
            if self._door.held_bytes > self._door.limits.held_body_bytes and self._held_bytes > _SMALL_BODY_BYTES:
                self._let_go()
                self._refuse_while_parsing(refusals.BODIES_FULL)
        cycle.body += body
        if len(cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        cycle.message_event.set()

    def on_message_complete(self) -> None:
        """The request's last byte."""
        if self.offering:
            return
        self._steps += 1
        cycle = self.cycle
        if cycle.response_complete:
            self._rest()
            return
        self.phase = _ANSWER
        cycle.more_body = False
        cycle.message_event.set()

    # What the answer calls

    def on_response_complete(self) -> None:
        """An answer was handed to the transport; as uvicorn's, with the common clock instead of a timer a request."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
        elif self.phase is _ANSWER:
            self._rest()

    # What the door calls

    def overdue(self, now: float) -> Refusal | None:
        """Why this connection has to end now, None if it has not."""
        if self._unread(now):
            return refusals.UNREAD
        patience = self._door.patience.get(self.phase)
        if patience is None or now - self.since <= patience.seconds or (self.phase is _LEAVING and self._answering):
            return None
        return patience.refusal

    def refuse(self, refusal: Refusal) -> None:
        """End the connection, with an answer where one can still be given."""
        if self.phase is _LEAVING:
            self.transport.abort()
            return
        self._door.refused(refusal.reason)
        phase = self.phase
        self.phase = _LEAVING
        self.since = self._time()
        if refusal is refusals.UNREAD:
            self.transport.abort()
        elif phase is _BODY:
            self._refuse_body(refusal)
        elif self._answering:  # earlier requests get their answers, the last of them with a good-bye
            self.cycle.keep_alive = False
        elif refusal.answer:
            self._say(refusal)
        else:
            self.transport.close()

    @property
    def _answering(self) -> bool:
        """Whether the last request that was handed on still waits for its answer."""
        return not getattr(self.cycle, "response_complete", True)  # there is no cycle before the first request

    def _refuse_body(self, refusal: Refusal) -> None:
        if not self._answering or self.cycle.response_started or self.pipeline:
            self.transport.close()  # it has its answer, or is not the next in turn
            return
        self.cycle.disconnected = True  # its application is told that nobody waits any more
        self.cycle.message_event.set()
        self._say(refusal)

    def _say(self, refusal: Refusal) -> None:
        self.transport.write(refusal.answer)
        # Closing now would throw the answer away at a caller that still sends (RFC 9112, 9.6).
        if self.transport.can_write_eof():  # TLS cannot: its caller closes, or the door's clock does
            self.transport.write_eof()
        self.flow.resume_reading()

    def _refuse_while_parsing(self, refusal: Refusal) -> NoReturn:
        self._stop = refusal
        raise _Stopped

    def _let_go(self) -> None:
        self._door.held_bytes -= self._held_bytes
        self._held_bytes = 0

    def _rest(self) -> None:
        self._let_go()
        self.phase = _IDLE
        self.since = self._time()
        self._waiting_bytes = 0

    def _unread(self, now: float) -> bool:
        """Whether the caller has left an answer unread for too long."""
        if not self.transport.get_write_buffer_size():
            self._unread_since = None
        elif self._unread_since is None:
            self._unread_since = now
        return self._unread_since is not None and now - self._unread_since > self._door.limits.answer_seconds

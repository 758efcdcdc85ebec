"""Requests and answers between the parser and an ASGI application, as uvicorn has them, for less time a request.

What uvicorn makes for every request and hardly one needs is made when it is needed: an event, a target taken to pieces,
a second look at each header's name. And an answer leaves in one piece: its header waits for the first bytes of its
body, which spares this process a system call, and a caller that waits for its answer (the gateway is one of a model
server) a second wake-up. Beside ``connections`` and ``server`` the only module that knows uvicorn; it bounds nothing.
"""

import asyncio
import functools
import re
import urllib.parse
from collections.abc import MutableMapping
from typing import Any, NamedTuple

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_NOT_IN_NAMES = re.compile(rb'[\x00-\x20\x7f()<>@,;:\[\]={}\\"]')
_NOT_IN_VALUES = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_KNOWN = 128
_WITHOUT_BODY = (204, 304)


class Target(NamedTuple):
    """What a request asks for, taken to pieces."""

    path: str
    raw_path: bytes
    query: bytes


class Cycle(RequestResponseCycle):
    """One request and its answer."""

    def __init__(self, protocol: "LeanProtocol", *, keep_alive: bool) -> None:  # in the place of uvicorn's own
        self.scope = protocol.scope
        self.transport = protocol.transport
        self.flow = protocol.flow
        self.logger = protocol.logger
        self.default_headers = protocol.server_state.default_headers
        self.on_response = protocol.on_response_complete
        self.disconnected = False
        self.keep_alive = keep_alive
        self.waiting_for_100_continue = protocol.expect_100_continue
        self.body = bytearray()
        self.more_body = True
        self.response_started = False
        self.response_complete = False
        self.chunked_encoding = None
        self.expected_content_length = 0
        self.task: asyncio.Task[None] | None = None
        self._tasks = protocol.tasks
        self._header = b""
        self._news = False
        self._event: asyncio.Event | None = None

    @property
    def message_event(self) -> "Cycle":  # type: ignore[override]
        """Where the connection says that there is news, in the way of an event."""
        return self

    def set(self) -> None:
        """Something has come, or nothing will any more."""
        self._news = True
        if self._event is not None:
            self._event.set()

    async def run_asgi(self, app: Any) -> None:
        """Let the application answer; whatever becomes of it, the caller does not wait for ever."""
        try:
            await app(self.scope, self.receive, self.send)
        except BaseException:  # as uvicorn: one that was cancelled leaves a caller behind, too
            self.logger.exception("the application has failed")
            await self._give_up()
        else:
            if not self.response_complete and not self.disconnected:
                self.logger.error("the application has not answered to the end")
                await self._give_up()
        finally:
            self.on_response = _nothing
            self._tasks.discard(self.task)

    async def _give_up(self) -> None:
        if not self.response_started:
            await self.send_500_response()
        elif not self.disconnected:
            self.transport.write(self._header)
            self.transport.close()

    async def receive(self) -> Any:
        """ASGI: what has come of the body."""
        if self.waiting_for_100_continue and not self.transport.is_closing():
            self.transport.write(_CONTINUE)
            self.waiting_for_100_continue = False
        if not self.disconnected and not self.response_complete:
            self.flow.resume_reading()
            if not self._news:
                await self._something()
            self._news = False
        if self.disconnected or self.response_complete:
            return {"type": "http.disconnect"}
        body, self.body = bytes(self.body), bytearray()
        return {"type": "http.request", "body": body, "more_body": self.more_body}

    async def _something(self) -> None:
        """Several may wait: for the rest of a body, and for the caller to leave."""
        if self._event is None:
            self._event = asyncio.Event()
        self._event.clear()
        await self._event.wait()

    async def send(self, message: MutableMapping[str, Any]) -> None:  # type: ignore[override]
        """ASGI: some of the answer."""
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        kind = message["type"]
        if not self.response_started and kind == "http.response.start":
            self._start(message["status"], message.get("headers", ()))
        elif self.response_started and not self.response_complete and kind == "http.response.body":
            self._continue(message.get("body", b""), more=message.get("more_body", False))
        else:
            raise RuntimeError(f"the application sent {kind!r} out of turn")

    def _start(self, status: int, headers: Any) -> None:
        self.chunked_encoding, self.expected_content_length = None, 0  # whatever an attempt that failed left behind
        parts = [STATUS_LINE[status]]
        says_close = False
        for given, value in (*self.default_headers, *headers):
            name = _header_name(given)
            if _NOT_IN_VALUES.search(value):
                raise RuntimeError("a header of the application has a control character")
            if name == b"content-length" and self.chunked_encoding is None:
                self.expected_content_length = int(value)
                self.chunked_encoding = False
            elif name == b"transfer-encoding" and value.lower() == b"chunked":
                self.expected_content_length = 0
                self.chunked_encoding = True
            elif name == b"connection" and b"close" in [token.strip() for token in value.lower().split(b",")]:
                self.keep_alive = False
                says_close = True
            parts += (name, b": ", value, b"\r\n")
        if not self.keep_alive and not says_close:
            parts.append(b"connection: close\r\n")
        if self.chunked_encoding is None and self.scope["method"] != "HEAD" and status not in _WITHOUT_BODY:
            self.chunked_encoding = True
            parts.append(b"transfer-encoding: chunked\r\n")
        parts.append(b"\r\n")
        self._header = b"".join(parts)
        self.response_started = True
        self.waiting_for_100_continue = False

    def _continue(self, body: bytes, *, more: bool) -> None:
        if self.scope["method"] == "HEAD":
            self.expected_content_length = 0
            body = b""
        elif self.chunked_encoding:
            chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            body = chunk if more else chunk + b"0\r\n\r\n"
        else:
            self.expected_content_length -= len(body)
            if self.expected_content_length < 0:
                raise RuntimeError("the application's answer is longer than it said")
        self.transport.write(self._header + body)
        self._header = b""
        if not more:
            self._end()

    def _end(self) -> None:
        if self.expected_content_length:
            raise RuntimeError("the application's answer is shorter than it said")
        self.response_complete = True
        self.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


class LeanProtocol(HttpToolsProtocol):
    """uvicorn's connection with cycles of ours; no upgrade to another protocol, no limit on requests at once."""

    running: RequestResponseCycle | None = None  # whose turn it is: not always the last that came

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over, whoever ended it: who waits for news is told, and nobody writes any more."""
        super().connection_lost(exc)
        self.pipeline.clear()
        if self.running is not None:
            self.running.disconnected = True
            self.running.message_event.set()

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self.url = b""
        self.expect_100_continue = False
        self.headers = []
        self.scope = {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "http_version": "1.1",
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,  # type: ignore[typeddict-item]
            "root_path": "",
            "headers": self.headers,
            "state": self.app_state.copy(),
        }

    def on_headers_complete(self) -> None:
        """A request can be handed on."""
        parser = self.parser
        scope = self.scope
        version = parser.get_http_version()
        if version == "1.0":
            scope["http_version"], self.expect_100_continue = version, False  # it would take leave for an answer
        scope["method"] = parser.get_method().decode("ascii")
        scope["path"], scope["raw_path"], scope["query_string"] = _target(self.url)
        former = self.cycle
        self.cycle = Cycle(self, keep_alive=version != "1.0" and parser.should_keep_alive())
        if former is None or former.response_complete:  # type: ignore[redundant-expr]  # uvicorn begins with None
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self.running = cycle
        task = cycle.task = self.loop.create_task(cycle.run_asgi(app))  # type: ignore[attr-defined]  # all are ours
        self.tasks.add(task)


def _nothing() -> None:
    """After an answer nobody is told of it any more."""


@functools.lru_cache(_KNOWN)
def _target(url: bytes) -> Target:
    parsed = httptools.parse_url(url)
    path = parsed.path.decode("ascii")
    return Target(urllib.parse.unquote(path) if "%" in path else path, parsed.path, parsed.query or b"")


@functools.lru_cache(_KNOWN)
def _header_name(name: bytes) -> bytes:
    if _NOT_IN_NAMES.search(name):
        raise RuntimeError("a header of the application has a name that is none")
    return name.lower()

"""How the app's server receives requests: what is kept of one before anybody knows who asks.

A thread of the app gets a request when all of it is there. A body that is larger than a form is kept for those alone
who may send one; of any other is kept how large it was, so that the app can say in words that it was too large. Who
sends drop by drop is not waited for without end. The only module that knows the server. It must not know pages.
"""

import io
import time
from collections.abc import Callable
from typing import Any, BinaryIO

import waitress
from waitress.buffers import OverflowableBuffer
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer

from churn_marketing.settings import Settings

Allowance = Callable[[str, str, str], int]
"""Bytes that a body may have, by method, path (as WSGI has it) and the header with cookies."""
FORM_BYTES = 64 * 1024
"""A body up to this is kept for whoever sends it: forms, that of signing in among them."""
_LARGEST = 256 * 1024 * 1024
"""A larger body is not received to its end, so that its sender learns nothing but the status."""
_FIRST_SECONDS = 60.0
_BYTES_A_SECOND = 16 * 1024
"""A request has so long, and as much longer as a slow line takes for it."""
_READ_BYTES = 64 * 1024


class _Kept:
    """The bytes of a body, as long as they are no more than allowed; after that their number alone."""

    def __init__(self, most: int, buffer: Any) -> None:
        self._most, self._buffer, self._bytes = most, buffer, 0

    def append(self, data: bytes) -> None:
        self._bytes += len(data)
        if self._buffer is not None and self._bytes > self._most:
            self.close()
        if self._buffer is not None:
            self._buffer.append(data)

    def getfile(self) -> BinaryIO:
        file: BinaryIO = io.BytesIO() if self._buffer is None else self._buffer.getfile()
        return file

    def close(self) -> None:
        if self._buffer is not None:
            self._buffer.close()
        self._buffer = None

    def __len__(self) -> int:
        return self._bytes


class _Parser(HTTPRequestParser):  # type: ignore[misc]  # the server's library has no types
    """A request as it arrives."""

    allowance: Allowance

    def __init__(self, adj: Any) -> None:
        super().__init__(adj)
        self.begun = time.monotonic()

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        if self.body_rcv is None:
            return
        most = FORM_BYTES
        if self.chunked or self.content_length > most:
            most = self.allowance(self.command, self.path, self.headers.get("COOKIE", ""))
        # What is declared to be too large is not kept for a moment.
        kept = OverflowableBuffer(self.adj.inbuf_overflow) if self.content_length <= most else None
        self.body_rcv.buf = _Kept(most, kept)

    @property
    def is_late(self) -> bool:
        """Whether it should have been there by now."""
        patience: float = _FIRST_SECONDS + self.body_bytes_received / _BYTES_A_SECOND
        return time.monotonic() - self.begun > patience


class _Channel(HTTPChannel):  # type: ignore[misc]  # as above
    """A connection."""

    def received(self, data: bytes) -> Any:
        taken = super().received(data)
        if self.request is not None and self.request.is_late:
            self.will_close = True  # which the server's loop does next
        return taken


def make_server(app: Any, settings: Settings, allowance: Allowance) -> Any:
    """A server of the WSGI application, listening but not running yet; :class:`OSError` if it cannot listen."""
    parser = type("Parser", (_Parser,), {"allowance": staticmethod(allowance)})
    channel = type("Channel", (_Channel,), {"parser_class": parser})
    listening: dict[int, Any] = {}
    server = waitress.create_server(
        app, map=listening, host=settings.host, port=settings.http_port, threads=settings.threads, ident=None,
        max_request_body_size=_LARGEST, max_request_header_size=32 * 1024, connection_limit=256,
        channel_timeout=60, recv_bytes=_READ_BYTES, clear_untrusted_proxy_headers=True, **_proxy(settings),
    )  # fmt: skip
    for each in listening.values():
        if isinstance(each, TcpWSGIServer):
            each.channel_class = channel
    return server


def _proxy(settings: Settings) -> dict[str, Any]:
    if settings.trusted_proxy is None:
        return {}
    return {"trusted_proxy": settings.trusted_proxy, "trusted_proxy_headers": {"x-forwarded-for"}}

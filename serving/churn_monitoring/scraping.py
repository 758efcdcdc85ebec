"""Answers scrapers, for every process that looks back: one port, one registry, within limits of connections and time.

Who asks too slowly or too often loses connections; the process goes on with its work. It must not know what is shown
there.
"""

import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.exposition import choose_encoder

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CONNECTIONS = 16
"""At a time; a handful of scrapers takes one each for a moment. A further one ends the oldest."""
PATIENCE_SECONDS = 10.0


def answer_scrapers(registry: CollectorRegistry, host: str, port: int) -> WSGIServer:
    """Answer scrapers in a thread until the process ends.

    Raises:
        OSError: the port is taken, or the address is none of this machine.
    """
    families = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    kind = type("_ServerOfFamily", (_Server,), {"address_family": families[0][0]})
    application = _as_http_has_it(_in_plain_words(make_wsgi_app(registry)))
    server: WSGIServer = make_server(host, port, application, kind, _Handler)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server


def _in_plain_words(application: "WSGIApplication") -> "WSGIApplication":
    """The library fails on versions that are none: those it is not told of."""

    def plain(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        try:
            choose_encoder(environ.get("HTTP_ACCEPT", ""))
        except (TypeError, ValueError):
            environ = {name: value for name, value in environ.items() if name != "HTTP_ACCEPT"}
        return application(environ, start_response)

    return plain


def _as_http_has_it(application: "WSGIApplication") -> "WSGIApplication":
    """The library refuses HEAD, which every server has to answer, and says 200 to OPTIONS."""

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        if method == "GET":
            return application(environ, start_response)
        if method == "HEAD":
            return _head_alone(application, environ, start_response)
        start_response("405 Method Not Allowed", [("Allow", "GET, HEAD"), ("Content-Type", "text/plain")])
        return [b"ask with GET or HEAD\n"]

    return answer


def _head_alone(
    application: "WSGIApplication", environ: "WSGIEnvironment", start_response: "StartResponse"
) -> Iterable[bytes]:
    """What GET would be answered, its length among it, without the body."""
    said: list[tuple[str, list[tuple[str, str]]]] = []

    def note(status: str, headers: list[tuple[str, str]], _error: object = None) -> Callable[[bytes], object]:
        said.append((status, headers))
        return bytes

    length = sum(map(len, application({**environ, "REQUEST_METHOD": "GET"}, note)))
    ((status, headers),) = said
    start_response(status, [*headers, ("Content-Length", str(length))])
    return []


class _Handler(WSGIRequestHandler):
    timeout = PATIENCE_SECONDS  # of each piece that is read or written

    def log_message(self, *_: object) -> None:
        """Say nothing of what callers send."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 4 * CONNECTIONS  # who waits there is answered as soon as the thread comes to it

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._open: dict[socket.socket, None] = {}
        self._lock = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer on a thread; where there are too many, the oldest is ended, as no scraper takes long."""
        with self._lock:
            self._open[request] = None
            oldest = next(iter(self._open)) if len(self._open) > CONNECTIONS else None
            if oldest is not None:
                del self._open[oldest]
                with suppress(OSError):
                    oldest.shutdown(socket.SHUT_RDWR)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection with its end."""
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever went away in the midst of an answer is nobody's trouble."""

"""What stands between a gateway and a backend and writes down each call's header; the backend behind it is a real one.

A test may say that inference is answered by a status instead.
"""

import contextlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from tests.integration.listening import listening

_OURS = (
    "content-type",
    "content-length",
    "x-churn-schema",
    "x-request-id",
    "traceparent",
    "tracestate",
    "if-none-match",
)


class Recorder(ThreadingHTTPServer):
    """Passes on to ``url``; ``calls`` are the headers of the calls for inference, each name with all its values."""

    daemon_threads = True

    def __init__(self, url: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.backend = httpx.Client(base_url=url, timeout=30)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.calls: list[dict[str, list[str]]] = []
        self.status = 0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Recorder

    def do_GET(self) -> None:
        self._pass_on()

    def do_POST(self) -> None:
        names = {name.lower() for name in self.headers}
        self.server.calls.append({name: self.headers.get_all(name) or [] for name in names})
        self._pass_on()

    def _pass_on(self) -> None:
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.command == "POST" and self.server.status:
            status, body = self.server.status, b"{}"
        else:
            headers = {name: value for name, value in self.headers.items() if name.lower() in _OURS}
            try:
                answer = self.server.backend.request(self.command, self.path, content=content, headers=headers)
                status, body = answer.status_code, answer.content
            except httpx.TransportError:  # it has not started yet
                status, body = 502, b"{}"
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def recording(url: str) -> Iterator[Recorder]:
    """A recorder before ``url``."""
    with listening(Recorder(url)) as recorder, recorder.backend:
        yield recorder

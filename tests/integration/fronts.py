"""What may stand between callers and a gateway, and behave badly: it refuses, cuts, stalls, or passes on.

A server of its own on a thread; each request takes the next of ``script``, and is passed on where that is empty.
"""

import contextlib
import socket
import struct
from collections import deque
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import httpx

CUT, STALL = "cut", "stall"


class Front(ThreadingHTTPServer):
    """``script`` holds ``CUT``, ``STALL``, or a status with headers and a body; ``seen`` counts requests."""

    daemon_threads = True

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = target
        self.script: deque[Any] = deque()
        self.seen = 0
        self.going = Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Front

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.seen += 1
        behaviour = self.server.script.popleft() if self.server.script else None
        if behaviour == CUT:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return
        if behaviour == STALL:
            self.close_connection = True
            self.send_response(200)
            self.send_header("content-length", "1000")
            self.end_headers()
            while not self.server.going.wait(0.05):  # a part at a time, so that no single wait is too long
                with contextlib.suppress(OSError):
                    self.wfile.write(b" ")
            return
        if behaviour is not None:
            self._answer(*behaviour)
            return
        headers = {name: self.headers[name] for name in ("authorization", "content-type", "x-request-id")}
        answer = httpx.post(self.server.target + self.path, content=body, headers=headers, timeout=30)
        self._answer(answer.status_code, dict(answer.headers), answer.content)

    do_GET = do_POST  # noqa: N815 - the base class's name

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            if name.lower() not in ("date", "server", "connection"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass


@contextlib.contextmanager
def front_of(target: str) -> Iterator[Front]:
    """A front before this address."""
    with Front(target) as front:
        thread = Thread(target=front.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield front
        finally:
            front.going.set()
            front.shutdown()
            thread.join(10)

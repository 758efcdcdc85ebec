"""Servers of tests that answer in a thread of their own for as long as a test wants them."""

import contextlib
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from typing import TypeVar

Server = TypeVar("Server", bound=ThreadingHTTPServer)


@contextlib.contextmanager
def listening(server: Server) -> Iterator[Server]:
    """The server, which listens; afterwards it is closed, and its thread has ended."""
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

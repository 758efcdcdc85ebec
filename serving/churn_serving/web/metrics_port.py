"""The port that a scraper asks: a server with the limits of every other one, on a thread and a loop of its own, so that
it answers while the process's own loop is busy, and costs nothing while nobody asks.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator

import prometheus_client
import uvicorn
from prometheus_client.exposition import choose_encoder

from churn_serving.web.body import Application, Receive, Scope, Send
from churn_serving.web.limits import ConnectionLimits
from churn_serving.web.server import bind, tune

CONNECTIONS = 32
"""A handful of scrapers keeps one each."""
_METHODS = ("GET", "HEAD")
_ONLY_READ = b"Metrics are only read here: send GET.\n"


class _Server(uvicorn.Server):
    """Leaves signals to the process, which takes this server with it when it ends."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def _in_plain_words(application: Application) -> Application:
    """The library fails on headers that are no text, and on versions that are none: those it is not told of."""

    async def plain(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name, value) for name, value in scope["headers"] if value.isascii()]
        try:
            choose_encoder(",".join(value.decode() for name, value in headers if name == b"accept"))
        except (TypeError, ValueError):  # a version that is no number
            headers = [(name, value) for name, value in headers if name != b"accept"]
        await application({**scope, "headers": headers}, receive, send)

    return plain


def _read_only(application: Application) -> Application:
    """Whatever else a method would do there, it is refused: the library answers every one as if it read."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await (application if scope["method"] in _METHODS else _refuse_method)(scope, receive, send)

    return answer


async def _refuse_method(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - ASGI's form
    headers = [
        (b"allow", ", ".join(_METHODS).encode()),
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(_ONLY_READ)),
    ]
    await send({"type": "http.response.start", "status": 405, "headers": headers})
    await send({"type": "http.response.body", "body": _ONLY_READ})


def _beside(page: Application, metrics: Application) -> Application:
    """A page for people at the root, and metrics at every other path."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await (page if scope["path"] == "/" else metrics)(scope, receive, send)

    return answer


def serve_metrics(
    registry: prometheus_client.CollectorRegistry,
    host: str,
    port: int,
    limits: ConnectionLimits,
    refused: Callable[[str], None],
    page: Application | None = None,
) -> None:
    """Answer with what ``registry`` holds until the process ends, and at the root with ``page`` where there is one;
    ``refused`` is told, on another thread, why a connection was ended.

    Raises:
        OSError: the port is taken.
    """
    listener = bind(host, port)
    metrics = _in_plain_words(prometheus_client.make_asgi_app(registry))
    application = metrics if page is None else _beside(page, metrics)
    config = uvicorn.Config(_read_only(application), lifespan="off", log_config=None)
    server = _Server(tune(config, 0, limits._replace(connections=CONNECTIONS), refused))
    threading.Thread(target=lambda: asyncio.run(server.serve([listener])), name="metrics", daemon=True).start()

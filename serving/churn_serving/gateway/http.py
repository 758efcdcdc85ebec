"""Whose request it is, and a complete answer, for the routes that are plain ASGI."""

import itertools
import os

from churn_serving.telemetry.tracing import PLAIN_REQUEST_ID, Trace, read_trace
from churn_serving.web.body import Send


class RequestIds:
    """Ids that are unique across processes and cost next to nothing: a random prefix and a counter."""

    def __init__(self) -> None:
        self._prefix = os.urandom(6).hex()
        self._count = itertools.count(1)

    def of(self, headers: list[tuple[bytes, bytes]]) -> tuple[str, Trace | None]:
        """The caller's first ``X-Request-Id`` that is a plain one, else a new id; and the trace that the request is
        part of, if it says so in W3C Trace Context."""
        request_id = ""
        parents: list[bytes] | None = None
        states: list[bytes] | None = None
        for name, value in headers:
            if name == b"x-request-id":
                if not request_id and PLAIN_REQUEST_ID.fullmatch(value):
                    request_id = value.decode("ascii")
            elif name == b"traceparent":
                parents = [*(parents or ()), value]
            elif name == b"tracestate":
                states = [*(states or ()), value]
        if not request_id:
            request_id = f"{self._prefix}-{next(self._count):x}"
        return request_id, None if parents is None else read_trace(parents, states or ())


async def answer(send: Send, status: int, content_type: bytes, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    """Send a complete response."""
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-type", content_type), (b"content-length", b"%d" % len(body)), *headers],
        }
    )
    await send({"type": "http.response.body", "body": body})

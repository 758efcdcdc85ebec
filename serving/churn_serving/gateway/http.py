"""A request's id and a complete answer, for the routes that are plain ASGI."""

import itertools
import os
import re

from churn_serving.web.body import Send

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}\Z")


class RequestIds:
    """Ids that are unique across processes and cost next to nothing: a random prefix and a counter."""

    def __init__(self) -> None:
        self._prefix = os.urandom(6).hex()
        self._count = itertools.count(1)

    def of(self, headers: list[tuple[bytes, bytes]]) -> str:
        """The caller's ``X-Request-Id`` if it is a plain one, else a new id."""
        for name, value in headers:
            if name == b"x-request-id" and _REQUEST_ID.match(value):
                return value.decode("ascii")
        return f"{self._prefix}-{next(self._count):x}"


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

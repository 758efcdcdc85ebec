"""Reading and answering one HTTP request in plain ASGI, and what may be wrong with it before its body is looked at."""

import itertools
import os
import re

from churn_serving.web.body import Scope, Send

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}\Z")


class WrongRequest(Exception):
    """The request is wrong before its body is read; ``headers`` go with the answer."""

    headers: tuple[tuple[bytes, bytes], ...] = ()


class UnsupportedMediaType(WrongRequest):
    """Not JSON by its content type."""

    headers = ((b"accept-post", b"application/json"),)


class MethodNotAllowed(WrongRequest):
    """Only POST has a meaning here."""

    headers = ((b"allow", b"POST"),)


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


def require_json(scope: Scope) -> None:
    """Raise unless this is a POST of JSON."""
    if scope["method"] != "POST":
        raise MethodNotAllowed
    for name, value in scope["headers"]:
        if name == b"content-type":
            if value == b"application/json" or value.split(b";")[0].strip().lower() == b"application/json":
                return
            break
    raise UnsupportedMediaType


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

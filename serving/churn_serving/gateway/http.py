"""Reading and answering one HTTP request in plain ASGI, and what may be wrong with it before its body is looked at."""

import itertools
import os
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}\Z")


class WrongRequest(Exception):
    """The request is wrong before its body is read; ``headers`` go with the answer."""

    headers: tuple[tuple[bytes, bytes], ...] = ()


class BodyTooLarge(WrongRequest):
    """More bytes than are read."""

    headers = ((b"connection", b"close"),)  # the rest of the body is not read


class UnsupportedMediaType(WrongRequest):
    """Not JSON by its content type."""

    headers = ((b"accept-post", b"application/json"),)


class MethodNotAllowed(WrongRequest):
    """Only POST has a meaning here."""

    headers = ((b"allow", b"POST"),)


class ClientGone(Exception):
    """The caller hung up before its body was complete."""


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


async def read_body(receive: Receive, limit: int) -> bytes:
    """The whole body, counted as it arrives: a declared length proves nothing.

    Raises:
        BodyTooLarge: beyond ``limit`` bytes.
        ClientGone: the caller hung up.
    """
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGone
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        if len(body) > limit:
            raise BodyTooLarge
        return body
    chunks, size = [body], len(body)
    while message.get("more_body", False):
        if size > limit:
            raise BodyTooLarge
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
    if size > limit:
        raise BodyTooLarge
    return b"".join(chunks)


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

"""Reading one request's body in plain ASGI.

Bytes are counted as they arrive, since a declared length proves nothing.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

# A caller that is still sending would not read an early answer; up to here its bytes are read and dropped.
MAX_DROPPED_BYTES = 64 * 1024 * 1024


class BodyTooLarge(Exception):
    """The body has more bytes than a request may have."""


class Disconnected(Exception):
    """The caller went away before its request was complete; nobody waits for an answer."""


async def read_body(receive: Receive, limit: int) -> bytes:
    """The whole body.

    Raises:
        BodyTooLarge: it has more than ``limit`` bytes.
        Disconnected: the caller went away.
    """
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        body: bytes = message.get("body", b"")
        if len(body) > limit:
            raise BodyTooLarge(f"the body is larger than {limit} bytes")
        return body
    return await _read_chunks(message, receive, limit)


async def _read_chunks(message: MutableMapping[str, Any], receive: Receive, limit: int) -> bytes:
    body = bytearray()  # in a list of pieces each would cost forty bytes more than it holds
    size = 0
    while True:
        if message["type"] == "http.disconnect":
            raise Disconnected
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= limit:
            body += chunk
        elif body:
            body = bytearray()
        more = message.get("more_body", False)
        if size > MAX_DROPPED_BYTES or (not more and size > limit):
            raise BodyTooLarge(f"the body is larger than {limit} bytes")
        if not more:
            return bytes(body)
        message = await receive()

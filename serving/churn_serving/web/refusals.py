"""What a connection is told before it is ended, where there is no request yet that an application could answer.

Fixed bytes, made once: refusing must cost less than asking. The documents are RFC 9457's and say nothing of a model.
"""

import json
from http import HTTPStatus
from typing import NamedTuple

_TYPE = "urn:churn-serving:problem:"


class Refusal(NamedTuple):
    """``reason`` is fit for a metric; ``answer`` is empty where the connection ends without a word."""

    reason: str
    answer: bytes = b""


def _refusal(reason: str, status: HTTPStatus, slug: str, title: str, detail: str, *headers: str) -> Refusal:
    document = {"type": _TYPE + slug, "title": title, "status": int(status), "detail": detail}
    body = json.dumps(document).encode()
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        "content-type: application/problem+json",
        f"content-length: {len(body)}",
        *headers,
        "connection: close",
        "",
        "",
    ]
    return Refusal(reason, "\r\n".join(lines).encode() + body)


MALFORMED = _refusal(
    "malformed", HTTPStatus.BAD_REQUEST, "not-http", "Not a request of HTTP/1.1", "Mend the request's framing."
)
HOST = _refusal(
    "host",
    HTTPStatus.BAD_REQUEST,
    "host",
    "The header Host is missing, doubled or none",
    "Send one, with the host's name.",
)
VERSION = _refusal(
    "version",
    HTTPStatus.HTTP_VERSION_NOT_SUPPORTED,
    "version",
    "Only HTTP/1.1 and HTTP/1.0 are spoken here",
    "Send the request as HTTP/1.1.",
)
METHOD = _refusal(
    "method", HTTPStatus.NOT_IMPLEMENTED, "method", "This method is not implemented", "This server is no proxy."
)
CODING = _refusal(
    "coding",
    HTTPStatus.NOT_IMPLEMENTED,
    "transfer-coding",
    "No transfer coding but chunked is read here",
    "Send the body as it is, with a length or chunked.",
)
CRUMBS = _refusal(
    "chunks", HTTPStatus.BAD_REQUEST, "chunks", "Too many chunks", "Send the body in larger chunks or with a length."
)
TARGET_TOO_LONG = _refusal(
    "target", HTTPStatus.REQUEST_URI_TOO_LONG, "target-too-long", "The target is too long", "Send data in the body."
)
HEADER_TOO_LARGE = _refusal(
    "header",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    "header-too-large",
    "The header is too large",
    "Send fewer and shorter header lines.",
)
HEADER_TOO_SLOW = _refusal(
    "header_time", HTTPStatus.REQUEST_TIMEOUT, "too-slow", "The header came too slowly", "Send it at once."
)
BODY_TOO_SLOW = _refusal(
    "body_time", HTTPStatus.REQUEST_TIMEOUT, "too-slow", "The body came too slowly", "Send less, or send it faster."
)
FULL = _refusal(
    "connections",
    HTTPStatus.SERVICE_UNAVAILABLE,
    "connections",
    "Too many connections",
    "Try again after Retry-After seconds, and keep connections open between requests.",
    "retry-after: 1",
)
BODIES_FULL = _refusal(
    "bodies",
    HTTPStatus.SERVICE_UNAVAILABLE,
    "overloaded",
    "Too many large requests at the moment",
    "Try again after Retry-After seconds, or send smaller requests.",
    "retry-after: 1",
)
# Between requests and after them there is nobody to tell.
SILENT = Refusal("first_byte")
IDLE = Refusal("idle")
ROOM_MADE = Refusal("connections")
UNREAD = Refusal("unread")
AHEAD = Refusal("requests_ahead")
MEMORY = Refusal("memory")
FRAMES = Refusal("frames")

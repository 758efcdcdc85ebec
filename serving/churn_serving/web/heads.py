"""What the head of a request has to say before anybody is asked to answer it (RFC 9112, 3.2 and 7.8 of RFC 9110).

A server that reads a head otherwise than the one in front of it can be made to answer a request that nobody sent. It
knows no connection and no application.
"""

import functools
import re

from churn_serving.web import refusals
from churn_serving.web.refusals import Refusal

_Headers = list[tuple[bytes, bytes]]
_OLD, _SPOKEN = "1.0", "1."
_HOST_NAME, _CODINGS = b"host", b"transfer-encoding"
_OTHER_PROTOCOL = re.compile(rb" (?:RTSP|ICE)/\d\.\d\r?\n")
_COMPARED = 256
SEEN_BYTES = _COMPARED + 32
"""Of a line that comes in pieces: enough to know a request line by."""
_HOST = re.compile(rb"(?:\[[0-9A-Za-z:.%_~-]+\]|[0-9A-Za-z._~%!$&'()*+,;=-]*)(?::[0-9]*)?")
_FRAMING = (b"content-length", b"transfer-encoding", b"connection")
_KNOWN = 128


def refusal_of_head(version: str, method: bytes, headers: _Headers) -> Refusal | None:
    """Why a request cannot be answered, whatever it asks for; None if it can."""
    if not version.startswith(_SPOKEN):
        return refusals.VERSION
    if method == b"CONNECT":
        return refusals.METHOD
    hosts, codings = [], []
    for name, value in headers:
        if name == _HOST_NAME:
            hosts.append(value)
        elif name == _CODINGS:
            codings.append(value)
    if len(hosts) > 1 or (not hosts and version != _OLD) or (hosts and not _is_host(hosts[0])):
        return refusals.HOST
    return _refusal_of_codings(version, codings) if codings else None


def _refusal_of_codings(version: str, lines: list[bytes]) -> Refusal | None:
    """Why a body in these transfer codings is not read (RFC 9112, 6.1 and 6.3); None if it is chunked and no more."""
    codings = [coding.strip().lower() for coding in b",".join(lines).split(b",")]
    codings = [coding for coding in codings if coding]  # empty elements of a list mean nothing
    if version == _OLD or codings.count(b"chunked") != 1 or codings[-1] != b"chunked":
        return refusals.MALFORMED
    return refusals.CODING if len(codings) > 1 else None


def others_in(data: bytes) -> list[int]:
    """Where lines end with the name of a protocol that the parser takes for HTTP: places of the space before it."""
    if b"RTSP/" not in data and b"ICE/" not in data:
        return []
    return [found.start() for found in _OTHER_PROTOCOL.finditer(data)]


def is_request_line(before: bytes, target: bytes) -> bool:
    """Whether the line that ``before`` ends with is a request's, up to its protocol; ``target`` is the last one that
    was read."""
    line = before[before.rfind(b"\n") + 1 :].rstrip(b" ")
    return not line or line.endswith((b" " + target)[-_COMPARED:])


def framing_of(version: str, method: bytes, headers: _Headers) -> bytes:
    """A head that has the same body and the same end as the one with these headers, and offers no other protocol."""
    lines = [name + b": " + value for name, value in headers if name in _FRAMING]
    return b"\r\n".join((method + b" / HTTP/" + version.encode(), *lines, b"", b""))


@functools.lru_cache(_KNOWN)
def _is_host(value: bytes) -> bool:
    return _HOST.fullmatch(value) is not None

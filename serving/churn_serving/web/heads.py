"""What the head of a request has to say before anybody is asked to answer it (RFC 9112, 3.2 and 7.8 of RFC 9110).

A server that reads a head otherwise than the one in front of it can be made to answer a request that nobody sent. It
knows no connection and no application.
"""

import functools
import re

from churn_serving.web import refusals
from churn_serving.web.refusals import Refusal

_Headers = list[tuple[bytes, bytes]]
_VERSIONS = ("1.1", "1.0")
_HOST = re.compile(rb"(?:\[[0-9A-Za-z:.%_~-]+\]|[0-9A-Za-z._~%!$&'()*+,;=-]*)(?::[0-9]*)?")
_FRAMING = (b"content-length", b"transfer-encoding", b"connection")
_KNOWN = 128


def refusal_of_head(version: str, method: bytes, headers: _Headers) -> Refusal | None:
    """Why a request cannot be answered, whatever it asks for; None if it can."""
    if version not in _VERSIONS:
        return refusals.VERSION
    if method == b"CONNECT":
        return refusals.METHOD
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) > 1 or (not hosts and version != "1.0") or (hosts and not _is_host(hosts[0])):
        return refusals.HOST
    return None


def framing_of(version: str, method: bytes, headers: _Headers) -> bytes:
    """A head that has the same body and the same end as the one with these headers, and offers no other protocol."""
    lines = [name + b": " + value for name, value in headers if name in _FRAMING]
    return b"\r\n".join((method + b" / HTTP/" + version.encode(), *lines, b"", b""))


@functools.lru_cache(_KNOWN)
def _is_host(value: bytes) -> bool:
    return _HOST.fullmatch(value) is not None

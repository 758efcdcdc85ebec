"""The one header that V2 adds to HTTP: how many bytes of a body are JSON, when raw tensor contents follow."""

from collections.abc import Iterable

from churn_serving.oip.faults import InvalidRequest, Problem

JSON_LENGTH = b"inference-header-content-length"
_DIGITS = 10


def json_length(headers: Iterable[tuple[bytes, bytes]]) -> int | None:
    """Bytes of JSON in front of raw tensor contents; None for a request that is all JSON.

    Raises:
        InvalidRequest: the header is there and no number of bytes.
    """
    for name, value in headers:
        if name == JSON_LENGTH:
            if not value.isdigit() or len(value) > _DIGITS:
                raise InvalidRequest([Problem("Inference-Header-Content-Length", "expected a number of bytes")])
            return int(value)
    return None

"""Tensor contents as raw little-endian bytes, as gRPC's ``raw_*_contents`` and HTTP's binary extension carry them.

It knows datatypes and lengths, nothing of requests or schemas.
"""

import struct
from collections.abc import Sequence

from churn_serving.oip.messages import MAX_ROWS

_CODES = {
    "FP64": "d",
    "FP32": "f",
    "INT8": "b",
    "INT16": "h",
    "INT32": "i",
    "INT64": "q",
    "UINT8": "B",
    "UINT16": "H",
    "UINT32": "I",
    "UINT64": "Q",
    "BOOL": "?",
}
_LENGTH = struct.Struct("<I")
_TOO_MANY = f"binary contents hold more than {MAX_ROWS} values"


def unpack(datatype: str, content: bytes) -> list[float] | list[bytes]:
    """Values of one tensor. BYTES are length-prefixed (32 bit); an empty element is how binary says missing.

    Raises:
        ValueError: a datatype that carries no feature, bytes that do not end with a value, or more values than a
            request may have rows. The message is fit for the caller.
    """
    if datatype == "BYTES":
        return _unpack_texts(content)
    code = _CODES.get(datatype)
    if code is None:
        raise ValueError("datatype must be BYTES, BOOL, FP64, FP32 or an integer type")
    size = struct.calcsize("<" + code)
    count, rest = divmod(len(content), size)
    if rest:
        raise ValueError(f"binary contents are not a multiple of {size} bytes")
    if count > MAX_ROWS:
        raise ValueError(_TOO_MANY)
    return list(struct.unpack(f"<{count}{code}", content))


def size_of(datatype: str, values: int, content: bytes, start: int) -> int | None:
    """The bytes that so many values take which begin at ``start``; None for a datatype that carries no feature, and for
    texts that go beyond the end."""
    code = _CODES.get(datatype)
    if code is not None:
        return values * struct.calcsize("<" + code)
    if datatype != "BYTES" or values > MAX_ROWS:
        return None
    end = start
    for _ in range(values):
        if end + _LENGTH.size > len(content):
            return None
        end += _LENGTH.size + _LENGTH.unpack_from(content, end)[0]
    return end - start if end <= len(content) else None


def pack(datatype: str, values: Sequence[float | str | bytes | None]) -> bytes:
    """The bytes of one tensor; a missing text is an empty element, a missing number must be NaN already."""
    if datatype == "BYTES":
        return b"".join(_pack_text(value) for value in values)
    return struct.pack(f"<{len(values)}{_CODES[datatype]}", *values)


def _pack_text(value: float | str | bytes | None) -> bytes:
    content = value if isinstance(value, bytes) else str(value or "").encode()
    return _LENGTH.pack(len(content)) + content


def _unpack_texts(content: bytes) -> list[bytes]:
    texts: list[bytes] = []
    position, end = 0, len(content)
    while position < end:
        start = position + _LENGTH.size
        if start > end:
            raise ValueError("binary contents end inside the length of an element")
        position = start + _LENGTH.unpack_from(content, position)[0]
        if position > end:
            raise ValueError("binary contents end inside an element")
        texts.append(content[start:position])
        if len(texts) > MAX_ROWS:
            raise ValueError(_TOO_MANY)
    return texts

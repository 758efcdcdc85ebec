"""Records in a file that only grows: each in a frame of length, checksum and content.

Whatever ended the writing of a file early, what was written before is still read; what does not fit its checksum ends
the reading. It knows no record.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

HEADER = b"churn predictions 1\n"
"""With this a segment begins."""
_FRAME = struct.Struct("<II")
MAXIMUM_CONTENT = 256 * 1024 * 1024
"""Bytes; the largest request takes a tenth. A length above it is none, nor is 0: a loss of power leaves zeros."""


class Frame(NamedTuple):
    """The content of a frame and where in the file it ends."""

    content: bytes
    end: int


def frame(content: bytes) -> bytes:
    """The content behind its length and its CRC-32, both little-endian in four bytes."""
    return _FRAME.pack(len(content), zlib.crc32(content)) + content


def frames(content: bytes) -> Iterator[Frame]:
    """The frames of a segment, up to the first that is not whole; none where another kind of file begins."""
    if not content.startswith(HEADER):
        return
    start = len(HEADER)
    while start + _FRAME.size <= len(content):
        length, checksum = _FRAME.unpack_from(content, start)
        end = start + _FRAME.size + length
        if not 0 < length <= MAXIMUM_CONTENT or end > len(content):
            return
        found = content[start + _FRAME.size : end]
        if zlib.crc32(found) != checksum:
            return
        yield Frame(found, end)
        start = end

"""Records in a file that only grows: each in a frame of length, checksum and content.

Whatever ended the writing of a file early, what was written before is still read; what does not fit its checksum ends
the reading. It knows no record.
"""

import struct
import zlib
from typing import NamedTuple

HEADER = b"churn predictions 1\n"
"""With this a segment begins."""
_FRAME = struct.Struct("<II")
MAXIMUM_CONTENT = 256 * 1024 * 1024
"""Bytes; the largest request takes a tenth. A length above it is none, nor is 0: a loss of power leaves zeros."""


class Frames(NamedTuple):
    """The contents of the frames of a segment, and where in it the last of them ends."""

    contents: list[bytes]
    end: int


def frame(content: bytes) -> bytes:
    """The content behind its length and its CRC-32, both little-endian in four bytes."""
    return _FRAME.pack(len(content), zlib.crc32(content)) + content


def frames(segment: bytes) -> Frames:
    """The frames of a segment, up to the first that is not whole; none where another kind of file begins."""
    found: list[bytes] = []
    if not segment.startswith(HEADER):
        return Frames(found, 0)
    end, last = len(HEADER), len(segment)
    while (start := end + _FRAME.size) <= last:
        length, checksum = _FRAME.unpack_from(segment, end)
        if not 0 < length <= MAXIMUM_CONTENT or start + length > last:
            break
        content = segment[start : start + length]
        if zlib.crc32(content) != checksum:
            break
        found.append(content)
        end = start + length
    return Frames(found, end)

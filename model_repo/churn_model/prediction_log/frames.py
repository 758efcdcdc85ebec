"""Records in a file that only grows: each in a frame of length, checksum and content.

Whatever ended the writing of a file early, what was written before is still read; what does not fit its checksum is
left out, and what stands whole behind it is read again. It knows no record.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

_KIND = b"churn predictions "
HEADER = _KIND + b"1\n"
"""With this a segment begins."""
_FRAME = struct.Struct("<II")
MAXIMUM_CONTENT = 256 * 1024 * 1024
"""Bytes; the largest request takes a tenth. A length above it is none, nor is 0: a loss of power leaves zeros."""
_LARGEST_FOUND = 1024 * 1024
"""Bytes of the largest content that is found again behind a broken place."""
_BLOCK = 64 * 1024


class Frames(NamedTuple):
    """The contents of the frames of a segment, and how many of its bytes belong to none of them."""

    contents: list[bytes]
    broken: int


class AnotherVersion(Exception):
    """The segment was written by another version of this program, in a form that is not known here."""


def frame(content: bytes) -> bytes:
    """The content behind its length and its CRC-32, both little-endian in four bytes."""
    return _FRAME.pack(len(content), zlib.crc32(content)) + content


def frames(segment: bytes) -> Frames:
    """The frames of a segment that are whole, in the order of writing.

    Raises:
        AnotherVersion: its beginning says so.
    """
    found: list[bytes] = []
    if _is_of_another_version(segment):
        raise AnotherVersion
    end = len(HEADER) if segment.startswith(HEADER) else 0
    sound, last = end, len(segment)
    while end < last:
        content = _content(segment, end) or b""
        if not content:
            end = _next_place(segment, end + 1)
            continue
        found.append(content)
        end += _FRAME.size + len(content)
        sound += _FRAME.size + len(content)
    return Frames(found, last - sound)


def _is_of_another_version(segment: bytes) -> bool:
    line, end, _ = segment[: len(HEADER) + 8].partition(b"\n")
    return bool(end) and line.startswith(_KIND) and line + end != HEADER and line[len(_KIND) :].isdigit()


def _content(segment: bytes, place: int) -> bytes | None:
    """The content of the frame that begins at a place; None where none does."""
    start = place + _FRAME.size
    if start > len(segment):
        return None
    length, checksum = _FRAME.unpack_from(segment, place)
    if not 0 < length <= MAXIMUM_CONTENT or start + length > len(segment):
        return None
    content = segment[start : start + length]
    return content if zlib.crc32(content) == checksum else None


def _next_place(segment: bytes, place: int) -> int:
    """Where the next whole frame begins, from a place on; the segment's end where there is none."""
    return next((each for each in _likely_places(segment, place) if _content(segment, each)), len(segment))


def _likely_places(segment: bytes, place: int) -> Iterator[int]:
    """Places from one on at which something stands that may be the length of a frame."""
    import numpy  # a gateway, which writes frames and reads none, has none

    last = len(segment) - _FRAME.size
    for start in range(place, last, _BLOCK):
        stop = min(start + _BLOCK, last)
        near = numpy.frombuffer(segment, numpy.uint8, stop - start + 3, start)
        lengths = numpy.lib.stride_tricks.sliding_window_view(near, 4).copy().view("<u4")[:, 0].astype(numpy.int64)
        ends = numpy.arange(start, stop) + _FRAME.size + lengths
        likely = (lengths > 0) & (lengths <= _LARGEST_FOUND) & (ends <= len(segment))
        yield from (start + numpy.flatnonzero(likely)).tolist()

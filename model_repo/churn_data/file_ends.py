"""Where a text file ends: before the mark of an end that old systems write (Ctrl-Z), and before zero bytes, which are
left where a file was not written as far as it was meant to be.

It must not know rows.
"""

import io
from pathlib import Path
from typing import BinaryIO

from churn_data.dialects import Encoding
from churn_data.notices import Notices
from churn_data.unmarked_texts import BLOCK

_BEHIND = b"\x1a\0"


def end_of(path: Path, notices: Notices) -> int:
    """The number of bytes of a text in an encoding of single bytes, without what stands behind its end, which is told.

    Args:
        path: of the file.
        notices: told.
    """
    end = path.stat().st_size
    marks = zeros = 0
    with path.open("rb") as stream:
        while end:
            start = max(0, end - BLOCK)
            stream.seek(start)
            block = stream.read(end - start)
            text = block.rstrip(b"\r\n")
            left = text.rstrip(_BEHIND)
            ended = len(text) < len(block)
            if left == text or (ended and left and not left.endswith((b"\r", b"\n"))):
                break  # the last cell of a row that has its end may hold what it likes
            taken = text[len(left) :]
            marks, zeros = marks + taken.count(b"\x1a"), zeros + taken.count(b"\0")
            end = start + len(left)
    if marks:
        notices.tell("end of file", "the mark of an end (Ctrl-Z) behind the last row is left out")
    if zeros:
        many = "1 zero byte" if zeros == 1 else f"{zeros:,} zero bytes"
        notices.tell("end of file", f"{many} (NUL) behind the last row: left out; was the file written to its end?")
    return end


def bytes_of(path: Path, encoding: Encoding) -> io.BufferedReader:
    """The bytes of a file's text, open for reading, without a mark of its encoding."""
    if encoding.end is not None:
        return io.BufferedReader(_BytesUpTo(path, encoding.mark, encoding.end), BLOCK)
    stream = path.open("rb")
    stream.seek(encoding.mark)
    return stream


class _BytesUpTo(io.RawIOBase):
    """The bytes of a file as far as its text goes."""

    def __init__(self, path: Path, start: int, end: int) -> None:
        super().__init__()
        self._stream: BinaryIO = path.open("rb")
        self._stream.seek(start)
        self._left = max(0, end - start)

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # stubs ask for any buffer
        """Fill a buffer; 0 at the end."""
        block = self._stream.read(min(len(buffer), self._left))
        buffer[: len(block)] = block
        self._left -= len(block)
        return len(block)

    def close(self) -> None:
        """Close the file too."""
        self._stream.close()
        super().close()

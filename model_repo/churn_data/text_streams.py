"""A text file as the UTF-8 that Arrow reads, whatever its encoding, from behind the header on.

It counts what tells later whether rows must be counted one by one. It must not know fields.
"""

import codecs
import io
from pathlib import Path

from churn_data.dialects import Encoding
from churn_data.file_ends import bytes_of
from churn_data.guarded_cells import may_hold_guards
from churn_data.unmarked_texts import BLOCK

_BLANK_LINES = (b"\n\n", b"\n\r\n", b"\r\r", b"\n\r\r")


class Utf8Stream(io.RawIOBase):
    """The bytes of the file's text in UTF-8 without the first `skip`. What is UTF-8 already is handed on as it is:
    whoever reads it finds what is broken."""

    def __init__(self, path: Path, encoding: Encoding, skip: int) -> None:
        super().__init__()
        self._stream = bytes_of(path, encoding)
        self._decoder = None if encoding.codec == "utf-8" else codecs.getincrementaldecoder(encoding.codec)("replace")
        self._skip = skip
        # Arrow takes one mark off what it reads: with one of its own it leaves a text alone that begins with one.
        self._start = codecs.BOM_UTF8
        self._last = b"\n"
        self.quotes = 0
        self.blank_lines = False
        self.may_hold_guards = False

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes, made of the next `size` of the file; none at its end."""
        while True:
            raw = self._stream.read(BLOCK if size < 0 else size)
            block = raw if self._decoder is None else self._decoder.decode(raw, not raw).encode("utf-8", "replace")
            skipped = min(self._skip, len(block))
            self._skip -= skipped
            block = block[skipped:]
            if block or not raw:
                break
        self._watch(block)
        start, self._start = (self._start, b"") if block else (b"", self._start)
        return start + block

    def _watch(self, block: bytes) -> None:
        self.quotes += block.count(b'"')
        self.may_hold_guards = self.may_hold_guards or may_hold_guards(block)
        if not self.blank_lines:
            returns = b"\r" in block or b"\r" in self._last  # looking for one byte is much quicker than for two
            edge = self._last + block[:2]
            self.blank_lines = any(
                blank in text for blank in (_BLANK_LINES if returns else _BLANK_LINES[:1]) for text in (block, edge)
            )
        self._last = (self._last + block[-2:])[-2:]

    def close(self) -> None:
        """Close the file too."""
        self._stream.close()
        super().close()

"""What is seen of HTTP/2 without understanding it: where frames begin, and how long a block of header fields gets.

A block may go on over any number of frames (RFC 9113, section 6.10), and its fields take up to a hundred times the
memory of their bytes: a byte may repeat a field that was sent before (RFC 7541). So bytes and frames are both counted.
Whether frames and fields make sense is for whoever reads them; payloads are never looked at.
"""

_HEADERS, _CONTINUATION = 1, 9
_BLOCK_KINDS = (_HEADERS, _CONTINUATION)
_END_HEADERS = 4
_HEAD_BYTES = 9
_PREFACE_BYTES = 24


class EndlessBlock(Exception):
    """A block of header fields has more bytes or frames than one may have."""


class FrameHeads:
    """Reads along what one caller sends, from its connection's first byte."""

    __slots__ = ("_block_bytes", "_block_frames", "_most_bytes", "_most_frames", "_rest", "_skip", "blocks", "open")

    def __init__(self, most_bytes: int, most_frames: int) -> None:
        self._most_bytes = most_bytes
        self._most_frames = most_frames
        self._skip = _PREFACE_BYTES
        self._rest = b""
        self._block_bytes = self._block_frames = 0
        self.blocks = 0
        """Blocks that have begun."""
        self.open = False
        """Whether the last of them has not ended yet."""

    def read(self, data: bytes) -> None:
        """The next bytes, wherever they are cut.

        Raises:
            EndlessBlock: a block grows too long; nothing may be read after that.
        """
        at = self._skip
        if self._rest:
            data = self._rest + data
            self._rest = b""
        end = len(data)
        while at + _HEAD_BYTES <= end:
            length = data[at] << 16 | data[at + 1] << 8 | data[at + 2]
            kind = data[at + 3]
            if kind in _BLOCK_KINDS:
                self._block(kind, data[at + 4], length)
            at += _HEAD_BYTES + length
        if at < end:
            self._rest = data[at:]
            self._skip = 0
        else:
            self._skip = at - end

    def _block(self, kind: int, flags: int, length: int) -> None:
        if kind == _HEADERS:
            self.blocks += 1
            self._block_bytes = self._block_frames = 0
        self.open = not flags & _END_HEADERS
        self._block_bytes += length
        self._block_frames += 1
        if self._block_bytes > self._most_bytes or self._block_frames > self._most_frames:
            raise EndlessBlock

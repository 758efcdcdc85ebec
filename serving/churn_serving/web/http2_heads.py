"""What is seen of HTTP/2 without understanding it: where frames begin, and how long a block of header fields gets.

A block may go on over any number of frames (RFC 9113, section 6.10), and its fields take up to a hundred times the
memory of their bytes: a byte may repeat a field that was sent before (RFC 7541). So bytes, frames and fields are all
counted, and a block goes on to its reader only when it is whole: one that breaks a limit costs that reader nothing.
What a reader might take for other fields than are counted here is no block: gRPC's takes padding for fields.

Frames of a few bytes that no call needs cost their reader, and this one, far more than their sender. So each takes from
a store that calls and bytes fill again, up to a thousand.
What fields mean is for whoever reads them; payloads of other frames are never looked at.
"""

from churn_serving.web.header_fields import FieldCount, TooManyFields

_HEADERS, _CONTINUATION = 1, 9
_END_HEADERS, _PADDED, _PRIORITY = 4, 8, 0x20
_AROUND = _PADDED | _PRIORITY
_PRIORITY_BYTES = 5
_HEAD_BYTES = 9
_PREFACE_BYTES = 24
_FRAMES_STORED = 1000
_FRAMES_A_BLOCK = 16
_BYTES_A_FRAME_SHIFT = 8  # one for 256 bytes


class UnsoundBlock(Exception):
    """A block of header fields has more bytes, frames or fields than one may have, other frames within it, or something
    around its fields that not everybody would leave out."""


class FrameFlood(Exception):
    """More frames than what they carry, and the calls among them, could need."""


class FrameHeads:
    """Reads along what one caller sends, from its connection's first byte."""

    __slots__ = (
        "_block_bytes",
        "_block_frames",
        "_fields",
        "_frames_left",
        "_held",
        "_most_bytes",
        "_most_fields",
        "_most_frames",
        "_rest",
        "_skip",
        "blocks",
        "open",
    )

    def __init__(self, most_bytes: int, most_frames: int, most_fields: int) -> None:
        self._most_bytes = most_bytes
        self._most_frames = most_frames
        self._most_fields = most_fields
        self._skip = _PREFACE_BYTES
        self._held = b""  # whole frames of a block that has not ended
        self._rest = b""  # of a frame that has not come whole
        self._block_bytes = self._block_frames = 0  # of a block that has not ended
        self._fields: FieldCount | None = None
        self._frames_left = _FRAMES_STORED
        self.blocks = 0
        """Blocks that have come whole."""
        self.open = False
        """Whether another has begun."""

    def read(self, data: bytes) -> bytes:
        """Take the next bytes, wherever they are cut; give those that may be passed on, in the order in which they
        came. What belongs to a block waits for its end.

        Raises:
            UnsoundBlock: a block grows too long, or is none; nothing may be read after that.
            FrameFlood: there are too many frames; nor after that.
        """
        if self._rest:
            data = self._rest + data
            self._rest = b""
        at, end = self._skip, len(data)
        passed = 0 if self._block_frames else at
        self.open = False
        left = min(_FRAMES_STORED, self._frames_left) + (end >> _BYTES_A_FRAME_SHIFT)
        while at + _HEAD_BYTES <= end:
            length = data[at] << 16 | data[at + 1] << 8 | data[at + 2]
            kind = data[at + 3]
            follows = at + _HEAD_BYTES + length
            if (kind == _CONTINUATION) != (self._block_frames > 0):
                raise UnsoundBlock
            if kind in (_HEADERS, _CONTINUATION):
                if self._block_bytes + length > self._most_bytes or self._block_frames >= self._most_frames:
                    raise UnsoundBlock
                if follows > end:
                    self.open = True
                    break
                left += self._block(data, at, length)
            left -= 1
            if left < 0:
                raise FrameFlood
            at = follows
            if not self._block_frames:
                passed = at
        self._frames_left = left
        if passed >= end and not self._held:  # as nearly always
            self._skip = passed - end
            return data
        return self._divided(data, passed, at)

    def _divided(self, data: bytes, passed: int, at: int) -> bytes:
        """What may be passed on; the rest is kept: whole frames up to ``at``, and the beginning of one."""
        end = len(data)
        self._skip = max(0, at - end)
        self.open = self.open or self._block_frames > 0
        self._rest = data[at:]
        if self._block_frames and not passed:
            self._held += data[:at]
            return b""
        ready = self._held + data[:passed]
        self._held = data[passed:at]
        return ready

    def _block(self, data: bytes, at: int, length: int) -> int:
        """A whole frame of a block, with its head at ``at``; how many frames it adds to the store."""
        kind, flags = data[at + 3], data[at + 4]
        ends = flags & _END_HEADERS
        if kind == _HEADERS and flags & _AROUND and (flags & _PADDED or length < _PRIORITY_BYTES):
            raise UnsoundBlock
        if not ends or self._block_frames or length > self._most_fields:  # no field is shorter than a byte
            begin = at + _HEAD_BYTES
            self._count(data[begin + _PRIORITY_BYTES * (kind == _HEADERS and flags & _PRIORITY > 0) : begin + length])
        if ends:
            self.blocks += 1
            self._block_bytes = self._block_frames = 0
            self._fields = None
            return _FRAMES_A_BLOCK
        self._block_bytes += length
        self._block_frames += 1
        return 0

    def _count(self, fragment: bytes) -> None:
        if self._fields is None:
            self._fields = FieldCount(self._most_fields)
        try:
            self._fields.add(fragment)
        except TooManyFields as error:
            raise UnsoundBlock from error

"""How many header fields a compressed block holds (HPACK, RFC 7541), without decompressing one.

A single byte may stand for a field of any size, so a reader's cost is in their number. Names and values are skipped,
and no table is kept.
"""

_CONTINUES = 0x80
_LONGEST_SHIFT = 28
_LITERAL = 0x40


class TooManyFields(Exception):
    """More fields than a block may have, or a number in it that no field needs."""


class FieldCount:
    """Of one block, whose bytes come in pieces; at most ``most``, changes of the table's size among them."""

    __slots__ = ("_begun", "_most", "number")

    def __init__(self, most: int) -> None:
        self._most = most
        self._begun = b""  # of a field that has not come whole
        self.number = 0

    def add(self, piece: bytes) -> None:
        """The next bytes, wherever they are cut.

        Raises:
            TooManyFields: nothing may be added after that.
        """
        data = self._begun + piece
        at, end = 0, len(data)
        while at < end:
            try:
                follows = _after_field(data, at)
            except IndexError:
                break
            if follows > end:
                break
            at = follows
            self.number += 1
            if self.number > self._most:
                raise TooManyFields
        self._begun = data[at:]


def _after_field(data: bytes, at: int) -> int:
    """Where the next field begins, which may be beyond the end; raises ``IndexError`` where a length is cut."""
    first = data[at]
    if first & 0x80:  # indexed
        return _number(data, at, 0x7F)[1]
    if first & 0xE0 == 0x20:  # noqa: PLR2004 - a change of the table's size
        return _number(data, at, 0x1F)[1]
    name, at = _number(data, at, 0x3F if first & _LITERAL else 0x0F)
    for _ in range(1 if name else 2):  # a name that is no index, and the value
        length, at = _number(data, at, 0x7F)
        at += length
    return at


def _number(data: bytes, at: int, mask: int) -> tuple[int, int]:
    """An integer that begins in the bits of ``mask`` (section 5.1), and where it ends."""
    value = data[at] & mask
    at += 1
    if value < mask:
        return value, at
    shift = 0
    while True:
        byte = data[at]
        at += 1
        value += (byte & 0x7F) << shift
        if not byte & _CONTINUES:
            return value, at
        shift += 7
        if shift > _LONGEST_SHIFT:
            raise TooManyFields

"""Values of many records at once: the n-th of each is read by the same few array operations, not one record after the
other.

Records are MessagePack, whose first byte tells what a value is and how long. Reading them as Python objects costs
several times what all else costs that is done to them. It must not know what the values mean.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import numpy
import numpy.typing
import pyarrow

Places = numpy.typing.NDArray[numpy.int64]
Mask = numpy.typing.NDArray[numpy.bool_]
_Bytes = numpy.typing.NDArray[numpy.uint8]

_NIL, _FLOAT, _BIN8, _STR8, _FIXED_STR, _ARRAY16, _ARRAY32 = 0xC0, 0xCB, 0xC4, 0xD9, 0xA0, 0xDC, 0xDD
_FIXED_ARRAY, _ARRAY_COUNT = 0x90, 0x0F
_LONGEST_HEAD = 16
_INTEGERS = {0xCC: ">u1", 0xCD: ">u2", 0xCE: ">u4", 0xCF: ">u8", 0xD0: ">i1", 0xD1: ">i2", 0xD2: ">i4", 0xD3: ">i8"}
_COUNTED = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}
"""Kinds whose length is said in so many bytes behind the first: bytes and texts."""


class NotPackedSo(Exception):
    """A value is not what is expected in its place."""


class Values(NamedTuple):
    """One value of each record: its first byte, where its content begins, how many bytes that has."""

    kinds: _Bytes
    starts: Places
    lengths: Places

    @property
    def ends(self) -> Places:
        """Where the values behind these begin."""
        return self.starts + self.lengths

    @property
    def missing(self) -> Mask:
        """Which are nil."""
        missing: Mask = self.kinds == _NIL
        return missing


def _heads() -> tuple[Places, Places]:
    """By first byte: bytes of the head, and of the content where they do not depend on the record; -1: no such value
    is read here."""
    heads, contents = numpy.ones(256, numpy.int64), numpy.full(256, -1, numpy.int64)
    contents[:0x80] = contents[0xE0:] = contents[[_NIL, 0xC2, 0xC3]] = 0
    contents[_FIXED_STR:_NIL] = numpy.arange(_NIL - _FIXED_STR)
    contents[_FLOAT] = 8
    for kind, typed in _INTEGERS.items():
        contents[kind] = numpy.dtype(typed).itemsize
    for kind, counted in _COUNTED.items():
        heads[kind], contents[kind] = 1 + counted, 0
    return heads, contents


_HEADS, _CONTENTS = _heads()


class PackedRecords:
    """Records that lie one behind the other, read from the left: each call reads the next value of all of them."""

    def __init__(self, records: Sequence[Any]) -> None:
        self._content = b"".join((*records, bytes(_LONGEST_HEAD)))  # so that nothing is read behind the last
        self._bytes: _Bytes = numpy.frombuffer(self._content, numpy.uint8)
        lengths = numpy.fromiter(map(len, records), numpy.int64, len(records))
        self._limits: Places = numpy.cumsum(lengths)
        self._places: Places = self._limits - lengths

    def arrays(self) -> Places:
        """The next values are arrays: their lengths. Their items are what is read next.

        Raises:
            NotPackedSo: one is none.
        """
        kinds = self._bytes[self._places]
        counts = (kinds & _ARRAY_COUNT).astype(numpy.int64)
        heads = numpy.ones(len(kinds), numpy.int64)
        for kind, typed in ((_ARRAY16, ">u2"), (_ARRAY32, ">u4")):
            these = kinds == kind
            if these.any():
                counts[these] = self._numbers(self._places[these] + 1, typed)
                heads[these] += numpy.dtype(typed).itemsize
        _expect((kinds & ~numpy.uint8(_ARRAY_COUNT) == _FIXED_ARRAY) | (heads > 1))
        self._places = self._places + heads
        return counts

    def values(self) -> Values:
        """The next values, of any kind but arrays and maps.

        Raises:
            NotPackedSo: one is of these, or ends behind its record.
        """
        kinds = self._bytes[self._places]
        starts, lengths = self._places + _HEADS[kinds], _CONTENTS[kinds]
        _expect(lengths >= 0)
        for kind in _COUNTED.keys() & set(numpy.flatnonzero(numpy.bincount(kinds, minlength=256)).tolist()):
            these = kinds == kind
            lengths[these] = self._numbers(self._places[these] + 1, f">u{_COUNTED[kind]}")
        self._places = starts + lengths
        _expect(self._places <= self._limits)
        return Values(kinds, starts, lengths)

    def end(self) -> None:
        """Nothing is left to be read.

        Raises:
            NotPackedSo: something is.
        """
        _expect(self._places == self._limits)

    def numbers(self, values: Values, typed: str = "<f8") -> Any:
        """Values as numbers of a numpy type; whatever stands where one is missing.

        Raises:
            NotPackedSo: one is neither a number nor missing.
        """
        kinds = values.kinds
        small = (kinds < 0x80) | (kinds >= 0xE0)  # noqa: PLR2004 - the number itself, from -32 to 127
        found = numpy.where(small, kinds.view(numpy.int8), 0).astype(typed)
        known = small | values.missing
        wide = {_FLOAT: ">f8", **_INTEGERS} if typed == "<f8" else _INTEGERS
        for kind in wide.keys() & set(numpy.flatnonzero(numpy.bincount(kinds, minlength=256)).tolist()):
            these = kinds == kind
            found[these] = self._numbers(values.starts[these], wide[kind])
            known |= these
        _expect(known)
        return found

    def texts(self, values: Values) -> pyarrow.Array:
        """Values as texts; a number, which is none, as Python writes it.

        Raises:
            NotPackedSo: one is neither.
        """
        kinds = values.kinds
        texts = (kinds & 0xE0 == _FIXED_STR) | ((kinds >= _STR8) & (kinds <= 0xDB))  # noqa: PLR2004 - its longer kinds
        if (texts | values.missing).all():
            try:
                return self._binary(values, pyarrow.binary()).cast(pyarrow.string())
            except pyarrow.ArrowInvalid as error:  # no UTF-8
                raise NotPackedSo from error
        return pyarrow.array(self._as_python(values), pyarrow.string())

    def hashes(self, values: Values, size: int) -> pyarrow.Array:
        """Values as bytes of one length.

        Raises:
            NotPackedSo: one is of another kind or length.
        """
        present = (values.kinds == _BIN8) & (values.lengths == size)
        _expect(present | values.missing)
        content = self._bytes[numpy.where(present, values.starts, 0)[:, None] + numpy.arange(size)]
        return pyarrow.Array.from_buffers(
            pyarrow.binary(size), len(present), [_bits(present), pyarrow.py_buffer(content)], int((~present).sum())
        )

    def _numbers(self, starts: Places, typed: str) -> Any:
        """What stands at places as one of numpy's types."""
        width = numpy.dtype(typed).itemsize
        return numpy.lib.stride_tricks.sliding_window_view(self._bytes, width)[starts].view(typed)[:, 0]

    def _binary(self, values: Values, typed: pyarrow.DataType) -> pyarrow.Array:
        """Contents one behind the other, as Arrow has them."""
        offsets = numpy.zeros(len(values.starts) + 1, numpy.int32)
        numpy.cumsum(values.lengths, out=offsets[1:])
        places = numpy.repeat(values.starts.astype(numpy.int32) - offsets[:-1], values.lengths)
        places += numpy.arange(len(places), dtype=numpy.int32)
        buffers = [pyarrow.py_buffer(offsets), pyarrow.py_buffer(self._bytes.take(places))]
        missing = values.missing
        return pyarrow.Array.from_buffers(typed, len(missing), [_bits(~missing), *buffers], int(missing.sum()))

    def _as_python(self, values: Values) -> list[str | None]:
        """One by one: what is no text where texts are expected is rare."""
        ends, found = values.ends, []
        for start, end in zip((values.starts - _HEADS[values.kinds]).tolist(), ends.tolist(), strict=True):
            value = msgspec.msgpack.decode(self._content[start:end])
            if not isinstance(value, (str, int, float, type(None))) or isinstance(value, bool):
                raise NotPackedSo
            found.append(None if value is None or value != value else str(value))  # noqa: PLR0124 - NaN
        return found


def _bits(present: Mask) -> pyarrow.Buffer:
    """A mask as Arrow has it."""
    return pyarrow.py_buffer(numpy.packbits(present, bitorder="little"))


def _expect(sound: Mask) -> None:
    if not sound.all():
        raise NotPackedSo

"""Fields of a compressed block are counted in every form that they may have, wherever their bytes are cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_serving.web.header_fields import FieldCount, TooManyFields


def number(value: int, bits: int, first: int) -> bytes:
    """RFC 7541, section 5.1."""
    most = 2**bits - 1
    if value < most:
        return bytes([first | value])
    content, value = bytearray([first | most]), value - most
    while value >= 128:
        content.append(value % 128 + 128)
        value //= 128
    return bytes([*content, value])


def text(content: bytes, huffman: int = 0) -> bytes:
    """Section 5.2; whether it is compressed changes nothing here."""
    return number(len(content), 7, huffman) + content


INDICES = st.sampled_from([1, 14, 15, 30, 31, 62, 63, 126, 127, 128, 300, 2**20])
TEXTS = st.builds(
    text, st.sampled_from([b"", b"x", b"\xff" * 126, b"\xbe" * 127, bytes(128), bytes(400)]), st.sampled_from([0, 0x80])
)
LITERALS = st.sampled_from([(6, 0x40), (4, 0x00), (4, 0x10)])
FIELD = st.one_of(
    st.builds(lambda index: number(index, 7, 0x80), INDICES),
    st.builds(lambda size: number(size, 5, 0x20), INDICES),
    st.builds(lambda form, index, value: number(index, *form) + value, LITERALS, INDICES, TEXTS),
    st.builds(lambda form, name, value: number(0, *form) + name + value, LITERALS, TEXTS, TEXTS),
)


@given(st.lists(FIELD, max_size=30), st.lists(st.integers(1, 200), min_size=1, max_size=8))
def test_fields_are_counted_however_their_bytes_are_cut(fields: list[bytes], cuts: list[int]) -> None:
    for most in (len(fields), len(fields) - 1):
        count = FieldCount(most)
        content = b"".join(fields)
        at = turn = 0
        try:
            while at < len(content):
                size = cuts[turn % len(cuts)]
                count.add(content[at : at + size])
                at, turn = at + size, turn + 1
        except TooManyFields:
            assert most < len(fields)
        else:
            assert count.number == len(fields) == most or not fields


@pytest.mark.parametrize("first", [0x80 | 0x7F, 0x40 | 0x3F, 0x20 | 0x1F, 0x10 | 0x0F, 0x0F])
def test_a_number_without_end_is_none(first: int) -> None:
    count = FieldCount(10)
    with pytest.raises(TooManyFields):
        count.add(bytes([first]) + b"\x80" * 100)


def test_a_field_that_has_not_come_whole_is_not_counted() -> None:
    count = FieldCount(10)
    count.add(b"\x82" + b"\x40" + text(b"x-name") + number(20, 7, 0) + b"half of it")
    assert count.number == 1
    count.add(b"the second")
    assert count.number == 2

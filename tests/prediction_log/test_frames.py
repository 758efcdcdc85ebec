"""Whatever a crash or a loss of power makes of a segment, what was written before is read, and no more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_model.prediction_log.frames import HEADER, MAXIMUM_CONTENT, frame, frames
from churn_model.prediction_log.records import UnreadableNote, decode_note

CONTENTS = st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=6)


def read(content: bytes) -> list[bytes]:
    return frames(content).contents


@given(CONTENTS, st.data())
def test_a_file_that_is_cut_anywhere_gives_the_records_before_the_cut(
    contents: list[bytes], data: st.DataObject
) -> None:
    pieces = [HEADER, *map(frame, contents)]
    whole = b"".join(pieces)
    cut = data.draw(st.integers(0, len(whole)))
    ends = [sum(map(len, pieces[: index + 1])) for index in range(1, len(pieces))]
    assert read(whole[:cut]) == contents[: sum(end <= cut for end in ends)]


@given(CONTENTS, st.data())
def test_a_changed_byte_ends_the_reading_before_its_record(contents: list[bytes], data: st.DataObject) -> None:
    whole = bytearray(HEADER + b"".join(map(frame, contents)))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    found = read(bytes(whole))
    assert found == contents[: len(found)]
    assert len(found) < len(contents)


@given(CONTENTS, st.binary(max_size=60))
def test_whatever_follows_takes_nothing_away(contents: list[bytes], rest: bytes) -> None:
    assert read(HEADER + b"".join(map(frame, contents)) + rest)[: len(contents)] == contents


def test_a_length_that_is_none_is_not_waited_for() -> None:
    huge = (MAXIMUM_CONTENT + 1).to_bytes(4, "little") + bytes(4)
    assert read(HEADER + frame(b"one") + huge + bytes(100)) == [b"one"]


@pytest.mark.parametrize("content", [b"", b"\xc0", b"\x91\x09", b"\x93\x01\x00\x00", b"{}"], ids=range(5))
def test_what_is_no_record_is_said(content: bytes) -> None:
    with pytest.raises(UnreadableNote):
        decode_note(content)

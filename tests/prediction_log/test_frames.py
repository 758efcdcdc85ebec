"""Whatever a crash, a loss of power or a disk makes of a segment, what is whole in it is read, and no more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_model.prediction_log.frames import HEADER, MAXIMUM_CONTENT, AnotherVersion, frame, frames
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
def test_a_changed_byte_costs_its_own_record_alone(contents: list[bytes], data: st.DataObject) -> None:
    whole = bytearray(HEADER + b"".join(map(frame, contents)))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    if HEADER[:-2] == whole[: len(HEADER) - 2] and chr(whole[len(HEADER) - 2]).isdigit() and place == len(HEADER) - 2:
        with pytest.raises(AnotherVersion):
            frames(bytes(whole))
        return
    found = frames(bytes(whole))
    pieces = [len(HEADER), *(len(frame(each)) for each in contents)]
    struck = next(number for number in range(len(pieces)) if place < sum(pieces[: number + 1]))
    assert found.contents == [each for number, each in enumerate(contents, 1) if number != struck]
    assert found.broken == pieces[struck]


@given(CONTENTS, CONTENTS, st.binary(min_size=1, max_size=60))
def test_what_stands_behind_a_broken_place_is_read(before: list[bytes], after: list[bytes], broken: bytes) -> None:
    whole = HEADER + b"".join(map(frame, before)) + broken + bytes(5000) + b"".join(map(frame, after))
    assert read(whole) == before + after


def test_a_segment_of_a_version_to_come_is_no_broken_one() -> None:
    with pytest.raises(AnotherVersion):
        frames(b"churn predictions 2\n" + bytes(100))


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

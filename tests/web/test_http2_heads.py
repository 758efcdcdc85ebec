"""Frames are followed wherever their bytes are cut, and a block of fields goes on when it is whole, or never."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_serving.web.http2_heads import FrameFlood, FrameHeads, UnsoundBlock

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, SETTINGS, CONTINUATION = 0, 1, 2, 4, 9
END_HEADERS, PADDED, PRIORITIZED = 4, 8, 0x20
MOST_BYTES, MOST_FRAMES, MOST_FIELDS = 1000, 4, 20
Frame = tuple[int, int, int]


def frame(kind: int, flags: int, length: int) -> bytes:
    """RFC 9113, section 4.1; what it carries looks like the head of an endless block."""
    carried = (b"\x00\x00\x09\x09\x00" * (length // 5 + 1))[:length]
    return length.to_bytes(3, "big") + bytes([kind, flags, 0, 0, 0, 1]) + carried


def heads(most_fields: int = MOST_BYTES) -> FrameHeads:
    return FrameHeads(MOST_BYTES, MOST_FRAMES, most_fields)


def followed(frames: list[Frame]) -> tuple[int, bool, int] | None:
    """Blocks that are whole, whether another is open, and the frames before it, the plain way; None: too long."""
    blocks, is_open, size, count, passed = 0, False, 0, 0, 0
    for number, (kind, flags, length) in enumerate(frames, 1):
        if is_open != (kind == CONTINUATION):
            return None
        if kind in (HEADERS, CONTINUATION):
            size, count = (size + length, count + 1) if is_open else (length, 1)
            if size > MOST_BYTES or count > MOST_FRAMES:
                return None
            is_open = not flags & END_HEADERS
            blocks += not is_open
        passed = passed if is_open else number
    return blocks, is_open, passed


FRAMES = st.lists(
    st.tuples(
        st.sampled_from([DATA, HEADERS, PRIORITY, SETTINGS, CONTINUATION]),
        st.sampled_from([0, END_HEADERS, 1, 1 | END_HEADERS]),
        st.sampled_from([0, 1, 8, 9, 250, 500, 1000, 1001, 70_000]),
    ),
    max_size=12,
)
BLOCK = st.builds(
    lambda lengths: [
        (CONTINUATION if number else HEADERS, END_HEADERS if number == len(lengths) - 1 else 0, length)
        for number, length in enumerate(lengths)
    ],
    st.lists(st.sampled_from([0, 1, 9, 250]), min_size=1, max_size=MOST_FRAMES),
)
OTHERS = st.lists(st.tuples(st.sampled_from([DATA, SETTINGS]), st.just(0), st.sampled_from([0, 9, 70_000])), max_size=3)
SOUND = st.lists(st.one_of(BLOCK, OTHERS), max_size=6).map(lambda parts: [each for part in parts for each in part])


@given(st.one_of(FRAMES, SOUND), st.lists(st.integers(1, 3000), min_size=1, max_size=8))
def test_frames_are_followed_however_their_bytes_are_cut(frames: list[Frame], cuts: list[int]) -> None:
    reading = heads()
    pieces = [frame(*each) for each in frames]
    content = PREFACE + b"".join(pieces)
    expected = followed(frames)
    passed = b""
    at = turn = 0
    try:
        while at < len(content):
            size = cuts[turn % len(cuts)]
            passed += reading.read(content[at : at + size])
            at, turn = at + size, turn + 1
            assert content.startswith(passed)
    except UnsoundBlock:
        assert expected is None
        return
    assert expected is not None
    blocks, is_open, whole = expected
    assert (reading.blocks, reading.open) == (blocks, is_open)
    assert passed == PREFACE + b"".join(pieces[:whole])


def test_each_byte_may_come_alone() -> None:
    reading = heads()
    before, block = PREFACE + frame(SETTINGS, 0, 18), frame(HEADERS, 0, 30) + frame(CONTINUATION, END_HEADERS, 5)
    passed = b"".join(reading.read(bytes([byte])) for byte in before + block[:-1])
    assert passed == before
    assert (reading.blocks, reading.open) == (0, True)
    assert reading.read(block[-1:]) == block
    assert (reading.blocks, reading.open) == (1, False)


@pytest.mark.parametrize(
    ("first", "more", "borne"),
    [
        pytest.param(MOST_BYTES, [], True, id="as many bytes as may be"),
        pytest.param(MOST_BYTES + 1, [], False, id="one byte more"),
        pytest.param(MOST_BYTES - 5, [5], True, id="as many bytes over two frames"),
        pytest.param(MOST_BYTES - 5, [6], False, id="one byte more over two frames"),
        pytest.param(1, [0] * (MOST_FRAMES - 1), True, id="as many frames as may be"),
        pytest.param(1, [0] * MOST_FRAMES, False, id="one frame more"),
    ],
)
def test_a_block_has_so_many_bytes_and_frames(first: int, more: list[int], *, borne: bool) -> None:
    reading = heads()
    content = PREFACE + frame(HEADERS, 0, first) + b"".join(frame(CONTINUATION, 0, length) for length in more)
    if borne:
        reading.read(content)
        assert reading.open
        return
    with pytest.raises(UnsoundBlock):
        reading.read(content)


def test_the_next_block_starts_anew() -> None:
    reading = heads()
    block = frame(HEADERS, 0, 500) + frame(CONTINUATION, END_HEADERS, 500)
    assert reading.read(PREFACE + block * 20) == PREFACE + block * 20
    assert (reading.blocks, reading.open) == (20, False)


def fields(
    count: int, flags: int = END_HEADERS, kind: int = HEADERS, around: tuple[bytes, bytes] = (b"", b"")
) -> bytes:
    """A frame of so many fields of a byte each."""
    payload = around[0] + b"\xbe" * count + around[1]
    return len(payload).to_bytes(3, "big") + bytes([kind, flags, 0, 0, 0, 1]) + payload


@pytest.mark.parametrize("more", [0, 1])
@pytest.mark.parametrize(
    "block",
    [
        pytest.param(fields, id="in one frame"),
        pytest.param(lambda count: fields(count, 0), id="in a block that does not end"),
        pytest.param(
            lambda count: fields(1, 0) + fields(0, 0, CONTINUATION) + fields(count - 1, END_HEADERS, CONTINUATION),
            id="over three frames",
        ),
        pytest.param(
            lambda count: fields(count, END_HEADERS | PRIORITIZED, around=(b"\xff" * 5, b"")), id="with priority"
        ),
        pytest.param(
            lambda count: fields(0, PRIORITIZED, around=(b"\xff" * 5, b"")) + fields(count, END_HEADERS, CONTINUATION),
            id="behind priority",
        ),
    ],
)
def test_a_block_has_so_many_fields(block: Callable[[int], bytes], more: int) -> None:
    reading = heads(MOST_FIELDS)
    content = PREFACE + fields(MOST_FIELDS) + block(MOST_FIELDS + more)
    if more:
        with pytest.raises(UnsoundBlock):
            reading.read(content)
    else:
        assert content.startswith(reading.read(content))


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(fields(1, END_HEADERS | PADDED, around=(b"\x02", bytes(2))), id="padded"),
        pytest.param(fields(500, END_HEADERS | PADDED, around=(b"\xff", b"")), id="more padding than there is"),
        pytest.param(fields(0, END_HEADERS | PADDED), id="padded without its length"),
        pytest.param(
            fields(1, END_HEADERS | PADDED | PRIORITIZED, around=(b"\0" * 6, b"")), id="padded, with priority"
        ),
        pytest.param(fields(4, END_HEADERS | PRIORITIZED), id="part of a priority"),
        pytest.param(fields(3, PRIORITIZED) + fields(20, END_HEADERS, CONTINUATION), id="a priority in two frames"),
    ],
)
def test_what_two_readers_could_take_for_other_fields_is_no_block(block: bytes) -> None:
    with pytest.raises(UnsoundBlock):
        heads().read(PREFACE + block)


def test_padding_means_nothing_in_what_goes_on() -> None:
    content = PREFACE + fields(1, 0) + fields(1, END_HEADERS | PADDED | PRIORITIZED, CONTINUATION)
    assert heads().read(content) == content, "RFC 9113 gives these bits no meaning there"


CRUMBS = {
    "settings": frame(SETTINGS, 0, 0),
    "their answers": frame(SETTINGS, 1, 0),
    "pings": frame(6, 0, 8),
    "priorities": frame(PRIORITY, 0, 5),
    "windows": frame(8, 0, 4),
    "resets": frame(3, 0, 4),
    "empty data": frame(DATA, 0, 0),
    "unknown": frame(99, 0, 0),
}


def floods(reading: FrameHeads, pieces: list[bytes]) -> bool:
    try:
        for piece in pieces:
            reading.read(piece)
    except FrameFlood:
        return True
    return False


@pytest.mark.parametrize("crumb", CRUMBS.values(), ids=CRUMBS)
@pytest.mark.parametrize("at_once", [1, 50, 5000])
def test_frames_that_carry_nothing_come_to_an_end(crumb: bytes, at_once: int) -> None:
    reading = heads()
    reading.read(PREFACE)
    assert floods(reading, [crumb * at_once] * (2000 // at_once + 1))


def test_calls_and_what_they_carry_pay_for_the_frames_around_them() -> None:
    reading = heads()
    call = fields(20) + frame(DATA, 1, 300) + CRUMBS["windows"] * 4 + CRUMBS["pings"] * 4 + CRUMBS["settings"] * 2
    large = fields(20) + frame(DATA, 0, 16_384) * 64 + CRUMBS["windows"] * 400
    for content in (PREFACE, *[call] * 2000, *[large] * 20, *[call * 30] * 100):
        assert reading.read(content) == content


def test_what_is_stored_is_not_more_for_a_long_life() -> None:
    reading = heads()
    reading.read(PREFACE + (fields(20) + frame(DATA, 1, 3000)) * 5000)
    assert floods(reading, [CRUMBS["pings"] * 50] * 30)


@pytest.mark.parametrize("kind", [DATA, HEADERS, PRIORITY, SETTINGS])
def test_nothing_stands_within_a_block(kind: int) -> None:
    with pytest.raises(UnsoundBlock):
        heads().read(PREFACE + frame(HEADERS, 0, 9) + frame(kind, END_HEADERS, 9))


def test_what_follows_no_block_is_none_of_one() -> None:
    with pytest.raises(UnsoundBlock):
        heads().read(PREFACE + frame(HEADERS, END_HEADERS, 9) + frame(CONTINUATION, END_HEADERS, 9))

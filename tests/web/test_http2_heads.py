"""Frames are followed wherever their bytes are cut, and a block of fields that grows too long is noticed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_serving.web.http2_heads import EndlessBlock, FrameHeads

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, SETTINGS, CONTINUATION = 0, 1, 2, 4, 9
END_HEADERS, MOST_BYTES, MOST_FRAMES = 4, 1000, 4
Frame = tuple[int, int, int]


def frame(kind: int, flags: int, length: int) -> bytes:
    """RFC 9113, section 4.1; what it carries looks like the head of an endless block."""
    carried = (b"\x00\x00\x09\x09\x00" * (length // 5 + 1))[:length]
    return length.to_bytes(3, "big") + bytes([kind, flags, 0, 0, 0, 1]) + carried


def followed(frames: list[Frame]) -> list[tuple[int, bool]] | None:
    """Blocks begun and whether one is open after each frame, the plain way; None as last: too long."""
    blocks, is_open, size, count, found = 0, False, 0, 0, []
    for kind, flags, length in frames:
        if kind == HEADERS:
            blocks, size, count = blocks + 1, 0, 0
        if kind in (HEADERS, CONTINUATION):
            is_open, size, count = not flags & END_HEADERS, size + length, count + 1
            if size > MOST_BYTES or count > MOST_FRAMES:
                return None
        found.append((blocks, is_open))
    return found


FRAMES = st.lists(
    st.tuples(
        st.sampled_from([DATA, HEADERS, PRIORITY, SETTINGS, CONTINUATION]),
        st.sampled_from([0, END_HEADERS, 1, 1 | END_HEADERS]),
        st.sampled_from([0, 1, 8, 9, 250, 500, 1000, 1001, 70_000]),
    ),
    max_size=12,
)


@given(FRAMES, st.lists(st.integers(1, 3000), min_size=1, max_size=8))
def test_frames_are_followed_however_their_bytes_are_cut(frames: list[Frame], cuts: list[int]) -> None:
    heads = FrameHeads(MOST_BYTES, MOST_FRAMES)
    content = PREFACE + b"".join(frame(*each) for each in frames)
    expected = followed(frames)
    at = turn = 0
    try:
        while at < len(content):
            size = cuts[turn % len(cuts)]
            heads.read(content[at : at + size])
            at, turn = at + size, turn + 1
    except EndlessBlock:
        assert expected is None
        return
    assert expected is not None
    assert (heads.blocks, heads.open) == (expected[-1] if expected else (0, False))


def test_each_byte_may_come_alone() -> None:
    heads = FrameHeads(MOST_BYTES, MOST_FRAMES)
    for byte in PREFACE + frame(SETTINGS, 0, 18) + frame(HEADERS, 0, 30) + frame(CONTINUATION, END_HEADERS, 5):
        heads.read(bytes([byte]))
    assert (heads.blocks, heads.open) == (1, False)


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
    heads = FrameHeads(MOST_BYTES, MOST_FRAMES)
    content = PREFACE + frame(HEADERS, 0, first) + b"".join(frame(CONTINUATION, 0, length) for length in more)
    if borne:
        heads.read(content)
        assert heads.open
        return
    with pytest.raises(EndlessBlock):
        heads.read(content)


def test_the_next_block_starts_anew() -> None:
    heads = FrameHeads(MOST_BYTES, MOST_FRAMES)
    block = frame(HEADERS, 0, 500) + frame(CONTINUATION, END_HEADERS, 500)
    heads.read(PREFACE + block * 20)
    assert (heads.blocks, heads.open) == (20, False)

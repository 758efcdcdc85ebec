"""Coded cells are the cells that they were made of, whatever is asked of them."""

from collections import Counter

import numpy
from hypothesis import given
from hypothesis import strategies as st

from churn_data.coded_cells import CodedCells, coded

cells = st.lists(st.one_of(st.none(), st.sampled_from(["a", "b", "", "ä", "1"])), min_size=1, max_size=30)


@given(cells)
def test_they_are_a_sequence_of_cells(texts: list[str | None]) -> None:
    found = coded(texts)
    assert list(found) == texts
    assert [found[place] for place in range(len(found))] == texts
    assert list(found[1:3]) == texts[1:3]
    assert coded(found) is found
    assert found.known.tolist() == [text is not None for text in texts]
    counted = Counter(text for text in texts if text is not None)
    assert list(found.found().items()) == list(
        dict.fromkeys((text, counted[text]) for text in texts if text is not None)
    )
    assert found.taken(found.first).tolist() == [texts.index(text) for text in texts]
    if counted:
        assert found.first_of({*counted}) == next(row for row, text in enumerate(texts) if text is not None)
    assert found.objects("?").tolist() == ["?" if text is None else text for text in texts]


@given(cells, st.integers(0, 100))
def test_levels_that_become_alike_are_one(texts: list[str | None], seed: int) -> None:
    found = coded(texts).become([None if text in ("", None) else text.upper() for text in coded(texts).levels])
    expected = [text.upper() if text else None for text in texts]
    assert list(found) == expected
    rows = numpy.random.default_rng(seed).integers(0, len(texts), 5)
    assert list(found.take(rows)) == [expected[row] for row in rows]
    assert list(CodedCells(["x", None, "x"], numpy.array([0, 1, 2])).found().items()) == [("x", 2)]

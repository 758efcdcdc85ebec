"""Numbers that share a number come out as they went in."""

from hypothesis import given, settings
from hypothesis import strategies as st

from churn_monitoring.outcomes.database import Database
from churn_monitoring.outcomes.packing import Field, words_of
from tests.outcomes.answered import LIMITS


@st.composite
def numbers(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Sizes, and a number below each."""
    sizes = draw(st.lists(st.one_of(st.integers(1, 40), st.integers(2**15, 2**41)), min_size=1, max_size=12))
    return [(size, draw(st.one_of(st.just(size - 1), st.integers(0, size - 1)))) for size in sizes]


@settings(max_examples=30)
@given(numbers())
def test_fields_come_out_as_they_went_in(given_numbers: list[tuple[int, int]]) -> None:
    words = words_of(Field(f"f{place}", f"{value}::BIGINT", size) for place, (size, value) in enumerate(given_numbers))
    packed = ", ".join(f"{word.packed} AS w{place}" for place, word in enumerate(words))
    unpacked = dict(each for place, word in enumerate(words) for each in word.unpacked(f"w{place}"))
    columns = ", ".join(unpacked[f"f{place}"] for place in range(len(given_numbers)))
    with Database(LIMITS, "numbers") as database:
        assert database.row(f"SELECT {columns} FROM (SELECT {packed})") == tuple(value for _, value in given_numbers)


def test_what_fits_into_one_number_needs_no_other() -> None:
    assert len(words_of([Field("score", "0", 2**40 + 1), Field("churned", "0", 2), Field("segment", "0", 2**16)])) == 1
    assert len(words_of([Field("a", "0", 2**40), Field("b", "0", 2**40)])) == 2

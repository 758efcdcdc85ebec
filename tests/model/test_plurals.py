"""So many of something, as people write it."""

import pytest

from churn_model.plurals import counted


@pytest.mark.parametrize(
    ("count", "words", "said"),
    [
        (0, ("day",), "0 days"),
        (1, ("day",), "1 day"),
        (1.0, ("day",), "1 day"),
        (2.5, ("day",), "2.5 days"),
        (2, ("process", "processes"), "2 processes"),
        (1, ("process", "processes"), "1 process"),
        (1_234_567, ("customer",), "1,234,567 customers"),
    ],
)
def test_one_is_one_and_all_else_is_several(count: float, words: tuple[str, ...], said: str) -> None:
    assert counted(count, *words) == said

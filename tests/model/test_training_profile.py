"""A profile whose parts do not fit each other is refused where it is read."""

from typing import Any

import pytest

from churn_model.training_profile import ColumnProfile

NUMBERS: dict[str, Any] = {"cuts": (1.0, 2.0), "counts": (5, 0, 7, 1)}
LEVELS: dict[str, Any] = {"category": True, "levels": ("a", "b"), "counts": (5, 0, 7, 1, 0)}


@pytest.mark.parametrize(
    "parts",
    [
        NUMBERS,
        LEVELS,
        {"counts": (0, 0)},
        {"category": True, "counts": (0, 0, 0)},
        {**NUMBERS, "effects": (0.1, -0.1, 0.0, 0.0), "fitted": (0, 0, 0, 0)},
        {**LEVELS, "fitted": (1, 2, 3, 4, 5)},
    ],
)
def test_what_fits_is_taken(parts: dict[str, Any]) -> None:
    assert ColumnProfile(**parts).rows == sum(parts["counts"])


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ({**NUMBERS, "counts": (5, 0, 7)}, "a column of 4 bins has 3, 0 counts and 0 effects"),
        ({**NUMBERS, "counts": (5, 0, 7, 1, 1)}, "a column of 4 bins has 5"),
        ({**LEVELS, "counts": (5, 0, 7, 1)}, "a column of 5 bins has 4"),
        ({**NUMBERS, "effects": (0.1,)}, "a column of 4 bins has 4, 0 counts and 1 effects"),
        ({**NUMBERS, "fitted": (1, 1, 1, 1, 1)}, "a column of 4 bins has 4, 5 counts"),
        ({**NUMBERS, "counts": (5, 0, 7, -1)}, "a count is below 0, or cuts do not rise"),
        ({**NUMBERS, "fitted": (5, 0, -1, 1)}, "a count is below 0, or cuts do not rise"),
        ({**NUMBERS, "cuts": (2.0, 2.0)}, "a count is below 0, or cuts do not rise"),
        ({**NUMBERS, "cuts": (2.0, 1.0)}, "a count is below 0, or cuts do not rise"),
    ],
)
def test_what_does_not_fit_is_said(parts: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=f"^{problem}"):
        ColumnProfile(**parts)

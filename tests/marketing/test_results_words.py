"""What is said of an effect and of its money: an interval where it says anything, else that there is none, once."""

from math import inf
from typing import Any

import pytest

from churn_campaigns.experiment.plan_wording import TOO_LITTLE
from churn_marketing.plots.effect_interval import effect_interval
from churn_marketing.text.results import bounds, caution, effect_words, net_words


def look(low: float, high: float) -> dict[str, Any]:
    """A look as it is kept, with this interval of the whole plan."""
    plan = {"absolute": 0.031, "interval": (low, high)}
    return {"plan": plan, "level": 0.95, "money": {"net_interval": (-1200.0, 3400.0)}}


@pytest.mark.parametrize("bound", [1.0, 1.7, inf])
def test_an_interval_of_everything_is_none(bound: float) -> None:
    read = look(-bound, bound)
    assert effect_words(read["plan"], 0.95).endswith("; no interval yet")
    assert net_words(read, "$") == "no interval yet"
    assert caution(read).lower() == f"{TOO_LITTLE}."
    low, high = bounds(read["plan"])
    assert "nan" not in effect_interval(low, 0.031, high, "said")


@pytest.mark.parametrize(("low", "high", "anchor"), [(0.1, 0.3, "start"), (-0.3, -0.1, "end"), (-0.1, 0.1, "middle")])
def test_the_word_at_zero_stays_inside_the_picture(low: float, high: float, anchor: str) -> None:
    assert f'text-anchor="{anchor}">no effect' in effect_interval(low, (low + high) / 2, high, "said")


@pytest.mark.parametrize(
    ("low", "high", "ends"),
    [(-0.01, 0.07, "1.0 more to 7.0 fewer"), (0.01, 0.05, "1.0 to 5.0"), (-inf, 0.9, "100.0 more to 90.0 fewer")],
)
def test_an_interval_that_says_something_is_told_with_its_money(low: float, high: float, ends: str) -> None:
    read = look(low, high)
    assert effect_words(read["plan"], 0.95).endswith(f"; 95 % interval {ends}")
    assert net_words(read, "$") == "95 % interval −$1,200 to $3,400"
    assert caution(read) == ""

"""Reasons are few, true to the contributions, and in words that people use."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_model import Row, Schema, SchemaFeature
from churn_model.reasons import NOTICEABLE, reasons

SCHEMA = Schema(
    "sample",
    "customer",
    (
        SchemaFeature("tenure", "number", "months with us"),
        SchemaFeature("Contract", "category", "contract"),
        SchemaFeature("charges", "number"),
        SchemaFeature("Payment", "category", "payment"),
    ),
)
ROW: Row = (2.0, "Month-to-month", math.nan, None)


def test_what_raises_churn_most_comes_first() -> None:
    assert reasons(ROW, [0.3, 0.9, -0.4, 0.049, -1.0], SCHEMA) == [
        "contract: Month-to-month (raises churn)",
        "months with us: 2 (raises churn)",
    ]


def test_missing_values_are_not_known() -> None:
    assert reasons(ROW, [0.0, 0.0, 0.2, 0.1, 5.0], SCHEMA) == [
        "charges: not known (raises churn)",
        "payment: not known (raises churn)",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12.0, "12"), (29.85, "29.85"), (1889.5, "1889.5"), (1234567.0, "1234567"), (100.0, "100"), (0.0, "0"),
        (-3.25, "-3.25"), (0.00012345, "0.000123"), (0.5, "0.5"), (2 / 3, "0.667"), (1e20, "100000000000000000000"),
    ],
)  # fmt: skip
def test_numbers_are_plain(value: float, text: str) -> None:
    assert reasons((value, None, 0.0, None), [1.0, 0, 0, 0, 0], SCHEMA) == [f"months with us: {text} (raises churn)"]


@given(parts=st.lists(st.floats(-3, 3), min_size=5, max_size=5), limit=st.integers(0, 6))
def test_reasons_are_the_largest_noticeable_contributions(parts: list[float], limit: int) -> None:
    labels = ["months with us", "contract", "charges", "payment"]
    named = [parts[labels.index(reason.split(":")[0])] for reason in reasons(ROW, parts, SCHEMA, limit)]
    assert named == sorted((part for part in parts[:-1] if part >= NOTICEABLE), reverse=True)[:limit]

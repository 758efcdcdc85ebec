"""Additive models: curves and levels as plain numbers."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_model.errors import SchemaMismatch
from churn_model.estimators import load_estimator
from churn_model.schema import Schema, SchemaFeature

SCHEMA = Schema(
    "shop", "id", (SchemaFeature("plan", "category", categories=("a", "b")), SchemaFeature("age", "number"))
)
PLAN = {"kind": "category", "table": {"a": 0.5, "b": -0.25}, "missing": 0.125, "unseen": 0.0, "mean": 0.1}
AGE = {
    "kind": "number",
    "breaks": [10.0, 20.0, 40.0],
    "coefficients": [[0.001, 0.0, 0.1, -1.0], [0.0, 0.0, -0.1, 1.0]],
    "missing": 0.75,
    "mean": 0.2,
}


def document(**changes: Any) -> dict[str, Any]:
    return {"format": 1, "intercept": -1.0, "parts": [PLAN, AGE], **changes}


def raw(plan: str | None, age: float) -> float:
    loaded = load_estimator("additive", json.dumps(document()).encode(), SCHEMA)
    return loaded.raw([], [[plan, age]])[0]


@pytest.mark.parametrize(
    ("plan", "age", "expected"),
    [
        ("a", 10.0, -1 + 0.5 - 1.0),
        ("b", 15.0, -1 - 0.25 + (0.001 * 125 + 0.1 * 5 - 1.0)),
        ("a", 20.0, -1 + 0.5 + 1.0),
        ("a", 40.0, -1 + 0.5 - 1.0),
        ("a", 400.0, -1 + 0.5 - 1.0),
        ("a", -7.0, -1 + 0.5 - 1.0),
        (None, 10.0, -1 + 0.125 - 1.0),
        ("never seen", 10.0, -1 + 0.0 - 1.0),
        ("a", math.nan, -1 + 0.5 + 0.75),
    ],
)
def test_levels_curves_ends_and_what_is_not_known(plan: str | None, age: float, expected: float) -> None:
    assert raw(plan, age) == pytest.approx(expected, abs=1e-12)


@given(st.sampled_from(["a", "b", None, "c"]), st.floats(-50, 100) | st.just(math.nan))
def test_contributions_add_up(plan: str | None, age: float) -> None:
    loaded = load_estimator("additive", json.dumps(document()).encode(), SCHEMA)
    (parts,) = loaded.contributions([], [[plan, age]])
    assert len(parts) == 3
    assert sum(parts) == pytest.approx(raw(plan, age), abs=1e-9)
    assert parts[-1] == pytest.approx(-1.0 + 0.1 + 0.2)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"format": 2}, "format"),
        ({"parts": [PLAN]}, "features"),
        ({"parts": [AGE, PLAN]}, "'plan' is not one of a category"),
        ({"parts": [PLAN, {**AGE, "breaks": [10.0, 20.0]}]}, "'age' needs one piece"),
        ({"parts": [PLAN, {**AGE, "breaks": [10.0, 20.0, 20.0]}]}, "'age' must rise"),
        ({"surplus": 1}, "surplus"),
    ],
)
def test_a_document_that_does_not_fit(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(SchemaMismatch, match=rf"additive\.json: .*{problem}"):
        load_estimator("additive", json.dumps(document(**changes)).encode(), SCHEMA)

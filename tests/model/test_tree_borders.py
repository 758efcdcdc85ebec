"""A value that lies on a threshold goes left, a missing one where its node says, in every way that trees are read."""

import json
import math
from typing import Any

import numpy
import pytest

from churn_model.errors import SchemaMismatch
from churn_model.estimators import load_estimator
from churn_model.tree_shapley import MANY
from sample_package import sample_schema

SCHEMA = sample_schema()
THRESHOLD = 0.1
BELOW, ABOVE = math.nextafter(THRESHOLD, -1.0), math.nextafter(THRESHOLD, 1.0)
ANSWERS = {"left": -1.0, "right": 3.0}


def estimator(missing_left: bool | None = None, single: bool | None = False, **changes: Any) -> Any:
    """One tree with one question, of the first feature."""
    tree: dict[str, Any] = {
        "feature": [0, -2, -2], "threshold": [THRESHOLD, 0, 0], "left": [1, -1, -1], "right": [2, -1, -1],
        "value": [0, ANSWERS["left"], ANSWERS["right"]], "cover": [4.0, 1.0, 3.0],
    }  # fmt: skip
    if missing_left is not None:
        tree["missing_left"] = [missing_left, False, False]
    document = {"format": 2, "features": 5, "base": 0.0, "rate": 1.0, "trees": [tree], **changes}
    if single is not None:
        document["single"] = single
    return load_estimator("trees", json.dumps(document).encode(), SCHEMA)


def went(trees: Any, value: float) -> set[str]:
    """Where a customer with this value goes, by an answer alone, one among many thousands, and both explanations."""
    row = [value, 0.0, 0.0, 0.0, 0.0]
    answers = {trees.raw([row], [])[0], *trees.raw([row] * 9000, [])}
    parts = [*trees.contributions([row], []), *trees.contributions([row] * MANY, [])]
    answers |= {round(sum(each), 9) for each in parts}
    return {way for way, answer in ANSWERS.items() if answer in answers}


@pytest.mark.parametrize(
    ("value", "way"),
    [(BELOW, "left"), (THRESHOLD, "left"), (ABOVE, "right"), (-math.inf, "left"), (math.inf, "right")],
)
def test_up_to_its_threshold_a_value_goes_left(value: float, way: str) -> None:
    assert went(estimator(), value) == {way}


@pytest.mark.parametrize(("missing_left", "way"), [(True, "left"), (False, "right"), (None, "right")])
def test_a_missing_value_goes_where_its_node_says(missing_left: bool | None, way: str) -> None:
    assert went(estimator(missing_left), math.nan) == {way}


@pytest.mark.parametrize("single", [True, None])
def test_in_single_precision_what_is_rounded_is_compared(single: bool | None) -> None:
    """Unless a file says otherwise, as forests were always written; 0.1 of single precision lies above 0.1."""
    nearest = float(numpy.float32(THRESHOLD))
    lower = float(numpy.nextafter(numpy.float32(THRESHOLD), numpy.float32(0)))
    assert lower < THRESHOLD < nearest
    trees = estimator(single=single)
    assert went(trees, THRESHOLD) == went(trees, BELOW) == {"right"}
    assert went(trees, lower) == {"left"}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"format": 3}, "format 3 is not known here, expected 2"),
        ({"format": 0}, "format 0 is not known here, expected 2"),
        ({"format": 1}, "format 1 needs `fill`"),
        ({"format": 1, "fill": [0.0]}, "it takes 1 features, the schema has 5"),
        ({"features": 4}, "it takes 4 features, the schema has 5"),
        ({"features": None}, "it takes 0 features, the schema has 5"),
        ({"trees": []}, "it has no trees"),
    ],
)
def test_a_file_of_another_form_is_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(SchemaMismatch, match=rf"^trees\.json: not a usable trees model \({problem}\)$"):
        estimator(**changes)


def spoilt(**columns: list[Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {
        "feature": [0, -2, -2], "threshold": [0.1, 0, 0], "left": [1, -1, -1], "right": [2, -1, -1], "value": [0, 1, 2],
    }  # fmt: skip
    return {"trees": [{**tree, **columns}]}


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({name: [] for name in ("feature", "threshold", "left", "right", "value")}, "a tree has no nodes"),
        *[({name: [0]}, "a tree's columns differ in length") for name in ("threshold", "left", "right", "value")],
        *[({name: [0, -1, -1]}, "node 0 points outside its tree") for name in ("left", "right")],
        *[({name: [3, -1, -1]}, "node 0 points outside its tree") for name in ("left", "right")],
        *[({name: [-1, -1, -1]}, "node 0 points outside its tree") for name in ("left", "right")],
        ({"feature": [5, -2, -2]}, "node 0 points outside its tree"),
        ({"feature": [-1, -2, -2]}, "node 0 points outside its tree"),
        ({"feature": [-3, -2, -2]}, "node 0 points outside its tree"),
        ({"left": [2, -1, -1]}, "a node has two parents"),
        ({"missing_left": [True, True]}, "`missing_left` must hold an entry for every node"),
        ({"cover": [1.0, 1.0]}, "`cover` must hold a number above 0 for every node"),
        ({"cover": [1.0, 1.0, 0.0]}, "`cover` must hold a number above 0 for every node"),
    ],
)
def test_a_tree_that_is_none_is_refused(columns: dict[str, Any], problem: str) -> None:
    """One that leads back to where it came from would be walked for ever."""
    with pytest.raises(SchemaMismatch, match=rf"^trees\.json: not a usable trees model \({problem}\)$"):
        estimator(**spoilt(**columns))

"""A logistic regression by hand, and the files that are none."""

import json
import math
from typing import Any

import pytest

from churn_model.errors import SchemaMismatch
from churn_model.estimators import load_estimator
from sample_estimators import linear_document
from sample_package import sample_schema

SCHEMA = sample_schema()
ROW = [57.0, 0.38, 94.9, 0.36, 1.0]
"""Each a scale above its center."""


def linear(**changes: Any) -> Any:
    return load_estimator("linear", json.dumps({**linear_document(), **changes}).encode(), SCHEMA)


def test_weights_are_of_scales_from_the_center_and_missing_values_are_filled() -> None:
    document = linear_document()
    weights, intercept = document["weights"], document["intercept"]
    (answer,) = linear().raw([ROW], [])
    assert answer == pytest.approx(intercept + sum(weights))
    (parts,) = linear().contributions([ROW], [])
    assert parts == pytest.approx([*weights, intercept])
    missing = [math.nan] * 5
    assert linear().raw([missing], []) == linear().raw([document["fill"]], [])
    assert sum(linear().contributions([missing], [])[0]) == pytest.approx(linear().raw([missing], [])[0])


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"format": 2}, "format 2 is not known here, expected 1"),
        ({"weights": [1.0] * 4}, "it takes 4 features, the schema has 5"),
        ({"fill": [1.0] * 4}, r"zip\(\) argument"),
        ({"center": [1.0] * 6}, r"zip\(\) argument"),
        ({"scale": [1.0] * 6}, r"zip\(\) argument"),
        ({"scale": [1.0, 0.0, 1.0, 1.0, 1.0]}, "a scale is 0"),
        ({"scale": [1.0, -0.0, 1.0, 1.0, 1.0]}, "a scale is 0"),
        ({"code": "print()"}, "unknown field"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(SchemaMismatch, match=rf"^linear\.json: not a usable linear model \(.*{problem}"):
        linear(**changes)

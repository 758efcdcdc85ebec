"""Arrays and CatBoost give the same bits for any model of the supported form; others are left to CatBoost."""

from typing import Any

import catboost
import numpy
import pytest

from churn_model.catboost_estimator import CatBoostEstimator
from churn_model.golden import MANY_ROWS


def train(depth: int, trees: int, *, missing: bool, **parameters: Any) -> catboost.CatBoostClassifier:
    source = numpy.random.default_rng(depth)
    rows = source.normal(size=(800, 6)).astype(numpy.float32)
    labels = (numpy.nan_to_num(rows[:, 0] + rows[:, 1] * rows[:, 2]) + source.normal(size=800) > 0).astype(int)
    if missing:
        rows[source.random(rows.shape) < 0.1] = numpy.nan
    settings = {"iterations": trees, "depth": depth, "verbose": 0, "thread_count": 2, "allow_writing_files": False}
    return catboost.CatBoostClassifier(**{**settings, **parameters}).fit(rows, labels)


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize(("depth", "trees"), [(1, 5), (3, 60), (6, 300), (8, 40)])
def test_the_same_bits_as_catboost(depth: int, trees: int, missing: bool) -> None:
    model = train(depth, trees, missing=missing)
    estimator = CatBoostEstimator(model)
    assert estimator._trees is not None
    rows = numpy.random.default_rng(9).normal(size=(2000, 6)).astype(numpy.float32) * 2
    rows[numpy.random.default_rng(8).random(rows.shape) < 0.1] = numpy.nan
    theirs = model.predict(rows, prediction_type="RawFormulaVal", thread_count=1).tolist()
    assert estimator._trees.raw(rows) == theirs
    assert [estimator.raw([row], [])[0] for row in rows[:300]] == theirs[:300]
    assert estimator.raw(rows.tolist(), []) == theirs


@pytest.mark.parametrize("trees", [1, 40, 300])
def test_what_golden_rows_take_for_many_is_left_to_catboost(trees: int) -> None:
    """Or they would compare the arrays with themselves."""
    model = train(2, trees, missing=False)
    estimator = CatBoostEstimator(model)
    assert estimator._trees is not None
    estimator._trees._leaves += 1.0  # whoever asks the arrays now gets another answer
    rows = numpy.random.default_rng(7).normal(size=(MANY_ROWS, 6)).astype(numpy.float32)
    theirs = model.predict(rows, prediction_type="RawFormulaVal", thread_count=1).tolist()
    assert estimator.raw(rows.tolist(), []) == theirs
    assert estimator.raw(rows[:1].tolist(), []) != theirs[:1]


@pytest.mark.parametrize("parameters", [{"grow_policy": "Lossguide"}, {"nan_mode": "Max"}, {"depth": 9}])
def test_other_forms_are_left_to_catboost(parameters: dict[str, Any]) -> None:
    model = train(**{"depth": 6, "trees": 20, "missing": True, **parameters})
    estimator = CatBoostEstimator(model)
    assert estimator._trees is None
    row = numpy.array([[0.1, numpy.nan, 0.3, -1.0, 2.0, 0.0]], dtype=numpy.float32)
    assert estimator.raw(row.tolist(), []) == model.predict(row, prediction_type="RawFormulaVal").tolist()

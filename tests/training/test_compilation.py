"""The compiled estimators answer like the fitted ones, and the package's documents are whole."""

import json
import math
from pathlib import Path

import numpy
import pytest

from churn_model.encoding import Encoder
from churn_model.estimators import load_estimator, sigmoid
from churn_model.scorecard import Scorecard
from churn_training.candidates import Candidate
from churn_training.compilation import compile_actions, compile_model, contents_of
from churn_training.dataset import Dataset, rows_of, schema_of
from churn_training.evaluation import evaluate
from churn_training.golden_rows import golden_rows
from tests.training.conftest import small_candidates


@pytest.mark.parametrize("candidate", small_candidates(), ids=lambda candidate: candidate.kind)
def test_compiled_answers_like_the_pipeline(candidate: Candidate, telco: Dataset, tmp_path: Path) -> None:
    part = telco.take(numpy.arange(1500))
    pipeline = candidate.build(part.categories, 0).fit(part.frame, part.churned)
    compiled = compile_model(pipeline, candidate, part, tmp_path, seed=0)
    schema = compiled.schema
    encoded = Encoder.from_json(compiled.encoder, schema).encode(rows_of(telco.frame))
    raw = load_estimator(compiled.kind, compiled.estimator_file.read_bytes(), len(schema.features)).raw(encoded)
    expected = pipeline.predict_proba(telco.frame)[:, 1]
    numpy.testing.assert_allclose([sigmoid(value) for value in raw], expected, rtol=0, atol=1e-12)
    assert numpy.isnan(numpy.array(encoded)).any(), "the real data has holes to be filled"


def test_scorecard_is_calibrated_and_ranks(telco: Dataset, tmp_path: Path) -> None:
    candidate = small_candidates()[0]
    train, test = telco.take(numpy.arange(0, 7043, 2)), telco.take(numpy.arange(1, 7043, 2))
    pipeline = candidate.build(train.categories, 0).fit(train.frame, train.churned)
    compiled = compile_model(pipeline, candidate, train, tmp_path, seed=0)
    encoded = Encoder.from_json(compiled.encoder, compiled.schema).encode(rows_of(test.frame))
    probabilities = Scorecard.from_json(compiled.scorecard, 19).probabilities(encoded)
    metrics = evaluate(test.churned, numpy.array(probabilities), test.usecase.profit)
    assert metrics["roc_auc"] > 0.83
    assert metrics["ece"] < 0.04


def test_contents_tell_where_they_come_from(telco: Dataset, tmp_path: Path) -> None:
    candidate = small_candidates()[1]
    pipeline = candidate.build(telco.categories, 0).fit(telco.frame, telco.churned)
    contents = contents_of(compile_model(pipeline, candidate, telco, tmp_path, 0), telco, {"roc_auc": 0.8}, seed=0)
    assert contents.name == "churn-telecom"
    assert contents.training_data_sha256 == telco.source.sha256
    assert (contents.data_source, contents.simulated, contents.training_rows) == ("telco.csv", False, 7043)
    assert json.loads(contents.estimator_file.read_text())["format"] == 1


def test_value_of_a_customer_is_compiled(telco: Dataset) -> None:
    actions = compile_actions(telco, schema_of(telco))
    names = list(telco.frame.columns)
    expected = {"column": "MonthlyCharges", "index": names.index("MonthlyCharges"), "factor": 12.0, "fill": 70.35}
    assert actions["value"] == pytest.approx(expected)
    assert [action["source"] for action in actions["actions"]] == ["assumed"] * len(telco.usecase.actions)


def test_golden_rows_vary_and_are_nobodys(telco: Dataset) -> None:
    rows = golden_rows(telco, schema_of(telco), seed=0)
    assert len(rows) == 20
    assert len({tuple(map(str, row)) for row in rows}) == 20
    assert any(all(str(value) in ("None", "nan") for value in row) for row in rows)
    assert any("a level nobody had" in row for row in rows)
    customers = {tuple(map(str, row)) for row in rows_of(telco.frame)}
    assert not customers & {tuple(map(str, row)) for row in rows}
    assert all(not isinstance(value, float) or math.isnan(value) or value >= 0 for row in rows for value in row)

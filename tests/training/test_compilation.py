"""The compiled estimators answer like the fitted ones, and the package's documents are whole."""

import json
import math
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy
import pytest

from churn_data.dataset import Dataset, rows_of, schema_of
from churn_model.encoding import Encoder
from churn_model.estimators import load_estimator
from churn_model.evaluation import evaluate
from churn_model.rules import RefreshRule, RefreshTerms
from churn_model.scorecard import Scorecard
from churn_training.families.candidates import log_odds
from churn_training.families.ensemble import Blend, Contender
from churn_training.packaging.compilation import TOLERANCE, Compiled, compile_actions, compile_model, contents_of
from churn_training.packaging.golden_rows import golden_rows
from tests.training.small_families import small_candidates


def fitted_log_odds(contender: Contender, training: Dataset, asked: Dataset, seed: int) -> numpy.ndarray:
    """What pipelines fitted apart from any compilation answer."""
    members = contender.members if isinstance(contender, Blend) else (contender,)
    columns = [
        log_odds(
            member.build(training.categories, seed).fit(training.frame, training.churned), member.kind, asked.frame
        )
        for member in members
    ]
    return contender.combine(numpy.stack(columns, axis=1)) if isinstance(contender, Blend) else columns[0]


def compiled_log_odds(compiled: Compiled, asked: Dataset) -> tuple[numpy.ndarray, numpy.ndarray]:
    """What the package answers, and the encoded customers."""
    rows = rows_of(asked.frame)
    encoded = Encoder.from_json(compiled.encoder, compiled.schema).encode(rows)
    estimator = load_estimator(compiled.kind, compiled.estimator_file.read_bytes(), compiled.schema)
    return numpy.array(estimator.raw(encoded, rows)), numpy.array(encoded)


def blends() -> tuple[Blend, ...]:
    """A calibrated family and an ensemble of every kind, with numbers that come out even nowhere."""
    everybody = small_candidates()
    weights = (0.31, 0.07, 0.11, 0.3, 0.21)
    return (
        replace(Blend.calibrated(everybody[4]), slope=1.13, intercept=-0.07),
        replace(Blend.ensemble(everybody), weights=weights, slope=0.93, intercept=0.017),
    )


@pytest.mark.parametrize("contender", [*small_candidates(), *blends()], ids=lambda contender: contender.name)
def test_compiled_answers_like_the_pipeline(contender: Contender, telco: Dataset, tmp_path: Path) -> None:
    part = telco.take(numpy.arange(1500))
    compiled = compile_model(contender, part, tmp_path, seed=0)
    answered, encoded = compiled_log_odds(compiled, telco)
    expected = fitted_log_odds(contender, part, telco, seed=0)
    numpy.testing.assert_allclose(answered, expected, rtol=0, atol=TOLERANCE)
    assert numpy.isnan(encoded).any(), "the real data has holes to be filled"


@pytest.mark.parametrize("contender", [*small_candidates(), blends()[1]], ids=lambda contender: contender.name)
def test_every_compiled_model_explains_its_answers(contender: Contender, telco: Dataset, tmp_path: Path) -> None:
    part = telco.take(numpy.arange(1500))
    compiled = compile_model(contender, part, tmp_path, seed=0)
    asked = telco.take(numpy.arange(1500, 1540))
    answered, encoded = compiled_log_odds(compiled, asked)
    estimator = load_estimator(compiled.kind, compiled.estimator_file.read_bytes(), compiled.schema)
    contributions = numpy.array(estimator.contributions(encoded.tolist(), rows_of(asked.frame)))
    assert contributions.shape == (40, 20)
    numpy.testing.assert_allclose(contributions.sum(axis=1), answered, rtol=0, atol=1e-6)


@pytest.mark.parametrize("index", [0, 3, 4], ids=["encoded", "additive", "native"])
def test_scorecard_is_calibrated_and_ranks(index: int, telco: Dataset, tmp_path: Path) -> None:
    """Also where the model itself reads categories as they are."""
    train, test = telco.take(numpy.arange(0, 7043, 2)), telco.take(numpy.arange(1, 7043, 2))
    compiled = compile_model(small_candidates()[index], train, tmp_path, seed=0)
    encoded = Encoder.from_json(compiled.encoder, compiled.schema).encode(rows_of(test.frame))
    probabilities = Scorecard.from_json(compiled.scorecard, 19).probabilities(encoded)
    metrics = evaluate(test.churned, numpy.array(probabilities), test.usecase.profit)
    assert metrics["roc_auc"] > 0.83
    assert metrics["ece"] < 0.04


def test_contents_tell_where_they_come_from(telco: Dataset, tmp_path: Path) -> None:
    compiled = compile_model(small_candidates()[1], telco, tmp_path, 0)
    contents = contents_of(compiled, telco, {"roc_auc": 0.8}, seed=0)
    assert contents.name == "churn-telecom"
    assert contents.training_data_sha256 == telco.source.sha256
    assert (contents.data_source, contents.simulated, contents.training_rows) == ("telco.csv", False, 7043)
    assert json.loads(contents.estimator_file.read_text())["format"] == 1
    assert contents.refresh is None
    rule = RefreshRule(after_days=90, margin=0.05)
    ageing = replace(telco, usecase=msgspec.structs.replace(telco.usecase, refresh=rule))
    told = contents_of(compiled, ageing, {"roc_auc": 0.8}, seed=0).refresh
    assert told == RefreshTerms(rule, telco.usecase.profit)


def test_value_of_a_customer_is_compiled(telco: Dataset) -> None:
    actions = compile_actions(telco, schema_of(telco))
    names = list(telco.frame.columns)
    factor = 0.4 * sum(0.97**month for month in range(1, 12))  # The first month is paid before anybody has left.
    expected = {"column": "MonthlyCharges", "index": names.index("MonthlyCharges"), "factor": factor, "fill": 70.35}
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

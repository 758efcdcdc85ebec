"""The additive family: what is written answers like what was fitted."""

import json
import math

import numpy
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_data.dataset import Dataset, rows_of, schema_of
from churn_model.estimator import Estimator
from churn_model.estimators import load_estimator
from churn_model.schema import Schema, SchemaFeature
from churn_training.families.additive import additive_document, build_additive

PARAMETERS = {"C": 0.01, "knots": 10}


def test_the_document_answers_like_the_pipeline_on_every_real_customer(telco: Dataset) -> None:
    pipeline = build_additive(PARAMETERS, telco.categories, 0).fit(telco.frame, telco.churned)
    schema = schema_of(telco)
    estimator = _loaded(additive_document(pipeline, schema, telco.frame), schema)
    rows = rows_of(telco.frame)
    raw = numpy.array(estimator.raw([], rows))
    assert numpy.abs(raw - pipeline.decision_function(telco.frame)).max() < 1e-9
    assert [estimator.raw([], [row])[0] for row in rows[:500]] == raw[:500].tolist()
    contributions = numpy.array(estimator.contributions([], rows))
    assert numpy.abs(contributions.sum(axis=1) - raw).max() < 1e-9
    assert numpy.abs(contributions[:, :-1].mean(axis=0)).max() < 1e-9


@settings(max_examples=25, deadline=None)
@given(
    number=st.lists(
        st.integers(-4000, 4000).map(lambda eighths: eighths / 8) | st.just(math.nan), min_size=20, max_size=40
    ),
    levels=st.integers(1, 4),
    knots=st.integers(2, 12),
    seed=st.integers(0, 99),
)
def test_any_column_can_be_fitted_and_written(number: list[float], levels: int, knots: int, seed: int) -> None:
    generator = numpy.random.default_rng(seed)
    places = generator.integers(0, levels + 1, len(number))
    texts = pandas.Series([f"level {place}" if place else numpy.nan for place in places], dtype=object)
    frame = pandas.DataFrame({"number": numpy.array(number), "text": texts})
    churned = numpy.arange(len(number)) % 2
    schema = Schema("any", "id", (SchemaFeature("number", "number"), SchemaFeature("text", "category")))
    pipeline = build_additive({"C": 0.1, "knots": knots}, ["text"], 0).fit(frame, churned)
    estimator = _loaded(additive_document(pipeline, schema, frame), schema)
    asked = pandas.concat(
        [frame, pandas.DataFrame({"number": [1e9, -1e9, math.nan], "text": ["new", numpy.nan, "new"]})]
    )
    raw = numpy.array(estimator.raw([], rows_of(asked)))
    assert raw == pytest.approx(pipeline.decision_function(asked), abs=1e-7)


@pytest.mark.parametrize(("numbers", "widest"), [(60, 720), (150, 1000), (400, 800)], ids=str)
def test_very_many_numbers_have_simpler_curves(numbers: int, widest: int) -> None:
    generator = numpy.random.default_rng(1)
    frame = pandas.DataFrame(generator.normal(size=(60, numbers)), columns=[f"n{place}" for place in range(numbers)])
    schema = Schema("any", "id", tuple(SchemaFeature(name, "number") for name in frame.columns))
    pipeline = build_additive({"C": 0.001, "knots": 10}, [], 0).fit(frame, numpy.arange(60) % 2)
    assert pipeline.named_steps["estimator"].coef_.shape[1] <= widest
    raw = _loaded(additive_document(pipeline, schema, frame), schema).raw([], rows_of(frame))
    assert numpy.array(raw) == pytest.approx(pipeline.decision_function(frame), abs=1e-7)


def test_a_number_that_is_never_known_says_nothing() -> None:
    frame = pandas.DataFrame({"number": [math.nan] * 20, "other": numpy.arange(20.0)})
    churned = numpy.array([0, 1] * 10)
    schema = Schema("any", "id", (SchemaFeature("number", "number"), SchemaFeature("other", "number")))
    pipeline = build_additive(PARAMETERS, [], 0).fit(frame, churned)
    estimator = _loaded(additive_document(pipeline, schema, frame), schema)
    assert estimator.raw([], [[math.nan, 3.0]])[0] == pytest.approx(estimator.raw([], [[7.0, 3.0]])[0], abs=1e-12)


def _loaded(document: object, schema: Schema) -> Estimator:
    return load_estimator("additive", json.dumps(document).encode(), schema)

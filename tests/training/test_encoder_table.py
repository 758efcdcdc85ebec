"""The lookup table answers like the fitted encoder, in every bit."""

import itertools
import random
from typing import Any

import numpy
import pandas
import pytest
from category_encoders import CatBoostEncoder

from churn_data.dataset import Dataset, rows_of, schema_of
from churn_model.encoding import Encoder
from churn_training.packaging.encoder_table import compile_encoder


def bits(values: Any) -> list[bytes]:
    array = numpy.asarray(values, dtype=numpy.float64)
    array[numpy.isnan(array)] = numpy.nan
    return [row.tobytes() for row in array]


def assert_bit_equal(dataset: Dataset, fitted_on: Dataset, frame: pandas.DataFrame) -> None:
    encoder = CatBoostEncoder(cols=dataset.categories, random_state=1).fit(fitted_on.frame, fitted_on.churned)
    schema = schema_of(fitted_on)
    compiled = Encoder.from_json(compile_encoder(encoder, schema), schema)
    assert bits(compiled.encode(rows_of(frame))) == bits(encoder.transform(frame))


def test_every_row_of_the_real_data(telco: Dataset) -> None:
    assert_bit_equal(telco, telco, telco.frame)


def test_rows_the_encoder_has_not_seen_with_holes_and_new_levels(telco: Dataset) -> None:
    half = telco.take(numpy.arange(0, len(telco), 2))
    frame = telco.frame.copy()
    source = random.Random(7)
    for name, row in itertools.product(telco.categories, range(300)):
        value: Any = source.choice([numpy.nan, "a level nobody had", "No", "unseen"])
        frame.loc[row, name] = value
    assert_bit_equal(telco, half, frame)


@pytest.mark.parametrize("holes", [0, 1, 40])
def test_missing_values_in_training(telco: Dataset, holes: int) -> None:
    part = telco.take(numpy.arange(400))
    # A level seen once, and a missing value seen once, are encoded as the overall mean.
    part.frame.loc[: holes - 1, "Contract"] = numpy.nan
    part.frame.loc[399, "Contract"] = "Ten years"
    frame = part.frame.copy()
    frame.loc[50:60, "Contract"] = numpy.nan
    frame.loc[70:80, "Contract"] = "new"
    assert_bit_equal(part, part, frame)


def test_no_category_needs_no_encoder(telco: Dataset) -> None:
    schema = schema_of(telco)
    numbers = type(schema)(schema.usecase, schema.id, tuple(f for f in schema.features if f.type == "number"))
    compiled = compile_encoder(None, numbers)
    assert [feature["kind"] for feature in compiled["features"]] == ["number"] * 4

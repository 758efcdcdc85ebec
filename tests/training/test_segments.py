"""Four segments, none empty, stable, distinct by name, and the same online as in training."""

import dataclasses
import random
import tracemalloc
from pathlib import Path
from typing import Any

import numpy
import pytest
from sklearn.metrics import adjusted_rand_score

from churn_data.dataset import Dataset, rows_of, schema_of
from churn_data.errors import DataError
from churn_data.sources import read_customers
from churn_model.rules import Feature, Label
from churn_model.segments import Segmenter
from churn_model.usecase import UseCase
from churn_training.segments.segmentation import build_segments


@pytest.fixture(scope="module")
def document(telco: Dataset) -> dict[str, Any]:
    return build_segments(telco, schema_of(telco), seed=0).document


def assign(document: dict[str, Any], telco: Dataset) -> numpy.ndarray:
    return numpy.array(Segmenter.from_json(document, schema_of(telco)).assign(rows_of(telco.frame)))


def test_four_segments_by_falling_value(document: dict[str, Any], telco: Dataset) -> None:
    assigned = assign(document, telco)
    value = telco.frame["MonthlyCharges"]
    means = [value[assigned == number].mean() for number in (1, 2, 3, 4)]
    assert means == sorted(means, reverse=True)
    for segment in document["segments"]:
        share = float((assigned == segment["id"]).mean())
        assert segment["size"] == share > 0.1
        assert segment["profile"]["customers"] == (assigned == segment["id"]).sum()


def test_names_are_plain_and_distinct(document: dict[str, Any]) -> None:
    names = [segment["name"] for segment in document["segments"]]
    assert len(set(names)) == 4
    assert names[0] == "High tenure in months, high monthly bill"
    assert names[3] == "No internet service, low monthly bill"


def test_segments_survive_another_sample_of_customers(document: dict[str, Any], telco: Dataset) -> None:
    assigned = assign(document, telco)
    generator = numpy.random.default_rng(0)
    for seed in range(1, 4):
        sample = telco.take(generator.integers(0, len(telco), len(telco)))
        again = assign(build_segments(sample, schema_of(sample), seed).document, telco)
        assert adjusted_rand_score(assigned, again) >= 0.9


def test_the_label_plays_no_part(document: dict[str, Any], telco: Dataset) -> None:
    flipped = dataclasses.replace(telco, churned=1 - telco.churned)
    other = build_segments(flipped, schema_of(flipped), seed=0).document
    for key in ("bias", "numbers", "categories"):
        assert other[key] == document[key]


def test_nearest_centroid_is_what_the_linear_form_says(document: dict[str, Any], telco: Dataset) -> None:
    """By hand: standardise, one-hot, squared distance to the mean of the assigned customers."""
    assigned = assign(document, telco)
    wanted = telco.usecase.segments.features
    columns = []
    for name in wanted:
        column = telco.frame[name]
        if column.dtype == float:
            typical = column.clip(column.quantile(0.05), column.quantile(0.95))
            columns.append(((column - typical.mean()) / typical.std(ddof=0)).to_numpy())
        else:
            levels = sorted(set(column))
            hot = numpy.array([[text == level for level in levels] for text in column], dtype=float)
            columns.extend((hot / numpy.sqrt(hot.var(axis=0).sum())).T)
    space = numpy.stack(columns, axis=1)
    centroids = numpy.stack([space[assigned == number].mean(axis=0) for number in (1, 2, 3, 4)])
    distances = ((space[:, None, :] - centroids) ** 2).sum(axis=2)
    assert (distances.argmin(axis=1) + 1 == assigned).mean() > 0.99


def test_many_categories_of_thousands_of_levels_leave_the_space_narrow(tmp_path: Path) -> None:
    columns, rows, source = 30, 500, random.Random(5)
    names = [f"code {column}" for column in range(columns)]
    lines = [",".join(["minutes", *names, "left"])]
    for row in range(rows):
        codes = (f"L{int(5000 * source.random() ** 3)}" for _ in names)
        lines.append(",".join([str(source.randrange(90)), *codes, str(int(row % 5 == 0))]))
    path = tmp_path / "codes.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    features = (Feature("minutes", "number"), *(Feature(name, "category") for name in names))
    dataset = read_customers(path, UseCase("codes", Label("left", "1"), features=features))
    tracemalloc.start()
    found = build_segments(dataset, schema_of(dataset), seed=0).document
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    widths = [len(category["table"]) for category in found["categories"]]
    assert len(widths) == columns
    assert 900 < sum(widths) <= 1_000
    assert peak < 12 * rows * 1_000 * 8
    assert sorted(segment["id"] for segment in found["segments"]) == [1, 2, 3, 4]


def test_customers_too_alike(telco: Dataset) -> None:
    same = telco.take(numpy.zeros(50, dtype=int))
    with pytest.raises(DataError, match="fewer than 4 customers differ in the features of segments"):
        build_segments(same, schema_of(same), seed=0)

"""Rows by column are answered with the bits of rows one by one, by every kind of estimator."""

from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_model import Package, Row, open_package
from churn_model.column_actions import _cents, decide_columns
from churn_model.column_rows import CategoryColumn, ColumnRows
from churn_model.estimator import sigmoid, sigmoids
from churn_model.rules import RISKS
from sample_package import Keys, PackageMaker, sample_rows

KINDS = ("catboost", "native", "linear", "trees", "additive", "blend")


def by_column(rows: list[Row]) -> ColumnRows:
    columns: list[Any] = []
    for values in zip(*rows, strict=True):
        if all(isinstance(value, float) for value in values):
            columns.append(numpy.array(values))
        else:
            levels = sorted({value for value in values if isinstance(value, str)})
            places = {level: place for place, level in enumerate(levels)} | {None: len(levels)}
            codes = numpy.array([places[value] for value in values])
            columns.append(CategoryColumn(codes, [*levels, None]))
    return ColumnRows(columns)


@pytest.fixture(scope="module", params=KINDS)
def package(request: pytest.FixtureRequest, make_package: PackageMaker, keys: Keys) -> Package:
    return open_package(make_package(kind=request.param), keys.trusted)


def test_scores_have_the_same_bits(package: Package) -> None:
    rows = sample_rows(5000, 7)
    together = package.scorer.score(by_column(rows))
    assert together == package.scorer.score(rows)
    alone = [package.scorer.score([row]) for row in rows[:200]]
    assert together.probabilities[:200] == [scores.probabilities[0] for scores in alone]
    assert together.segments[:200] == [scores.segments[0] for scores in alone]


def test_decisions_are_the_same(package: Package) -> None:
    rows = sample_rows(5000, 8)
    probabilities, segments = package.scorer.score(rows)
    table = package.description.actions
    expected = list(map(table.decide, probabilities, segments, rows))
    found = decide_columns(table, probabilities, segments, by_column(rows))
    kinds = [found.kinds[place] for place in found.chosen]
    assert [(RISKS[risk], kind.id, kind.name, kind.cost) for risk, kind in zip(found.risk, kinds, strict=True)] == [
        (one.risk, one.id, one.name, one.cost) for one in expected
    ]
    assert found.expected_value.tolist() == [one.expected_value for one in expected]
    assert len({one.id for one in expected}) > 1


def test_they_are_rows_for_whoever_looks_at_them_one_by_one() -> None:
    rows = sample_rows(50, 9)
    assert repr([list(row) for row in by_column(rows)]) == repr(rows)
    assert len(by_column(rows)) == 50


@settings(max_examples=300)
@given(
    st.lists(
        st.one_of(
            st.floats(0, 1e12, allow_nan=False),
            st.integers(0, 10**7).map(lambda thousandths: thousandths / 1000),
            st.integers(0, 10**6).map(lambda halves: (2 * halves + 1) / 200),
        ),
        min_size=1,
    )
)
def test_cents_are_those_of_round(amounts: list[float]) -> None:
    assert _cents(numpy.array(amounts)).tolist() == [round(amount, 2) for amount in amounts]


@given(st.lists(st.floats(allow_nan=False)))
def test_many_probabilities_are_those_of_one(raws: list[float]) -> None:
    assert sigmoids(raws) == [sigmoid(raw) for raw in raws]

"""Rows of one customer and doubles of a customer belong together, customers alike by chance do not."""

from pathlib import Path

import numpy
import pandas

from churn_data.groups import groups_of
from churn_data.notices import Notices
from churn_data.sources import read_customers
from churn_model.usecase import Label, UseCase
from churn_training.comparison.splits import folds, holdout


def test_customers_of_a_panel_and_the_months_in_it(cases: Path) -> None:
    usecase = UseCase(name="panel", id="customer", label=Label("left", "yes"))
    dataset = read_customers(cases / "panel.csv", usecase)
    assert len(numpy.unique(dataset.groups)) == 150
    assert dataset.usecase.time is not None
    assert dataset.usecase.time.snapshot == "month"
    assert list(dataset.frame.columns) == ["spend", "visits"]
    assert dataset.moments is not None
    assert len(numpy.unique(dataset.moments)) == 6
    rates = []
    for train, test in [holdout(dataset, 1), *folds(dataset, 1)]:
        assert not set(dataset.groups[train]) & set(dataset.groups[test])
        assert len(train) + len(test) == len(dataset)
        rates.append(dataset.churned[test].mean())
    assert max(rates) - min(rates) < 0.03


def test_doubles_stay_together_whatever_their_ids() -> None:
    chance = numpy.random.default_rng(1)
    frame = pandas.DataFrame({"a": chance.normal(size=100), "b": chance.choice(["x", "y"], 100)}, dtype=object)
    churned = chance.integers(0, 2, 100)
    twice = pandas.concat([frame, frame.iloc[:30]], ignore_index=True)
    notices = Notices("file.csv")
    ids = [f"c{row}" for row in range(130)]
    groups = groups_of(ids, twice, numpy.concatenate([churned, churned[:30]]), notices)
    assert (groups[:30] == groups[100:]).all()
    assert len(numpy.unique(groups)) == 100
    assert [notice.kind for notice in notices] == ["doubles"]


def test_customers_with_the_same_rows_in_another_order_are_doubles() -> None:
    frame = pandas.DataFrame({"a": [0.1, 0.2, 0.3, 0.2, 0.1, 0.4]})
    ids, notices = ["one", "one", "other", "two", "two", "other"], Notices("file.csv")
    groups = groups_of(ids, frame, numpy.array([0, 1, 0, 1, 0, 1]), notices)
    (found,) = notices.of("doubles")
    assert found.text == "1 customer is a double of another but for the id; such are never divided"
    assert groups[0] == groups[1] == groups[3] == groups[4]
    assert groups[2] == groups[5] != groups[0]


def test_few_columns_of_few_levels_are_alike_by_chance() -> None:
    chance = numpy.random.default_rng(2)
    frame = pandas.DataFrame({name: chance.choice(["x", "y", "z"], 300) for name in "abcd"})
    notices = Notices("file.csv")
    groups = groups_of(None, frame, chance.integers(0, 2, 300), notices)
    assert len(numpy.unique(groups)) == 300
    assert len(notices) == 0

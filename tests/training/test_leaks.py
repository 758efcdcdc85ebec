"""Nothing a test row knows may reach what is measured on it."""

import dataclasses

import numpy
import pandas

from churn_data.dataset import Dataset, Source
from churn_data.progress import reporting
from churn_model.usecase import Feature, Label, UseCase, ValueRule
from churn_training.comparison.competition import Search, compete
from churn_training.comparison.splits import folds, holdout
from churn_training.families.candidates import ENCODER, Candidate
from tests.training.small_families import small_candidates


def noise(rows: int, levels: int) -> Dataset:
    """Customers whose label has nothing to do with anything, with a category of very many levels."""
    generator = numpy.random.default_rng(5)
    usecase = UseCase(
        name="noise",
        id="id",
        label=Label("left", "1"),
        value=ValueRule("number"),
        features=(Feature("number", "number"), Feature("code", "category")),
    )
    codes = [f"level {level}" for level in generator.integers(0, levels, rows)]
    frame = pandas.DataFrame({"number": generator.normal(size=rows), "code": pandas.Series(codes, dtype=object)})
    churned = generator.integers(0, 2, rows)
    return Dataset(usecase, frame, churned, numpy.arange(rows), Source("noise.csv", "0" * 64, simulated=False))


def test_cross_validation_finds_nothing_in_noise() -> None:
    # An encoder that had seen the test rows would rank them perfectly here: almost every level occurs once or twice.
    dataset = noise(1200, 900)
    for candidate in small_candidates():
        with reporting() as reporter:
            result = compete(dataset, candidate, Search(0), reporter)
        assert 0.42 < result.metrics["roc_auc"] < 0.58


def test_encoder_of_a_fold_knows_its_training_rows_only() -> None:
    dataset = noise(200, 20)
    candidate = Candidate("linear", "Logistic regression", "linear")
    train, test = next(folds(dataset, seed=3))
    fitted = dataset.take(train)
    encoder = candidate.build(["code"], 3).fit(fitted.frame, fitted.churned).named_steps[ENCODER]
    changed = dataclasses.replace(dataset, churned=dataset.churned.copy())
    changed.churned[test] = 1 - changed.churned[test]
    again = changed.take(train)
    other = candidate.build(["code"], 3).fit(again.frame, again.churned).named_steps[ENCODER]
    pandas.testing.assert_frame_equal(encoder.transform(dataset.frame), other.transform(dataset.frame))


def test_every_row_is_tested_once_and_classes_are_balanced(telco: Dataset) -> None:
    tested: list[int] = []
    for train, test in folds(telco, seed=1):
        assert not set(train) & set(test)
        assert abs(telco.churned[test].mean() - telco.churn_rate) < 0.002
        assert (numpy.diff(train) < 0).any(), "training rows come shuffled"
        tested.extend(test)
    assert sorted(tested) == list(range(len(telco)))


def test_a_customer_with_many_rows_is_never_on_both_sides() -> None:
    dataset = noise(600, 30)
    repeated = dataclasses.replace(dataset, groups=numpy.arange(600) % 150)
    assert repeated.repeats
    splits = [holdout(repeated, seed=2), *folds(repeated, seed=2)]
    for train, test in splits:
        assert len(train) + len(test) == 600
        assert not set(repeated.groups[train]) & set(repeated.groups[test])


def test_splits_repeat_with_the_seed(telco: Dataset) -> None:
    first, second = holdout(telco, seed=4), holdout(telco, seed=4)
    assert all((one == other).all() for one, other in zip(first, second, strict=True))
    other = holdout(telco, seed=5)
    assert (other[0] != first[0]).any()
    assert (other[1] == first[1]).all()

"""Boosting of extremely randomized trees: what it learns, how it is watched, and that nothing but the seed decides."""

import numpy
import pandas
import pytest
from scipy.special import expit

from churn_data.dataset import Dataset
from churn_training.families import randomized_boosting
from churn_training.families.candidates import Candidate
from churn_training.families.randomized_boosting import RandomizedBoosting
from churn_training.families.stopping import best_count, fit_fold

TREES = {"max_depth": 4, "min_samples_leaf": 5, "max_features": 0.8}


def customers(count: int, seed: int) -> tuple[pandas.DataFrame, numpy.ndarray]:
    """Who leaves is a matter of two numbers together, one of which is not always known."""
    generator = numpy.random.default_rng(seed)
    frame = pandas.DataFrame(generator.normal(size=(count, 4)), columns=list("abcd"))
    churned = (generator.random(count) < expit(3.0 * frame["a"] * frame["b"] - 1.0)).astype(int)
    return frame.mask(generator.random(frame.shape) < 0.05), churned.to_numpy()


def loss(raw: numpy.ndarray, churned: numpy.ndarray) -> float:
    return float(numpy.mean(numpy.logaddexp(0.0, raw) - churned * raw))


def test_it_learns_what_no_feature_tells_alone() -> None:
    known, left = customers(2000, 1)
    asked, truth = customers(2000, 2)
    model = RandomizedBoosting(max_iter=150, trees=TREES).fit(known, left)
    raw = model.decision_function(asked)
    assert loss(raw, truth) < 0.85 * loss(numpy.full(2000, model.base_), truth)
    numpy.testing.assert_allclose(model.predict_proba(asked)[:, 1], expit(raw))


def test_the_seed_decides_and_who_is_watched_changes_no_tree() -> None:
    known, left = customers(600, 3)
    asked, truth = customers(300, 4)
    model = RandomizedBoosting(max_iter=30, trees=TREES, random_state=5).fit(known, left)
    watched = RandomizedBoosting(max_iter=30, trees=TREES, random_state=5).fit(known, left, asked, truth)
    other = RandomizedBoosting(max_iter=30, trees=TREES, random_state=6).fit(known, left)
    answers = model.decision_function(asked)
    assert (watched.decision_function(asked) == answers).all()
    assert (other.decision_function(asked) != answers).any()
    seen = [loss(raw, truth) for raw in watched.staged_decision_function(asked)]
    numpy.testing.assert_allclose(-watched.validation_score_[1:], seen)


def test_it_is_stopped_where_trees_bring_nothing_any_more(monkeypatch: pytest.MonkeyPatch, telco: Dataset) -> None:
    monkeypatch.setattr(randomized_boosting, "MOST_ROWS", 300)  # of more, each tree is grown on a part
    settings = {"max_iter": 400, "learning_rate": 0.3, **TREES}
    family = Candidate("randomized", "", "trees", settings, patience=5, grower="randomized")
    fold = fit_fold(family, telco.take(numpy.arange(800)), telco.take(numpy.arange(800, 1600)), 0)
    assert fold.curve is not None
    count = best_count([fold.curve])
    assert count is not None
    assert count + 5 == len(fold.curve) < 400
    asked = telco.take(numpy.arange(800, 1600))
    assert loss(fold.answers(asked, count), asked.churned) == pytest.approx(fold.curve.min())


def test_of_too_few_customers_it_knows_the_mean() -> None:
    known, left = customers(8, 7)
    left[:4], left[4:] = 1, 0
    model = RandomizedBoosting(max_iter=3, trees={**TREES, "min_samples_leaf": 6}).fit(known, left)
    assert model.decision_function(known).tolist() == [0.0] * 8

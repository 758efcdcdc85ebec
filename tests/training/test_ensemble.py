"""Families together: never clearly worse than the best of them, and nobody who has nothing to say is taken along."""

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy.special import expit

from churn_data.dataset import Dataset
from churn_data.progress import reporting
from churn_training.comparison.competition import Result, Search, compete, measured, second_level, winner
from churn_training.families.candidates import Candidate
from churn_training.families.ensemble import Blend
from tests.training.small_families import small_candidates

SEARCH = Search(seed=1, parts=3)


def families(count: int) -> tuple[Candidate, ...]:
    return tuple(Candidate(f"family-{number}", f"Family {number}", "linear") for number in range(count))


def log_loss(churned: numpy.ndarray, raw: numpy.ndarray) -> float:
    return float(numpy.mean(numpy.logaddexp(0.0, raw) - churned * raw))


@pytest.fixture(scope="module")
def members(telco: Dataset) -> list[Result]:
    with reporting() as reporter:
        return [compete(telco, candidate, SEARCH, reporter) for candidate in small_candidates()]


def test_on_real_customers_it_is_as_good_as_the_best_family(telco: Dataset, members: list[Result]) -> None:
    """Even where one family is far ahead of all others: six parameters fitted on 4,700 customers cost about 6 / 9,400
    of log loss."""
    *_, ensemble = second_level(telco, members, SEARCH)
    assert ensemble.metrics["log_loss"] <= min(member.metrics["log_loss"] for member in members) + 0.0015
    assert ensemble.metrics["brier"] <= min(member.metrics["brier"] for member in members) + 0.0005
    assert ensemble.metrics["roc_auc"] >= max(member.metrics["roc_auc"] for member in members) - 0.001


def test_on_real_customers_it_is_better_than_families_of_one_strength(telco: Dataset, members: list[Result]) -> None:
    alike = [members[place] for place in (0, 1, 2, 4)]
    *_, ensemble = second_level(telco, alike, SEARCH)
    assert ensemble.metrics["log_loss"] < min(member.metrics["log_loss"] for member in alike)
    assert ensemble.metrics["roc_auc"] > max(member.metrics["roc_auc"] for member in alike)


def test_a_family_that_fails_never_wins(telco: Dataset, members: list[Result]) -> None:
    """Whatever it says: the same of everybody, the opposite, or anything."""
    generator = numpy.random.default_rng(1)
    scores = (numpy.zeros(len(telco)), -members[3].raw, generator.normal(size=len(telco)) * 50)
    for family, raw in zip(families(3), scores, strict=True):
        broken = measured(telco, family, raw, SEARCH)
        everybody = [broken, *members]
        everybody += second_level(telco, everybody, SEARCH)
        best = winner(everybody).contender
        assert best.name not in (family.name, f"{family.name}-calibrated")
        assert not isinstance(best, Blend) or family not in best.members


def test_equals_share_equally() -> None:
    generator = numpy.random.default_rng(2)
    raw = generator.normal(size=3000)
    churned = (generator.random(3000) < expit(raw)).astype(int)
    fitted = Blend.ensemble(families(3)).fitted(numpy.stack([raw] * 3, axis=1), churned)
    assert fitted.weights == pytest.approx([1 / 3] * 3, abs=1e-3)


def test_a_family_that_adds_nothing_is_left_out_and_not_missed() -> None:
    generator = numpy.random.default_rng(3)
    raw = generator.normal(size=4000)
    churned = (generator.random(4000) < expit(raw)).astype(int)
    noise = generator.normal(scale=0.5, size=(2, 4000))
    columns = numpy.stack([raw + noise[0], -raw, raw + noise[1]], axis=1)
    whole = Blend.ensemble(families(3)).fitted(columns, churned)
    pruned = whole.pruned()
    assert [member.name for member in pruned.members] == ["family-0", "family-2"]
    assert pruned.combine(columns[:, [0, 2]]) == pytest.approx(whole.combine(columns), abs=0.01)


@settings(max_examples=25, deadline=None)
@given(some.integers(0, 10_000), some.integers(1, 5), some.floats(0.01, 100.0))
def test_weights_are_shares_and_the_fit_is_no_worse_than_the_plain_mean(seed: int, count: int, spread: float) -> None:
    generator = numpy.random.default_rng(seed)
    columns = generator.normal(scale=spread, size=(300, count))
    churned = generator.integers(0, 2, 300)
    start = Blend.ensemble(families(count))
    fitted = start.fitted(columns, churned)
    assert sum(fitted.weights) == pytest.approx(1.0)
    assert min(fitted.weights) >= 0
    assert fitted.slope > 0
    assert log_loss(churned, fitted.combine(columns)) <= log_loss(churned, start.combine(columns)) + 1e-9
    kept = fitted.pruned()
    assert 1 <= len(kept.members) <= count

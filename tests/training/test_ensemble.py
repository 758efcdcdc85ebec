"""Families together: never clearly worse than the best of them, and nobody who has nothing to say is taken along."""

from dataclasses import replace

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy.special import expit

from churn_data.dataset import Dataset
from churn_data.progress import reporting
from churn_model.blend_estimator import MOST_MEMBERS
from churn_training.comparison.competition import Result, Search, compete, measured, winner
from churn_training.comparison.second_level import second_level
from churn_training.families.candidates import Candidate
from churn_training.families.ensemble import Blend
from churn_training.families.serving_time import together
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
    *_, ensemble, _ = second_level(telco, members, SEARCH)
    assert ensemble.metrics["log_loss"] <= min(member.metrics["log_loss"] for member in members) + 0.0015
    assert ensemble.metrics["brier"] <= min(member.metrics["brier"] for member in members) + 0.0005
    assert ensemble.metrics["roc_auc"] >= max(member.metrics["roc_auc"] for member in members) - 0.0015


def test_on_real_customers_it_is_better_than_families_of_one_strength(telco: Dataset, members: list[Result]) -> None:
    alike = [members[place] for place in (0, 1, 2, 4)]
    *_, ensemble, _ = second_level(telco, alike, SEARCH)
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
        best = winner(everybody, telco.churned).contender
        assert best.name not in (family.name, f"{family.name}-calibrated")
        assert not isinstance(best, Blend) or family not in best.members


def test_who_says_the_same_is_asked_once() -> None:
    generator = numpy.random.default_rng(2)
    raw = generator.normal(size=3000)
    churned = (generator.random(3000) < expit(raw)).astype(int)
    columns = numpy.stack([raw] * 3, axis=1)
    chosen = Blend.ensemble(families(3)).chosen(columns, churned)
    assert chosen.pruned().members == families(1)
    assert chosen.combine(columns) == pytest.approx(raw, abs=0.25)


def test_a_family_that_adds_nothing_is_left_out_and_not_missed() -> None:
    generator = numpy.random.default_rng(3)
    raw = generator.normal(size=4000)
    churned = (generator.random(4000) < expit(raw)).astype(int)
    noise = generator.normal(scale=0.5, size=(2, 4000))
    columns = numpy.stack([raw + noise[0], -raw, raw + noise[1]], axis=1)
    whole = Blend.ensemble(families(3)).chosen(columns, churned)
    pruned = whole.pruned()
    assert [member.name for member in pruned.members] == ["family-0", "family-2"]
    assert pruned.combine(columns[:, [0, 2]]) == pytest.approx(whole.combine(columns), abs=0.01)
    assert log_loss(churned, whole.combine(columns)) < min(log_loss(churned, column) for column in columns.T) - 0.005


def test_a_forest_is_brought_to_its_scale_before() -> None:
    """Its mean of log-odds ranks well and is too near to the middle; as it is it would never be chosen."""
    generator = numpy.random.default_rng(7)
    raw = generator.normal(scale=2.0, size=4000)
    churned = (generator.random(4000) < expit(raw)).astype(int)
    noise = generator.normal(scale=1.0, size=(2, 4000))
    columns = numpy.stack([raw + noise[0], 0.2 * (raw + noise[1])], axis=1)
    forest = Candidate("forest", "Forest", "trees", {"n_estimators": 20, "max_depth": 8}, grower="extra")
    chosen = Blend.ensemble([families(1)[0], forest]).chosen(columns, churned)
    assert chosen.weights[1] > 0.7
    assert log_loss(churned, chosen.combine(columns)) < log_loss(churned, raw + noise[0]) - 0.02


def test_what_would_answer_too_slowly_together_is_not_chosen_together() -> None:
    generator = numpy.random.default_rng(4)
    raw = generator.normal(size=(3000, 1))
    churned = (generator.random(3000) < expit(raw[:, 0])).astype(int)
    columns = raw + generator.normal(scale=0.8, size=(3000, 30))
    large = [Candidate(f"native-{number}", "Native", "native", {"iterations": 2500}) for number in range(30)]
    chosen = Blend.ensemble(large).chosen(columns, churned).pruned()
    assert 2 <= len(chosen.members) < 6
    assert together(chosen.members).fits
    small = [Candidate(f"small-{number}", "Small", "linear") for number in range(30)]
    assert len(chosen.members) < len(Blend.ensemble(small).chosen(columns, churned).pruned().members) <= MOST_MEMBERS


def test_the_mean_of_the_best_is_plain_and_leaves_out_who_is_worse_or_too_slow() -> None:
    generator = numpy.random.default_rng(5)
    raw = generator.normal(scale=2.0, size=(4000, 1))
    churned = (generator.random(4000) < expit(raw[:, 0])).astype(int)
    columns = raw + generator.normal(size=(4000, 8)) * numpy.array([0.5] * 4 + [4.0] * 4)
    fitted = Blend.mean(families(8)).averaged(columns, churned).pruned()
    assert {member.name for member in fitted.members} <= {f"family-{number}" for number in range(4)}
    assert len(fitted.members) in (3, 4)
    assert fitted.weights == pytest.approx([1 / len(fitted.members)] * len(fitted.members), rel=0.1)
    large = [Candidate(f"native-{number}", "Native", "native", {"iterations": 2500}) for number in range(8)]
    assert together(Blend.mean(large).averaged(columns, churned).pruned().members).fits


def test_the_mean_of_the_best_is_judged_on_customers_whom_its_choice_has_not_seen(
    telco: Dataset, members: list[Result]
) -> None:
    """Answers that are pure luck look best to a choice that sees whom it is judged on."""
    generator = numpy.random.default_rng(6)
    lucky = [measured(telco, family, generator.normal(scale=0.1, size=len(telco)), SEARCH) for family in families(40)]
    *_, mean = second_level(telco, lucky, SEARCH)
    assert mean.contender.name == "ensemble-mean"
    columns = numpy.stack([result.raw for result in lucky], axis=1)
    seen = Blend.mean(families(40)).averaged(columns, telco.churned).combine(columns)
    assert mean.metrics["log_loss"] > log_loss(telco.churned, seen) + 0.0005
    alike = [members[place] for place in (0, 1, 2, 4)]
    *_, mean = second_level(telco, alike, SEARCH)
    assert mean.metrics["log_loss"] < min(member.metrics["log_loss"] for member in alike)


@settings(max_examples=25, deadline=None)
@given(some.integers(0, 10_000), some.integers(1, 5), some.floats(0.01, 100.0))
def test_weights_are_shares_and_no_choice_is_worse_than_saying_nothing(seed: int, count: int, spread: float) -> None:
    generator = numpy.random.default_rng(seed)
    columns = generator.normal(scale=spread, size=(300, count))
    churned = generator.integers(0, 2, 300)
    fitted = Blend.ensemble(families(count)).chosen(columns, churned)
    assert sum(fitted.weights) == pytest.approx(1.0)
    assert min(fitted.weights) >= 0
    assert fitted.slope > 0
    plain = replace(fitted, slope=1.0, intercept=0.0).combine(columns)
    assert log_loss(churned, fitted.combine(columns)) <= log_loss(churned, plain) + 1e-9
    kept = fitted.pruned()
    assert sum(kept.weights) == pytest.approx(1.0)
    assert 1 <= len(kept.members) <= count
    assert (Blend.ensemble(families(count)).chosen(columns, churned)) == fitted

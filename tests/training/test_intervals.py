"""Resampling customers: samples are of real ones, intervals cover, two models are compared on the same customers."""

import math
from collections.abc import Sequence

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as some

from churn_data.dataset import Dataset
from churn_model.evaluation import evaluate, evaluate_tally, measure
from churn_model.package import Package
from churn_model.schema import Row
from churn_model.scorer import Scorer, Scores
from churn_model.usecase import ProfitRule
from churn_training.comparison.bootstrap import Resampler, intervals, probability_better, resample
from churn_training.comparison.champion_contest import CurrentChampion
from churn_training.comparison.competition import Result
from churn_training.comparison.final_measure import measure_finished
from churn_training.comparison.significance import lead_of
from tests.training.contests import against
from tests.training.small_families import small_candidates

RULE = ProfitRule()


def customers(size: int, seed: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Who left, and the probability of it, which is the true one."""
    generator = numpy.random.default_rng(seed)
    probabilities = generator.beta(1.0, 3.0, size)
    return (generator.random(size) < probabilities).astype(int), probabilities


@given(
    some.lists(some.tuples(some.integers(0, 1), some.sampled_from([0.0, 0.1, 0.5, 0.9])), min_size=1, max_size=20),
    some.data(),
)
def test_a_sample_is_measured_as_if_its_customers_had_been_written_down(
    people: list[tuple[int, float]], data: some.DataObject
) -> None:
    churned, scores = (numpy.array(column) for column in zip(*people, strict=True))
    number = some.integers(0, len(people) - 1)
    drawn = numpy.array(data.draw(some.lists(number, min_size=len(people), max_size=len(people))))
    found = evaluate_tally(Resampler(churned, scores).sample(drawn), RULE)
    assert found == pytest.approx(evaluate(churned[drawn], scores[drawn], RULE), nan_ok=True)


def test_an_interval_of_a_mean_is_the_normal_one() -> None:
    """The Brier score is a mean, so that its bootstrap interval must be the textbook's to within sampling error."""
    churned, probabilities = customers(3000, seed=3)
    misses = (churned - probabilities) ** 2
    half = 1.959964 * misses.std() / numpy.sqrt(len(misses))
    lower, upper = intervals(churned, probabilities, RULE, seed=1)["brier"]
    assert lower == pytest.approx(misses.mean() - half, abs=0.15 * half)
    assert upper == pytest.approx(misses.mean() + half, abs=0.15 * half)


def test_intervals_hold_the_measured_value_and_say_the_same_for_the_same_seed() -> None:
    churned, probabilities = customers(800, seed=4)
    measured = evaluate(churned, probabilities, RULE)
    found = intervals(churned, probabilities, RULE, seed=5, repeats=200)
    assert found == intervals(churned, probabilities, RULE, seed=5, repeats=200)
    assert found != intervals(churned, probabilities, RULE, seed=6, repeats=200)
    assert set(found) == set(measured)
    for name in ("roc_auc", "pr_auc", "brier", "log_loss", "ece", "empc", "profit", "budget_profit"):
        lower, upper = found[name]
        assert lower < measured[name] < upper


def test_the_interval_of_the_calibration_error_holds_the_truth_about_as_often_as_it_says() -> None:
    """Probabilities that are all too high by the same amount have that as their true error."""
    held = 0
    for seed in range(60):
        churned, probabilities = customers(1500, seed)
        lower, upper = intervals(churned, probabilities + 0.1, RULE, seed, repeats=60)["ece"]
        held += lower <= 0.1 <= upper
    assert held >= 52


def test_a_lower_level_is_a_narrower_interval() -> None:
    churned, probabilities = customers(300, seed=4)
    wide = intervals(churned, probabilities, RULE, seed=5, repeats=200)["roc_auc"]
    narrow = intervals(churned, probabilities, RULE, seed=5, repeats=200, level=0.5)["roc_auc"]
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_what_no_sample_has_is_not_a_number() -> None:
    found = intervals(numpy.zeros(5), numpy.linspace(0, 1, 5), RULE, seed=1, repeats=10)
    assert numpy.isnan(found["roc_auc"]).all()
    assert found["empc"] == (0.0, 0.0)


@pytest.mark.parametrize("name", ["roc_auc", "pr_auc", "brier", "log_loss", "ece", "profit", "empc", "budget_profit"])
def test_a_model_that_knows_nothing_is_worse_by_every_measure(name: str) -> None:
    churned, probabilities = customers(800, seed=8)
    # Ranks at random, and is far off on average.
    useless = numpy.clip(numpy.random.default_rng(1).permutation(probabilities) + 0.2, 0.0, 1.0)
    by = measure(name, RULE)
    assert probability_better(churned, probabilities, useless, by, seed=1, repeats=100) == 1.0
    assert probability_better(churned, useless, probabilities, by, seed=1, repeats=100) == 0.0


def test_a_model_is_neither_better_nor_worse_than_itself() -> None:
    churned, probabilities = customers(200, seed=8)
    assert probability_better(churned, probabilities, probabilities, measure("empc", RULE), seed=1, repeats=50) == 0.5


def test_both_models_answer_for_the_same_customers() -> None:
    """A difference far smaller than chance in who the customers are is certain when the samples are paired."""
    churned, probabilities = customers(800, seed=9)
    slightly_worse = probabilities + numpy.where(churned == 1, -0.001, 0.001) * (probabilities > 0.01)
    assert probability_better(churned, probabilities, slightly_worse, measure("brier", RULE), 1, repeats=100) == 1.0


@pytest.mark.parametrize("customers_have", [1, 3], ids=["a row each", "three rows each"])
def test_samples_that_were_measured_once_say_the_same_of_both(customers_have: int) -> None:
    churned, probabilities = customers(300, seed=11)
    other = numpy.clip(probabilities + numpy.random.default_rng(5).normal(0.0, 0.05, 300), 0.0, 1.0)
    whose = numpy.arange(300) // customers_have
    one, two = (resample(churned, each, RULE, 2, 60, customers=whose) for each in (probabilities, other))
    assert one.intervals(0.9) == intervals(churned, probabilities, RULE, 2, 60, 0.9, customers=whose)
    expected = probability_better(churned, probabilities, other, measure("empc", RULE), 2, 60, customers=whose)
    assert 0.0 < expected < 1.0
    assert one.probability_higher(two, "empc") == expected
    assert two.probability_higher(one, "empc") == pytest.approx(1.0 - expected)


def test_a_mean_of_differences_is_the_same_comparison() -> None:
    churned, probabilities = customers(800, seed=9)
    other = numpy.clip(probabilities + numpy.random.default_rng(3).normal(0.005, 0.05, 800), 0.0, 1.0)
    lost = (other - churned) ** 2 - (probabilities - churned) ** 2
    by_measure = probability_better(churned, probabilities, other, measure("brier", RULE), seed=1, repeats=400)
    assert lead_of(lost).chance() == pytest.approx(1.0 - by_measure, abs=0.05)
    assert 0.0 < by_measure < 1.0
    assert lead_of(numpy.zeros(5)).chance() == 0.5


def test_of_two_noisy_models_neither_is_surely_better() -> None:
    churned, probabilities = customers(400, seed=10)
    noise = numpy.random.default_rng(2).normal(0.0, 0.05, (2, 400))
    one, other = numpy.clip(probabilities + noise, 0.0, 1.0)
    assert 0.05 < probability_better(churned, one, other, measure("roc_auc", RULE), seed=1, repeats=200) < 0.95


def test_rows_of_one_customer_do_not_make_it_surer() -> None:
    chance = numpy.random.default_rng(4)
    churned = (chance.random(150) < 0.3).astype(int)
    probabilities = numpy.clip(0.3 + 0.2 * churned + chance.normal(0, 0.2, 150), 0.01, 0.99)
    once = intervals(churned, probabilities, RULE, seed=1, repeats=200)["roc_auc"]
    customers = numpy.repeat(numpy.arange(150), 6)
    rows = (numpy.repeat(churned, 6), numpy.repeat(probabilities, 6), RULE, 1, 200)
    together = intervals(*rows, customers=customers)["roc_auc"]
    divided = intervals(*rows)["roc_auc"]
    assert together[1] - together[0] == pytest.approx(once[1] - once[0], rel=0.1)
    assert divided[1] - divided[0] < 0.6 * (together[1] - together[0])


def test_a_lead_is_measured_over_customers() -> None:
    chance = numpy.random.default_rng(5)
    lead = chance.normal(0.03, 1.0, 100)
    alone, by_row = lead_of(lead), lead_of(numpy.repeat(lead, 9))
    by_customer = lead_of(numpy.repeat(lead, 9), numpy.repeat(numpy.arange(100), 9))
    assert by_customer.error == pytest.approx(alone.error)
    assert by_row.error < by_customer.error / 2


class Trembling(Scorer):
    """Answers nearly as the model does, always the same to the same customer."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer

    def score(self, rows: Sequence[Row]) -> Scores:
        scores = self._scorer.score(rows)
        return Scores([p + 0.1 * p * (1.0 - p) * math.sin(1e4 * p) for p in scores.probabilities], scores.segments)


def test_a_model_and_its_contest_are_no_surer_of_customers_who_come_six_times(
    champion: CurrentChampion, package: Package, held_out: Dataset
) -> None:
    """What `churn train` measures and decides by, not only the functions that it is made of."""
    places, description = numpy.arange(900), package.description
    best = Result(small_candidates()[0], {}, numpy.empty(0), numpy.empty(0))
    widths, chances = [], []
    for dataset in (held_out.take(places), held_out.take(numpy.repeat(places, 6))):
        found = measure_finished(package.scorer, description.encoder, description.scorecard, dataset, best, 0)
        low, high = found.intervals["roc_auc"]
        widths.append(high - low)
        verdict = against(champion, Trembling(package.scorer), dataset).verdict
        assert verdict is not None
        assert verdict.chance is not None
        chances.append(verdict.chance)
    assert widths[1] == pytest.approx(widths[0], rel=0.15)
    assert 0.02 < chances[0] < 0.98
    assert chances[1] == pytest.approx(chances[0], abs=0.01)

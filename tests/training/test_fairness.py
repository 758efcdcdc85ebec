"""What is shown of groups of customers: numbers that can be counted by hand, and nothing about a handful of people."""

import numpy
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from churn_model.evaluation import ece
from churn_model.profit import profit_curve, tally
from churn_model.usecase import ProfitRule
from churn_training.comparison.fairness import GroupRow, fairness_table

RULE = ProfitRule()
SIZES = {"Female": 120, "Male": 180, "(not known)": 7}


@pytest.fixture
def people() -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
    generator = numpy.random.default_rng(11)
    probabilities = generator.beta(1.0, 2.0, sum(SIZES.values()))
    churned = (generator.random(len(probabilities)) < probabilities).astype(int)
    return churned, probabilities, numpy.repeat(list(SIZES), list(SIZES.values()))


def row_of(rows: tuple[GroupRow, ...], value: str) -> GroupRow:
    return next(row for row in rows if row.value == value)


def test_a_group_is_measured_on_its_own_customers(
    people: tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray],
) -> None:
    churned, probabilities, gender = people
    row = row_of(fairness_table(churned, probabilities, {"gender": gender}, RULE), "Male")
    churned, probabilities = churned[gender == "Male"], probabilities[gender == "Male"]
    assert (row.group, row.customers) == ("gender", 180)
    assert row.churn_rate == pytest.approx(churned.mean())
    assert row.mean_probability == pytest.approx(probabilities.mean())
    assert row.brier == pytest.approx(brier_score_loss(churned, probabilities))
    assert row.ece == pytest.approx(ece(tally(churned, probabilities)))
    assert row.roc_auc == pytest.approx(roc_auc_score(churned, probabilities))


def test_one_threshold_for_all_says_who_is_contacted(
    people: tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray],
) -> None:
    churned, probabilities, gender = people
    best = profit_curve(churned, probabilities, RULE).best
    everyone = fairness_table(churned, probabilities, {"all": numpy.full(len(churned), "yes")}, RULE)
    assert everyone[0].contacted == pytest.approx(best.contacted)
    row = row_of(fairness_table(churned, probabilities, {"gender": gender}, RULE), "Female")
    assert row.contacted == pytest.approx((probabilities[gender == "Female"] >= best.threshold).mean())


def test_every_value_of_every_grouping_has_a_row_in_order(
    people: tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray],
) -> None:
    churned, probabilities, gender = people
    senior = numpy.where(numpy.arange(len(churned)) % 2 == 0, "0", "1")
    rows = fairness_table(churned, probabilities, {"senior": senior, "gender": gender}, RULE)
    assert [(row.group, row.value) for row in rows] == [
        ("senior", "0"), ("senior", "1"), ("gender", "(not known)"), ("gender", "Female"), ("gender", "Male"),
    ]  # fmt: skip
    assert fairness_table(churned, probabilities, {}, RULE) == ()


def test_of_a_small_group_only_the_size_is_told(
    people: tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray],
) -> None:
    churned, probabilities, gender = people
    row = row_of(fairness_table(churned, probabilities, {"gender": gender}, RULE), "(not known)")
    assert row == GroupRow("gender", "(not known)", 7, None, None, None, None, None, None)


@pytest.mark.parametrize(("leavers", "told"), [(9, False), (10, True), (90, True), (91, False)])
def test_ranking_is_told_only_where_both_kinds_are_enough(leavers: int, told: bool) -> None:
    churned = numpy.repeat([1, 0], [leavers, 100 - leavers])
    probabilities = numpy.linspace(0.9, 0.1, 100)
    (row,) = fairness_table(churned, probabilities, {"all": numpy.full(100, "yes")}, RULE)
    assert (row.roc_auc is not None) == told
    assert row.brier is not None

"""Money against slow, obvious arithmetic."""

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as some
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score
from sklearn.metrics import log_loss as log_loss_of_scikit_learn

from churn_model.evaluation import (
    calibration_bins,
    ece,
    evaluate,
    gains,
    lift_by_part,
    measure,
    rate_intervals,
)
from churn_model.profit import profit_curve, tally, unit_profits
from churn_model.usecase import ProfitRule

RULE = ProfitRule()


def by_hand(churned: list[int], scores: list[float], rule: ProfitRule) -> float:
    """Try every threshold, count heads."""
    acceptance = rule.acceptance_alpha / (rule.acceptance_alpha + rule.acceptance_beta)
    best = 0.0
    for threshold in set(scores):
        total = 0.0
        for left, score in zip(churned, scores, strict=True):
            if score >= threshold and left:
                total += acceptance * (rule.customer_value - rule.offer_cost) - rule.contact_cost
            elif score >= threshold:
                total -= rule.offer_cost + rule.contact_cost
        best = max(best, total / len(scores))
    return best


@given(
    some.lists(some.tuples(some.integers(0, 1), some.sampled_from([0.0, 0.1, 0.5, 0.5000001, 0.9])), min_size=1),
    some.floats(1, 500),
    some.floats(0, 60),
)
def test_maximum_profit_is_the_brute_force_one(customers: list[tuple[int, float]], value: float, offer: float) -> None:
    churned, scores = [left for left, _ in customers], [score for _, score in customers]
    rule = ProfitRule(customer_value=value, offer_cost=offer)
    found = profit_curve(numpy.array(churned), numpy.array(scores), rule).best.profit
    assert found == pytest.approx(by_hand(churned, scores, rule), abs=1e-9)


def test_unit_profits_of_the_paper() -> None:
    assert unit_profits(RULE) == pytest.approx((0.3 * 190 - 1, -11.0))


def test_perfect_and_useless_scores() -> None:
    churned = numpy.array([1, 0, 0, 0])
    best = profit_curve(churned, numpy.array([0.9, 0.1, 0.1, 0.1]), RULE).best
    assert (best.profit, best.contacted, best.threshold) == pytest.approx((14.0, 0.25, 0.9))
    nobody = profit_curve(numpy.zeros(10), numpy.linspace(0, 1, 10), RULE).best
    assert (nobody.profit, nobody.contacted, nobody.threshold) == (0.0, 0.0, numpy.inf)


def test_calibration_error() -> None:
    probabilities = numpy.repeat([0.2, 0.8], 50)
    churned = numpy.concatenate([numpy.repeat([1, 0], [10, 40]), numpy.repeat([1, 0], [30, 20])])
    assert ece(tally(churned, probabilities)) == pytest.approx(0.1)


def test_calibration_error_does_not_depend_on_the_order_of_equal_probabilities() -> None:
    probabilities = numpy.full(100, 0.5)
    churned = numpy.repeat([0, 1], 50)
    assert ece(tally(churned, probabilities)) == pytest.approx(0.0)
    predicted, observed, sizes = calibration_bins(churned, probabilities, bins=3)
    assert predicted == pytest.approx([0.5] * 3)
    assert observed == pytest.approx([0.5] * 3)
    assert sizes.tolist() == [34, 33, 33]


def test_fewer_customers_than_bins_have_a_bin_each() -> None:
    predicted, observed, sizes = calibration_bins(numpy.array([1, 0]), numpy.array([0.7, 0.2]))
    assert (predicted.tolist(), observed.tolist(), sizes.tolist()) == ([0.2, 0.7], [0.0, 1.0], [1.0, 1.0])


def test_gains_and_lift_by_hand() -> None:
    counted = tally(numpy.array([1, 1, 0, 0]), numpy.array([0.9, 0.5, 0.5, 0.1]))
    contacted, reached = gains(counted)
    assert contacted == pytest.approx([0.0, 0.25, 0.75, 1.0])
    assert reached == pytest.approx([0.0, 0.5, 1.0, 1.0])
    assert lift_by_part(counted, 4) == pytest.approx([2.0, 1.0, 1.0, 0.0])


def test_an_interval_of_a_rate_is_wilsons() -> None:
    """0 of 10: the upper end is z² / (n + z²)."""
    lower, upper = rate_intervals(numpy.array([0.0, 0.5]), numpy.array([10.0, 10.0]))
    assert lower == pytest.approx([0.0, 0.5 - 0.2634], abs=1e-4)
    assert upper == pytest.approx([1.959964**2 / (10 + 1.959964**2), 0.5 + 0.2634], abs=1e-4)


@given(
    some.lists(some.tuples(some.integers(0, 1), some.sampled_from([0.0, 0.1, 0.5, 0.5000001, 0.9, 1.0])), min_size=1)
)
def test_measures_are_those_of_scikit_learn(customers: list[tuple[int, float]]) -> None:
    customers = [*customers, (0, 0.5), (1, 0.1)]
    churned, scores = (numpy.array(column) for column in zip(*customers, strict=True))
    found = evaluate(churned, scores, RULE)
    assert found["roc_auc"] == pytest.approx(roc_auc_score(churned, scores))
    assert found["pr_auc"] == pytest.approx(average_precision_score(churned, scores))
    assert found["brier"] == pytest.approx(brier_score_loss(churned, scores))
    assert found["log_loss"] == pytest.approx(log_loss_of_scikit_learn(churned, scores))


def test_stayers_alone_are_measured_as_far_as_that_has_a_meaning() -> None:
    found = evaluate(numpy.zeros(4), numpy.array([0.1, 0.2, 0.3, 0.4]), RULE)
    assert numpy.isnan([found["roc_auc"], found["pr_auc"]]).all()
    assert found["brier"] == pytest.approx(0.075)
    assert (found["profit"], found["empc"]) == (0.0, 0.0)
    assert found["budget_profit"] == pytest.approx(-1.1)


def test_a_measure_by_its_name_is_the_one_of_the_evaluation() -> None:
    churned, scores = numpy.array([0, 1, 0, 1]), numpy.array([0.1, 0.4, 0.6, 0.8])
    for name, value in evaluate(churned, scores, RULE).items():
        if not name.endswith("contacted"):
            assert measure(name, RULE).of(tally(churned, scores)) == value
    assert measure("brier", RULE).lower_is_better
    assert not measure("empc", RULE).lower_is_better


def test_evaluation_names_every_metric() -> None:
    metrics = evaluate(numpy.array([0, 1, 0, 1]), numpy.array([0.1, 0.8, 0.3, 0.6]), RULE)
    money = {"profit", "contacted", "empc", "empc_contacted", "budget_profit"}
    assert set(metrics) == {"roc_auc", "pr_auc", "brier", "log_loss", "ece"} | money
    assert metrics["roc_auc"] == 1.0
    assert metrics["profit"] == pytest.approx(28.0)

"""Money against slow, obvious arithmetic."""

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as some

from churn_model.usecase import ProfitRule
from churn_training.evaluation import evaluate, expected_calibration_error
from churn_training.profit import maximum_profit, profit_curve, unit_profits

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
    found = maximum_profit(numpy.array(churned), numpy.array(scores), rule)
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
    assert expected_calibration_error(churned, probabilities, bins=2) == pytest.approx(0.1)


def test_evaluation_names_every_metric() -> None:
    metrics = evaluate(numpy.array([0, 1, 0, 1]), numpy.array([0.1, 0.8, 0.3, 0.6]), RULE)
    assert set(metrics) == {"roc_auc", "pr_auc", "brier", "log_loss", "ece", "profit", "contacted"}
    assert metrics["roc_auc"] == 1.0
    assert metrics["profit"] == pytest.approx(28.0)

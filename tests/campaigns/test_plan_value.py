"""The measured value of a plan: whether its interval holds the truth where the plan itself was learned from noise."""

import numpy
import pytest

from churn_campaigns.uplift.cross_fitting import FOLDS, CrossFitted
from churn_campaigns.uplift.evidence import Estimate
from churn_campaigns.uplift.plan_value import Part, plan_value

CUSTOMERS, COST, PRICE = 900, 10.0, 20.0
Array = numpy.ndarray


class Campaign:
    """Customers who were treated or not by a coin, and what ridge regressions of the other folds say of them."""

    def __init__(self, seed: int, strength: float) -> None:
        generator = numpy.random.default_rng([seed, 19])
        self.known = generator.normal(size=(CUSTOMERS, 20))
        self.value = generator.gamma(2.0, 200.0, CUSTOMERS)
        risk = 0.5 / (1.0 + numpy.exp(-self.known[:, 0]))
        self.effect = strength * (0.04 + 0.05 * self.known[:, 1])
        treated = generator.integers(0, 2, CUSTOMERS)
        churned = generator.random(CUSTOMERS) < numpy.clip(risk - treated * self.effect, 0.0, 1.0)
        self.folds = generator.integers(0, FOLDS, CUSTOMERS)
        scores = risk - churned * treated / 0.5 + churned * (1 - treated) / 0.5 - risk
        by_model = numpy.array([[self._ridge(scores, self.folds != fold), risk] for fold in range(FOLDS)])
        effects, without = by_model[self.folds, :, numpy.arange(CUSTOMERS)].T
        self.fitted = CrossFitted(scores, effects, without, self.folds, (), by_model)

    def _ridge(self, scores: Array, rows: Array) -> Array:
        one = numpy.column_stack([numpy.ones(CUSTOMERS), self.known])
        penalty = 100.0 * numpy.eye(one.shape[1])
        return one @ numpy.linalg.solve(one[rows].T @ one[rows] + penalty, one[rows].T @ scores[rows])

    def value_of_plan(self, chosen: Array) -> Estimate:
        rows = numpy.arange(CUSTOMERS)
        found = self.fitted
        part = Part(
            found, rows, self.value, found.effects[chosen], found.without[chosen], self.value[chosen],
            self.folds[chosen], COST,
        )  # fmt: skip
        estimate = plan_value([part], rows)
        assert estimate is not None
        return estimate


@pytest.mark.parametrize("strength", [0.0, 1.0], ids=["no effect", "an effect"])
def test_the_interval_holds_the_truth_of_a_plan_that_was_learned_from_noise(strength: float) -> None:
    """Folds teach each other, so their errors vary together; counted as independent the intervals held nine of ten."""
    scores = []
    for seed in range(200):
        campaign = Campaign(seed, strength)
        chosen = numpy.flatnonzero(campaign.fitted.effects * campaign.value > PRICE)
        found = campaign.value_of_plan(chosen)
        truth = float((campaign.effect[chosen] * campaign.value[chosen] - COST).sum())
        scores.append((found.mean - truth) / found.error)
    assert abs(numpy.mean(scores)) < 0.25
    assert 0.93 <= numpy.mean(numpy.abs(scores) < 1.96) <= 0.985


def test_the_most_valuable_are_not_judged_by_others_further_inside() -> None:
    """Only the edge is planned for, and there the models fall short most: what they miss is found by the past there."""
    generator = numpy.random.default_rng(4)
    effects = generator.normal(0.1, 0.05, 6_000)
    folds = generator.integers(0, FOLDS, 6_000)
    truth = 2.0 * effects
    risk = numpy.full(6_000, 0.3)
    noise = generator.normal(scale=0.02, size=6_000)
    fitted = CrossFitted(truth + noise, effects, risk, folds, (), numpy.tile([effects, risk], (FOLDS, 1, 1)))
    chosen = numpy.flatnonzero(effects > numpy.quantile(effects, 0.99))
    worth = numpy.full(6_000, 100.0)
    found = plan_value(
        [Part(fitted, numpy.arange(6_000), worth, effects[chosen], risk[chosen], worth[chosen], folds[chosen], 0.0)],
        numpy.arange(6_000),
    )
    assert found is not None
    assert found.mean == pytest.approx(100.0 * truth[chosen].sum(), rel=0.02)


def test_many_planned_customers_are_worth_what_each_is(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = Campaign(1, 1.0)
    everybody = numpy.arange(CUSTOMERS)
    whole = campaign.value_of_plan(everybody)
    monkeypatch.setattr("churn_campaigns.uplift.plan_value.ASKED", 100)
    some = campaign.value_of_plan(everybody)
    assert some.mean == pytest.approx(whole.mean, abs=0.3 * whole.error)
    assert some.error == pytest.approx(whole.error, rel=0.1)

"""Trials, which deal actions by chance, and what of assumed effects is left after they were tried in vain."""

import numpy
import pytest
from msgspec import structs

from churn_campaigns.campaign.customers import Customers
from churn_campaigns.campaign.orders import Order
from churn_campaigns.campaign.plan import make_plan
from churn_campaigns.campaign.problem import NOTHING
from churn_campaigns.campaign.trial import deal
from churn_campaigns.campaign.trial_worth import Worth, waiting_for, worth_line, worth_of_trial
from churn_campaigns.uplift.belief import believed, by_risk
from churn_campaigns.uplift.cross_fitting import CrossFitted
from churn_campaigns.uplift.evidence import Estimate
from churn_campaigns.uplift.shrinkage import share_kept, shrunk
from churn_model.rules import ActionRule

ACTIONS = (ActionRule("call", "A call", 5.0, 0.3), ActionRule("gift", "A gift", 10.0, 0.3, risk=("high",)))
NO_LIMIT = numpy.full(2, -1)
ASSUMED = [0.2, 0.12, 0.08]


def people(count: int) -> Customers:
    generator = numpy.random.default_rng(3)
    never = numpy.full(count, numpy.nan)
    return Customers(
        [f"n{number}" for number in range(count)], generator.uniform(0.2, 0.8, count), numpy.ones(count, int),
        generator.integers(0, 3, count), numpy.full(count, 200.0), {}, {}, never, never,
    )  # fmt: skip


def test_a_trial_deals_what_could_pay_by_chance_within_the_budget_of_who_is_treated() -> None:
    customers = people(4_000)
    plan = make_plan(customers, ACTIONS, Order(6_000.0, NO_LIMIT, 0.3, "spring", trial=True))
    planned = plan.planned.choice
    cost = numpy.array([5.0, 10.0])
    assert 5_980.0 < cost[plan.choice[plan.choice != NOTHING]].sum() <= 6_000.0
    assert (customers.risk[planned == 1] == 2).all()
    both = (planned != NOTHING) & (customers.risk == 2)
    assert (planned[both] == 1).mean() == pytest.approx(0.5, abs=0.08)
    some = planned != NOTHING
    assert plan.held_out[some].mean() == pytest.approx(0.3, abs=0.05)
    # By chance: whom it is planned for is not whom it would be best for.
    assert customers.probability[some].mean() == pytest.approx(customers.probability.mean(), abs=0.02)


def test_what_a_trial_deals_hangs_on_salt_and_id_alone() -> None:
    net = numpy.random.default_rng(1).normal(1.0, 2.0, (500, 2))
    ids = [f"c{number}" for number in range(500)]
    nobody = numpy.zeros(500, dtype=bool)
    cost = numpy.array([5.0, 10.0])
    first = deal(net, cost, (800.0, NO_LIMIT), nobody, ids, "spring").choice
    again = deal(net[::-1], cost, (800.0, NO_LIMIT), nobody, ids[::-1], "spring").choice
    assert (again[::-1] == first).all()
    assert (deal(net, cost, (800.0, NO_LIMIT), nobody, ids, "autumn").choice != first).any()
    assert not (net[first == 0, 0] <= 0.0).any()
    few = deal(net, cost, (800.0, numpy.array([7, 0])), nobody, ids, "spring").choice
    assert (few == 0).sum() == 7
    assert not (few == 1).any()


DOUBTED = (ActionRule("call", "A call", 5.0, 0.2), ActionRule("gift", "A gift", 5.0, 0.2))


def worth(count: int, waiting: float, actions: tuple[ActionRule, ...] = DOUBTED) -> Worth:
    """Of a trial with a tenth of the money, which is enough for half of the customers."""
    customers, budget = people(count), 2.5 * count
    trial = make_plan(customers, actions, Order(0.1 * budget, NO_LIMIT, 0.3, "spring", trial=True))
    return worth_of_trial(trial, customers, Order(0.9 * budget, NO_LIMIT, 0.0, ""), waiting)


def test_a_trial_pays_where_it_teaches_more_than_it_and_the_waiting_cost() -> None:
    large, late, gone = worth(20_000, 0.0), worth(20_000, 0.25), worth(20_000, 1.0)
    assert large.pays
    assert not late.pays
    assert large.without == late.without == gone.without
    # What a trial itself brings is there whoever waits; the rest is lost as far as is waited.
    campaign = large.with_trial - gone.with_trial
    assert late.with_trial == pytest.approx(gone.with_trial + 0.75 * campaign)
    # Few customers teach little, whatever could be earned by who knew.
    small = worth(300, 0.0)
    assert small.with_trial / small.without < 1.1 < large.with_trial / large.without
    assert "so it pays" in worth_line(large, 30)
    assert "so it does not pay: plan a campaign without --trial" in worth_line(late, 90)


def test_there_is_nothing_to_learn_of_what_was_measured() -> None:
    known = tuple(structs.replace(action, source="measured") for action in DOUBTED)
    assert not worth(20_000, 0.0, known).pays


def test_a_year_is_over_once() -> None:
    assert waiting_for(73) == pytest.approx(0.2)
    assert waiting_for(3_660) == 1.0


def test_assumed_effects_stay_where_they_agree_with_what_was_seen_and_go_where_all_fall_short() -> None:
    near = [Estimate(0.19, 0.05), Estimate(0.14, 0.05), Estimate(0.05, 0.05)]
    assert shrunk(ASSUMED, near) == pytest.approx(ASSUMED, rel=0.1)
    none = [Estimate(0.0, 0.02), Estimate(0.01, 0.02), Estimate(-0.01, 0.02)]
    assert all(-0.02 < after < 0.35 * before for after, before in zip(shrunk(ASSUMED, none), ASSUMED, strict=True))
    # One that was seen badly borrows from those that were seen well.
    alone = shrunk([0.2], [Estimate(0.1, 0.1)])
    together = shrunk(ASSUMED, [Estimate(0.1, 0.1), *none[1:]])
    assert together[0] < alone[0] < 0.2
    assert shrunk([], []) == []


def test_what_has_no_spread_shows_nothing_and_borrows_from_the_rest() -> None:
    assert shrunk([0.2], [Estimate(0.0, 0.0)]) == [0.2]
    low = shrunk(ASSUMED, [Estimate(0.2, 0.0), Estimate(0.0, 0.02), Estimate(0.0, 0.02)])
    assert 0.0 < low[0] < 0.12
    assert shrunk([0.0, 0.2], [Estimate(0.3, 0.05), Estimate(0.2, 0.05)]) == pytest.approx([0.0, 0.2])


@pytest.mark.parametrize(("times", "off", "turned"), [(1.0, 0.022, 0.01), (0.5, 0.036, 0.07), (0.0, 0.044, 1.0)])
def test_noise_of_a_trial_does_not_say_which_action_is_best(times: float, off: float, turned: float) -> None:
    """Trials as a company of 100,000 makes them, where actions do so many times what is assumed: how far from the truth
    what is counted with then is, and how often an action that is not the best is taken for it."""
    generator, errors = numpy.random.default_rng(1), [0.06, 0.06, 0.055]
    truth = times * numpy.array(ASSUMED)
    counted = []
    for seen in generator.normal(truth, errors, (500, 3)):
        found = shrunk(ASSUMED, [Estimate(*each) for each in zip(seen.tolist(), errors, strict=True)])
        counted.append(numpy.clip(found, 0.0, ASSUMED))
    assert numpy.sqrt(numpy.mean((counted - truth) ** 2)) < off
    assert numpy.mean(numpy.argmax(counted, axis=1) != 0) < turned


def test_the_share_kept_is_a_ratio_with_its_error() -> None:
    found = []
    for seed in range(200):
        generator = numpy.random.default_rng(seed)
        risk, value = generator.uniform(0.1, 0.5, 400), generator.gamma(2.0, 100.0, 400)
        scores = 0.2 * risk + generator.normal(scale=0.8, size=400)
        fitted = CrossFitted(scores, risk, risk, numpy.zeros(400, int), (), numpy.zeros((0, 2, 400)))
        share = share_kept(fitted, value, numpy.arange(400), numpy.arange(400))
        assert share is not None
        found.append((share.mean - 0.2) / share.error)
    assert numpy.std(found) == pytest.approx(1.0, abs=0.15)
    assert abs(numpy.mean(found)) < 0.25
    assert share_kept(fitted, value, numpy.arange(0), numpy.arange(400)) is None


def test_an_average_is_dealt_out_by_risk_and_models_are_believed_as_far_as_they_know_better() -> None:
    risk = numpy.array([0.1, 0.3, 0.5])
    assert by_risk(0.06, risk, 0.3) == pytest.approx([0.02, 0.06, 0.1])
    assert by_risk(-0.06, risk, 0.3) == pytest.approx([-0.06] * 3)
    generator = numpy.random.default_rng(2)
    says = generator.normal(size=(5_000, 2))
    noise = generator.normal(scale=3.0, size=5_000)
    assert believed(says, 0.8 * says[:, 0] + noise) == pytest.approx([0.8, 0.0], abs=0.15)
    trusted = [believed(generator.normal(size=(300, 2)), generator.normal(scale=3.0, size=300)) for _ in range(50)]
    assert numpy.mean([weights.any() for weights in trusted]) < 0.1
    assert numpy.mean(trusted) < 0.02

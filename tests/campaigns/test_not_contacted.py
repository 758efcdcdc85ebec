"""Why nobody called, customer by customer, and who is called in each group of customers."""

from dataclasses import replace

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from churn_campaigns.campaign.customers import Customers
from churn_campaigns.campaign.eligibility import DO_NOT_CONTACT, DOES_NOT_PAY, IN_ANOTHER_PLAN, NOT_PROVEN
from churn_campaigns.campaign.groups import group_lines, group_shares
from churn_campaigns.campaign.not_contacted import BUDGET, CAPACITY, HELD_OUT, WHY, counted, why_not_contacted
from churn_campaigns.campaign.orders import Order
from churn_campaigns.campaign.plan import CampaignPlan, make_plan
from churn_campaigns.campaign.problem import NOTHING
from churn_model.rules import ActionRule

OFFER = ActionRule("offer", "An offer", 20.0, 0.3, segments=(1,))
CALL = ActionRule("call", "A call", 5.0, 0.1, consent="agreed")
UNLIMITED = 1e9


def people(count: int, seed: int) -> Customers:
    generator = numpy.random.default_rng(seed)
    return Customers(
        ids=[f"c{number}" for number in range(count)],
        probability=generator.random(count),
        segment=generator.integers(1, 4, count),
        risk=generator.integers(0, 3, count),
        value=generator.gamma(2.0, 100.0, count),
        measured={},
        consent={"agreed": generator.random(count) < 0.6},
        days_since=numpy.full(count, numpy.nan),
        last_year=numpy.full(count, numpy.nan),
        groups={"region": generator.choice(["north", "south"], count).astype(object)},
    )


def planned(customers: Customers, order: Order) -> tuple[CampaignPlan, numpy.ndarray]:
    plan = make_plan(customers, (OFFER, CALL), order)
    return plan, why_not_contacted(plan, order)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 1000), st.sampled_from([200.0, 2000.0, UNLIMITED]), st.sampled_from([-1, 0, 3, 40]),
    st.sampled_from([0.0, 0.3]), st.booleans(), st.booleans(),
)  # fmt: skip
def test_everybody_who_gets_nothing_has_one_reason_that_holds(
    seed: int, budget: float, capacity: int, holdout: float, trial: bool, proven_only: bool
) -> None:
    refused = numpy.arange(150) % 10 == 0
    customers = replace(people(150, seed), refused=refused)
    elsewhere = frozenset(customers.ids[:20])
    capacities = numpy.array([-1, capacity])
    order = Order(budget, capacities, holdout, "salt", proven_only=proven_only, left_out=elsewhere, trial=trial)
    plan, reasons = planned(customers, order)
    assert ((reasons == "") == (plan.choice != NOTHING)).all()
    assert set(reasons) <= set(WHY)
    assert sum(counted(reasons).values()) == int((plan.choice == NOTHING).sum())
    assert ((reasons == DO_NOT_CONTACT) == refused).all()
    assert (reasons[:20][~refused[:20]] == IN_ANOTHER_PLAN).all()
    assert ((reasons == HELD_OUT) == plan.control).all()
    could = (plan.offers.net > 0.0).any(axis=1)
    limited = numpy.isin(reasons, (BUDGET, CAPACITY))
    assert (limited == could & (plan.choice == NOTHING) & ~plan.control).all()
    if capacity < 0:
        assert CAPACITY not in reasons
    assert (plan.offers.worth.max(axis=1)[reasons == DOES_NOT_PAY] <= 0.0).all()


@pytest.mark.parametrize(
    ("place", "expected"),
    [(0, "another segment"), (1, "no consent"), (2, DOES_NOT_PAY), (3, ""), (4, BUDGET)],
    ids=["segment", "consent", "does-not-pay", "contacted", "budget"],
)
def test_the_reason_is_that_of_the_action_that_would_bring_most(place: int, expected: str) -> None:
    nothing = numpy.full(5, numpy.nan)
    customers = Customers(
        ids=list("abcde"),
        probability=numpy.array([0.9, 0.8, 0.01, 0.9, 0.8]),
        segment=numpy.array([2, 2, 1, 1, 1]),
        risk=numpy.ones(5, dtype=int),
        value=numpy.array([1000.0, 80.0, 100.0, 1000.0, 1000.0]),
        measured={},
        consent={"agreed": numpy.array([False, False, True, True, True])},
        days_since=nothing,
        last_year=nothing,
    )
    _, reasons = planned(customers, Order(20.0, numpy.array([-1, -1]), 0.0, ""))
    assert reasons[place] == expected


def test_used_up_capacity_is_told_from_used_up_budget() -> None:
    customers = people(200, 3)
    order = Order(UNLIMITED, numpy.array([5, 5]), 0.0, "")
    assert counted(planned(customers, order)[1])[CAPACITY] > 50
    assert BUDGET not in planned(customers, order)[1]


def test_with_proven_effects_alone_nobody_is_told_that_it_would_not_pay_who_would() -> None:
    customers = people(200, 4)
    _, before = planned(customers, Order(UNLIMITED, numpy.array([-1, -1]), 0.0, ""))
    _, only = planned(customers, Order(UNLIMITED, numpy.array([-1, -1]), 0.0, "", proven_only=True))
    assert (only[before == ""] != DOES_NOT_PAY).all()
    assert NOT_PROVEN in only


def test_groups_are_told_share_and_money_with_intervals() -> None:
    customers = people(400, 5)
    plan, _ = planned(customers, Order(500.0, numpy.array([-1, -1]), 0.0, ""))
    (feature, groups), *_ = group_shares(customers, plan).items()
    assert feature == "region"
    assert [each["group"] for each in groups] == ["north", "south"]
    prices = numpy.array([20.0, 5.0, 0.0])[plan.choice]
    for each in groups:
        own = customers.groups["region"] == each["group"]
        assert each["customers"] == own.sum()
        assert each["contacted"] == pytest.approx((plan.choice[own] != NOTHING).mean())
        low, high = each["contacted_interval"]
        assert low < each["contacted"] < high
        error = prices[own].std(ddof=1) / numpy.sqrt(own.sum())
        assert each["spent"] == pytest.approx(prices[own].mean())
        assert each["spent_interval"][1] == pytest.approx(each["spent"] + norm.ppf(0.975) * error)
    assert sum(each["spent"] * each["customers"] for each in groups) == pytest.approx(prices.sum())
    lines = group_lines({feature: groups})
    assert len(lines) == 2
    assert lines[0].startswith("region north: ")


def test_a_group_that_is_called_as_often_but_offered_less_shows_in_the_money() -> None:
    """Of two groups alike but for what was found out about them, one gets the offers and the other the calls."""
    customers = replace(people(400, 7), value=numpy.full(400, 300.0), probability=numpy.full(400, 0.9))
    customers.consent["agreed"][:] = True
    north = customers.groups["region"] == "north"
    customers = replace(customers, segment=numpy.where(north, 1, 2))
    order = Order(UNLIMITED, numpy.array([-1, -1]), 0.5, "salt")
    plan, _ = planned(customers, order)
    told = {each["group"]: each for each in group_shares(customers, plan)["region"]}
    for group, own, price in (("north", north, 20.0), ("south", ~north, 5.0)):
        treated = float((~plan.held_out[own]).mean())
        assert 0.4 < treated < 0.6
        # Who is held out is not contacted, and nothing is spent on them.
        assert told[group]["contacted"] == pytest.approx(treated)
        assert told[group]["spent"] == pytest.approx(price * treated)
    assert told["north"]["contacted_interval"][0] < told["south"]["contacted_interval"][1]
    assert told["north"]["spent_interval"][0] > told["south"]["spent_interval"][1]


def test_a_group_of_one_has_no_interval_of_money() -> None:
    customers = people(30, 6)
    customers.groups["region"][0] = "nowhere"
    plan, _ = planned(customers, Order(500.0, numpy.array([-1, -1]), 0.0, ""))
    shares = group_shares(customers, plan)["region"]
    (alone,) = [each for each in shares if each["group"] == "nowhere"]
    assert alone["spent_interval"] is None
    assert "nowhere: 1 customers" in group_lines({"region": [alone]})[0]

"""What keeping a customer is worth and what an action costs: one rule, on one base of time."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_model.actions import ActionTable
from churn_model.errors import UseCaseError
from churn_model.money import kept_factor, net, retained, value_factor
from churn_model.schema import Schema, SchemaFeature
from churn_model.usecase import ValueRule, load_usecase, parse_usecase, shipped_usecases

SHARE = st.floats(0, 1)
MONEY = st.floats(0, 500)
SCHEMA = Schema("shop", "id", (SchemaFeature("spend", "number"),))
DOCUMENT: dict[str, Any] = {
    "name": "shop", "id": "id", "label": {"column": "left", "positive": "yes", "window": 3},
    "time": {"column": "months"},
    "value": {"column": "spend", "margin": 0.4},
    "actions": [{"id": "gift", "name": "A gift", "cost": 21, "contact_cost": 1, "effect": 0.2}],
}  # fmt: skip


@given(SHARE, SHARE, MONEY, MONEY, MONEY)
def test_an_offer_costs_whoever_accepts_it(
    accepts: float, leaves: float, value: float, contact: float, offer: float
) -> None:
    would_leave = accepts * (value - offer) - contact
    would_stay = -offer - contact
    expected = leaves * would_leave + (1 - leaves) * would_stay
    assert net(accepts * leaves, leaves, value, contact, offer) == pytest.approx(expected, abs=1e-9)
    assert net(accepts * leaves, leaves, value, contact + offer, 0.0) <= expected + 1e-9


def test_what_a_leaver_takes_along_are_the_months_after_leaving() -> None:
    rule = ValueRule("spend", months=12, margin=0.4)
    assert kept_factor(rule, None) == pytest.approx(value_factor(rule)) == pytest.approx(4.8)
    assert kept_factor(rule, 1.0) == pytest.approx(0.4 * 11)
    assert kept_factor(rule, 12.0) == pytest.approx(0.4 * sum(month / 12 for month in range(12)))
    leaving = ValueRule("spend", months=3.5, margin=1.0, discount_rate=0.21, retention=(0.9, 0.8))
    discount = 1.21 ** (-1 / 12)
    parts = 0.9 * discount / 2 + 0.8 * discount**2 + 0.5 * (0.8 * 0.8 / 0.9) * discount**3
    assert kept_factor(leaving, 2.0) == pytest.approx(parts)


def test_each_month_ahead_counts_as_far_as_the_customer_is_still_there() -> None:
    rule = ValueRule("spend", months=3.5, margin=0.5, discount_rate=0.21, retention=(0.9, 0.8))
    discount = 1.21 ** (-1 / 12)
    months = 1 + 0.9 * discount + 0.8 * discount**2 + 0.5 * (0.8 * 0.8 / 0.9) * discount**3
    assert value_factor(rule) == pytest.approx(0.5 * months)
    assert [retained(rule, month) for month in range(3)] == [1.0, 0.9, 0.8]
    assert retained(rule, 5) == pytest.approx(0.8 * (0.8 / 0.9) ** 3)
    assert retained(ValueRule("spend"), 7) == 1.0
    assert retained(ValueRule("spend", retention=(0.5, 0.0)), 7) == 0.0
    assert retained(ValueRule("spend", retention=(0.5, 0.0, 0.0)), 7) == 0.0
    assert retained(ValueRule("spend", retention=(0.7,)), 3) == pytest.approx(0.7**3)


@given(st.floats(0.5, 60), st.floats(0.1, 24), st.floats(0, 0.5), st.floats(0.5, 1))
def test_nobody_loses_more_than_there_is(months: float, window: float, rate: float, stays: float) -> None:
    rule = ValueRule("spend", months=months, margin=0.3, discount_rate=rate, retention=(stays,))
    assert 0 <= kept_factor(rule, window) <= value_factor(rule) + 1e-12
    assert kept_factor(rule, window) <= kept_factor(rule, window / 2) + 1e-12


def test_a_decision_counts_by_the_same_rule() -> None:
    usecase = parse_usecase(DOCUMENT, "shop.yaml")
    assert usecase.window_months == 3.0
    document = {
        "format": 1, "risk": {}, "value": {"column": "spend", "index": 0, "factor": usecase.kept_factor, "fill": 0.0},
        "actions": [{"id": "gift", "name": "A gift", "cost": 21, "contact_cost": 1, "effect": 0.2}],
    }  # fmt: skip
    table = ActionTable.from_json(document, SCHEMA)
    value = 100 * usecase.kept_factor
    assert table.value((100.0,)) == pytest.approx(value)
    decision = table.decide(0.7, 1, (100.0,))
    assert (decision.id, decision.cost) == ("gift", 21.0)
    assert decision.expected_value == pytest.approx(0.14 * value - 1 - 20 * (0.14 + 0.3), abs=0.005)
    assert table.decide(0.2, 1, (100.0,)).id == "none"  # Most would have stayed, and taken the gift all the same.


def test_models_are_compared_by_the_action_that_is_named() -> None:
    usecase = parse_usecase({**DOCUMENT, "profit": {"action": "gift", "budget_share": 0.2}}, "shop.yaml")
    profit = usecase.profit
    assert (profit.offer_cost, profit.contact_cost, profit.budget_share) == (20.0, 1.0, 0.2)
    assert (profit.acceptance_alpha, profit.acceptance_beta) == pytest.approx((4.0, 16.0))  # as sure as 20 customers
    assert parse_usecase(DOCUMENT, "shop.yaml").profit.offer_cost == 10.0


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"profit": {"action": "call"}}, "`profit.action` 'call' is none of the actions"),
        (
            {"profit": {"action": "gift", "offer_cost": 3}},
            "`profit.offer_cost` is said by `profit.action` too, one of the two was expected",
        ),
        (
            {"actions": [{"id": "gift", "name": "A gift", "cost": 5, "contact_cost": 6, "effect": 0.1}]},
            "`actions[0]` (gift): `contact_cost` is a part of `cost`, 0 to 5, is 6",
        ),
        (
            {"actions": [{"id": "gift", "name": "A gift", "cost": 5, "effect": 0}], "profit": {"action": "gift"}},
            "`profit.action` needs an effect above 0 and below 1, gift has 0",
        ),
    ],
    ids=["no such action", "said twice", "a part above the whole", "no effect"],
)
def test_money_that_does_not_fit_is_named(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(UseCaseError) as refused:
        parse_usecase({**DOCUMENT, **changes}, "shop.yaml")
    assert str(refused.value) == f"shop.yaml: {problem}"


@pytest.mark.parametrize("name", shipped_usecases())
def test_what_ships_states_a_margin_and_a_window(name: str) -> None:
    usecase = load_usecase(name)
    assert usecase.required_value().margin < 1
    assert usecase.required_value().retention
    assert usecase.window_months is not None
    assert usecase.stated_profit.customer_value is None
    assert usecase.stated_profit.action

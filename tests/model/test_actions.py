"""Decisions at every border: risk bands, who an action is for, what it must bring, and without any money."""

import math
from typing import Any

import pytest

from churn_model.actions import ActionTable, Decision
from churn_model.errors import SchemaMismatch
from sample_package import sample_schema

SCHEMA = sample_schema()
BELOW = {share: math.nextafter(share, 0.0) for share in (0.3, 0.6)}
CALL = {"id": "call", "name": "Call", "cost": 10.0, "effect": 0.2}
VALUE = {"column": "charges", "index": 2, "factor": 12.0, "fill": 60.0}


def table(*actions: dict[str, Any], value: dict[str, Any] | None = VALUE) -> ActionTable:
    document = {"format": 1, "risk": {"medium": 0.3, "high": 0.6}, "value": value, "actions": list(actions)}
    return ActionTable.from_json(document, SCHEMA)


def row(charges: float) -> list[Any]:
    return [12.0, "One year", charges, "Card", 0.0]


@pytest.mark.parametrize(
    ("probability", "risk"),
    [(0.0, "low"), (BELOW[0.3], "low"), (0.3, "medium"), (BELOW[0.6], "medium"), (0.6, "high"), (1.0, "high")],
)
def test_a_band_begins_with_its_bound(probability: float, risk: str) -> None:
    assert table(CALL).risk(probability) == risk
    assert table(CALL).decide(probability, 1, row(0.0)).risk == risk


@pytest.mark.parametrize(("charges", "value"), [(50.0, 600.0), (math.nan, 720.0), (-5.0, 0.0), (0.0, 0.0)])
def test_what_keeping_a_customer_is_worth_is_never_negative(charges: float, value: float) -> None:
    assert table(CALL).value(row(charges)) == value


def test_whether_anybody_said_what_customers_are_worth() -> None:
    assert table(CALL).knows_value
    assert not table(CALL, value=None).knows_value
    assert table().decide(0.9, 1, row(50.0)) == Decision("high", "none", "No action", 0.0, 0.0)
    assert table(value=None).decide(0.9, 1, row(50.0)) == Decision("high", "none", "No action", None, None)


def test_the_best_is_the_one_that_brings_most_and_the_first_of_equals() -> None:
    better, equal = {**CALL, "id": "visit", "effect": 0.3}, {**CALL, "id": "again", "effect": 0.3}
    decision = table(CALL, better, equal).decide(0.5, 1, row(50.0))
    assert (decision.id, decision.cost, decision.source) == ("visit", 10.0, "assumed")
    assert decision.expected_value == pytest.approx(0.3 * 0.5 * 600.0 - 10.0)


@pytest.mark.parametrize(("cost", "chosen"), [(60.0, "none"), (59.99, "call")])
def test_what_brings_nothing_is_not_done(cost: float, chosen: str) -> None:
    """0.2 of 0.5 of 600 are 60."""
    assert table({**CALL, "cost": cost}).decide(0.5, 1, row(50.0)).id == chosen


@pytest.mark.parametrize(("least", "chosen"), [(600.0, "call"), (math.nextafter(600.0, 700.0), "none")])
def test_a_least_value_is_reached_by_who_has_it(least: float, chosen: str) -> None:
    assert table({**CALL, "minimum_value": least}).decide(0.5, 1, row(50.0)).id == chosen


@pytest.mark.parametrize("value", [VALUE, None])
@pytest.mark.parametrize(
    ("limits", "probability", "segment", "chosen"),
    [
        ({"segments": [2, 12]}, 0.5, 2, "call"),
        ({"segments": [2, 12]}, 0.5, 12, "call"),
        ({"segments": [2, 12]}, 0.5, 1, "none"),
        ({"risk": ["high"]}, 0.6, 1, "call"),
        ({"risk": ["high"]}, BELOW[0.6], 1, "none"),
        ({}, 0.5, 12, "call"),
    ],
)
def test_an_action_is_for_its_segments_and_risks(
    value: dict[str, Any] | None, limits: dict[str, Any], probability: float, segment: int, chosen: str
) -> None:
    made = table({**CALL, **limits}, value=value)
    assert made.decide(probability, segment, row(50.0)).id == chosen
    assert bool(made.eligible(segment, made.risk(probability))) == (chosen == "call")


def test_without_money_the_most_effective_action_is_chosen_that_asks_for_no_value() -> None:
    dear = {**CALL, "id": "visit", "effect": 0.9, "minimum_value": 0.01}
    better = {**CALL, "id": "gift", "effect": 0.3, "minimum_value": 0.0, "source": "measured"}
    decision = table(CALL, dear, better, value=None).decide(0.5, 1, row(50.0))
    assert decision == Decision("medium", "gift", "Call", None, None, "measured")


def test_what_it_was_read_from_is_what_it_is_written_as() -> None:
    made = table(CALL, {**CALL, "id": "visit", "segments": [3]})
    assert ActionTable.from_json(made.to_json(), SCHEMA).to_json() == made.to_json()
    assert [action.id for action in made.actions] == ["call", "visit"]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({**VALUE, "index": 4}, "'charges' is not number 4 of the schema"),
        ({**VALUE, "index": 5}, "'charges' is not number 5 of the schema"),
        ({**VALUE, "index": -3}, "'charges' is not number -3 of the schema"),
        ({**VALUE, "column": "Contract", "index": 1}, "'Contract' is not number 1 of the schema"),
    ],
)
def test_a_value_that_no_row_holds_is_refused(value: dict[str, Any], problem: str) -> None:
    with pytest.raises(SchemaMismatch, match=rf"^actions\.json: {problem}$"):
        table(CALL, value=value)

"""A level that training never saw is answered and told, with the customer and what may have been meant."""

import copy
import json
from typing import Any

import msgspec
import pytest
from prometheus_client import generate_latest

from churn_model import Description, Row, Scores, open_package
from churn_model.actions import ActionTable
from churn_model.spelling import Note
from churn_serving.core.dispatch import Outcome
from churn_serving.gateway.answers import decide
from churn_serving.gateway.warnings import MAXIMUM_WARNINGS, SCORECARD, UNSEEN, warnings_text
from churn_serving.telemetry import names
from churn_serving.telemetry.metrics import GatewayMetrics
from sample_package import sample_rows


@pytest.fixture(scope="module")
def description(package_folder: Any, keys: Any) -> Description:
    return open_package(package_folder, keys.trusted).description


def answer(description: Description, rows: list[Row], notes: list[Note], served_by: str = "primary") -> dict[str, Any]:
    outcome = Outcome(served_by, Scores([0.5] * len(rows), [1] * len(rows)), description)
    ids = [f"c{number}" for number in range(len(rows))]
    document: dict[str, Any] = json.loads(msgspec.json.encode(decide("r", ids, rows, outcome, notes)))
    return document


def row(contract: str | None, payment: str | None = "Card") -> Row:
    return [3.0, contract, 70.0, payment, 0.0]


def test_nothing_odd_nothing_said(description: Description) -> None:
    rows = [row("One year"), row(None)]
    notes = description.schema.spelling.notes(rows)
    assert notes == [(1, 1, False)]
    assert "warnings" not in answer(description, rows, notes)
    assert warnings_text(notes, rows, description.schema) == ""


@pytest.mark.parametrize(
    ("written", "nearest"),
    [
        ("month-to-month", "Month-to-month"), ("Month to month", "Month-to-month"), ("Two years", "Two year"),
        ("TWO YEAR", "Two year"), ("Lifetime", None), ("x" * 200, None), ("Ⅷ", None),
    ],
)  # fmt: skip
def test_a_new_level_names_customer_feature_and_the_nearest_level(
    description: Description, written: str, nearest: str | None
) -> None:
    rows = [row("One year"), row(written)]
    notes = description.schema.spelling.notes(rows)
    told = {"message": UNSEEN, "customer_id": "c1", "feature": "Contract"} | ({"nearest": nearest} if nearest else {})
    assert answer(description, rows, notes)["warnings"] == [told]
    expected = {"row": 1, "feature": "Contract"} | ({"nearest": nearest} if nearest else {})
    assert json.loads(warnings_text(notes, rows, description.schema)) == [expected]
    assert written not in json.dumps(answer(description, rows, notes))


def test_a_scorecards_answer_says_that_it_is_one_before_anything_else(description: Description) -> None:
    rows = [row("One year"), row("Lifetime")]
    told = answer(description, rows, description.schema.spelling.notes(rows), "degraded")["warnings"]
    assert told == [{"message": SCORECARD.message}, {"message": UNSEEN, "customer_id": "c1", "feature": "Contract"}]
    assert "scorecard" in told[0]["message"]


@pytest.mark.parametrize("source", ["assumed", "measured"])
def test_an_expected_value_says_what_it_rests_on(description: Description, source: Any) -> None:
    document = description.actions.to_json()
    for action in document["actions"]:
        action["source"] = source
    described = copy.copy(description)
    described.actions = ActionTable.from_json(document, description.schema)
    outcome = Outcome("primary", Scores([0.9, 0.01], [1, 1]), described)
    rows = [row("One year"), row("One year")]
    chosen, nothing = (one.action for one in decide("r", ["a", "b"], rows, outcome).predictions)
    assert chosen.expected_value
    assert chosen.source == source
    assert (nothing.id, nothing.source) == ("none", None)


def test_many_are_counted(description: Description) -> None:
    rows = [row(f"level {number}", f"way {number}") for number in range(300)]
    told = answer(description, rows, description.schema.spelling.notes(rows))["warnings"]
    assert len(told) == MAXIMUM_WARNINGS + 1
    assert told[-1] == {"message": f"and {600 - MAXIMUM_WARNINGS} more levels like that"}


def test_looking_at_rows_finds_what_reading_noted(description: Description) -> None:
    spelling, rows = description.schema.spelling, sample_rows(500, 4)
    notes: list[Note] = []
    sent = [[None if value != value else value for value in values] for values in rows]  # noqa: PLR0124 - NaN
    read = [spelling.row(values, number, notes) for number, values in enumerate(sent)]
    assert spelling.notes(read) == notes
    assert {unseen for _, _, unseen in notes} == {True, False}


def test_metrics_count_by_feature_alone() -> None:
    metrics = GatewayMetrics()
    metrics.values_noted("Contract", 3, unseen=True)
    metrics.values_noted("tenure", 2, unseen=False)
    text = generate_latest(metrics.registry).decode()
    assert f'{names.UNSEEN_LEVELS}{{feature="Contract"}} 3.0' in text
    assert f'{names.MISSING_VALUES}{{feature="tenure"}} 2.0' in text

"""Customers as plain records: every fault is named at once by its place, without its value, and not too many come."""

from typing import Any

import pytest

from churn_model.schema import Schema, SchemaFeature
from churn_serving.backend.records import rows_of_records
from churn_serving.oip.faults import InvalidRequest
from churn_serving.oip.messages import MAX_ROWS

SCHEMA = Schema(
    "shop", "customer", (SchemaFeature("age", "number", minimum=0, maximum=120), SchemaFeature("plan", "category"))
)
SOUND: dict[str, Any] = {"age": 30, "plan": "basic"}


def faults(records: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidRequest) as refused:
        rows_of_records(records, SCHEMA)
    return [(where, words) for where, words in refused.value.problems]


def test_records_are_rows_in_the_schemas_order() -> None:
    rows = rows_of_records([{"plan": "basic", "age": 30}, {"age": None, "plan": None}], SCHEMA)
    assert list(rows[0]) == [30.0, "basic"]
    assert rows[1][0] != rows[1][0]
    assert rows[1][1] is None
    assert rows_of_records((SOUND,), SCHEMA) == rows_of_records([SOUND], SCHEMA)


@pytest.mark.parametrize("records", [None, {}, 3, "records", {"customers": []}])
def test_what_is_no_list_is_said(records: Any) -> None:
    assert faults(records) == [("customers", "expected a list of records")]


def test_so_many_at_once_and_no_more() -> None:
    assert len(rows_of_records([SOUND] * MAX_ROWS, SCHEMA)) == MAX_ROWS
    assert faults([SOUND] * (MAX_ROWS + 1)) == [("customers", f"{MAX_ROWS + 1} records; expected 1 to {MAX_ROWS}")]
    assert faults([]) == [("customers", f"0 records; expected 1 to {MAX_ROWS}")]


def test_every_fault_is_named_by_its_place() -> None:
    assert faults([SOUND, "text", {"plan": "basic"}, {**SOUND, "x": 1}]) == [
        ("customers[1]", "expected an object"),
        ("customers[2].age", "missing"),
        ("customers[3]", "unknown feature 'x'"),
    ]


@pytest.mark.parametrize("age", [-1, 121, "soon", [1], True])
def test_a_value_that_does_not_fit_is_named_and_not_quoted(age: Any) -> None:
    ((field, message),) = faults([SOUND, {**SOUND, "age": age}])
    assert field == "age[1]"
    assert str(age) not in message or age == 1

"""What a schema's hash tells apart, by which backends refuse rows that were read by another; and what no schema is."""

import math
from typing import Any

import pytest

from churn_model import Schema, SchemaFeature
from churn_model.dates import DateRule
from churn_model.schema import row_from_json, row_to_json

DATE = DateRule("%d.%m.%Y", snapshot_column="as_of", snapshot_spelling="%Y%m%d")
SPELT_ANOTHER_WAY = DateRule("%m.%d.%Y", snapshot_column="as_of", snapshot_spelling="%Y%m%d")
USUAL: tuple[SchemaFeature, ...] = (
    SchemaFeature("tenure", "number", "months", minimum=0, maximum=1200),
    SchemaFeature("plan", "category", categories=("basic", "large")),
    SchemaFeature("since", "number", date=DATE),
)


def schema(*features: SchemaFeature, **changes: Any) -> Schema:
    return Schema(**{"usecase": "shop", "id": "customer", "features": features or USUAL, **changes})


OTHERS = {
    "usecase": schema(usecase="bank"),
    "id": schema(id="number"),
    "order": schema(USUAL[1], USUAL[0], USUAL[2]),
    "fewer": schema(*USUAL[:2]),
    "name": schema(SchemaFeature("age", "number", minimum=0, maximum=1200), *USUAL[1:]),
    "type": schema(USUAL[0], SchemaFeature("plan", "number"), USUAL[2]),
    "minimum": schema(SchemaFeature("tenure", "number", minimum=1, maximum=1200), *USUAL[1:]),
    "no minimum": schema(SchemaFeature("tenure", "number", maximum=1200), *USUAL[1:]),
    "maximum": schema(SchemaFeature("tenure", "number", minimum=0, maximum=1201), *USUAL[1:]),
    "no maximum": schema(SchemaFeature("tenure", "number", minimum=0), *USUAL[1:]),
    "no date": schema(*USUAL[:2], SchemaFeature("since", "number")),
    "spelling": schema(*USUAL[:2], SchemaFeature("since", "number", date=SPELT_ANOTHER_WAY)),
    "snapshot": schema(*USUAL[:2], SchemaFeature("since", "number", date=DateRule("%d.%m.%Y", snapshot="2024-01-01"))),
}  # fmt: skip


@pytest.mark.parametrize("other", OTHERS)
def test_whatever_a_caller_must_get_right_is_in_the_hash(other: str) -> None:
    assert OTHERS[other].hash != schema().hash
    assert len({each.hash for each in OTHERS.values()}) == len(OTHERS)


def test_what_a_caller_need_not_know_is_not() -> None:
    said = SchemaFeature("tenure", "number", "length of time", minimum=0.0, maximum=1200.0)
    levels = SchemaFeature("plan", "category", categories=("basic", "large", "other"))
    assert schema(said, levels, USUAL[2], missing=("?",), logged=("plan",)).hash == schema().hash


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"features": (*USUAL, USUAL[0])}, "two features have the same name"),
        ({"features": (USUAL[0], SchemaFeature("", "number"))}, "the name of feature 2 "),
        ({"features": (SchemaFeature("a\0", "number"),)}, "the name of feature 1 "),
        ({"logged": ("age",)}, "what may be logged is no feature, or stands twice"),
        ({"logged": ("plan", "plan")}, "what may be logged is no feature, or stands twice"),
    ],
)
def test_what_is_no_schema_is_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        schema(**changes)


def test_columns_that_only_say_as_of_when_are_asked_for() -> None:
    assert schema().snapshot_columns == {"as_of": "%Y%m%d"}
    assert schema(*USUAL[:2]).snapshot_columns == {}
    itself = schema(*USUAL, SchemaFeature("as_of", "number", date=DateRule(snapshot="2024-01-01")))
    assert itself.snapshot_columns == {}


def test_a_number_that_means_missing_is_missing_in_amounts_and_not_in_dates() -> None:
    spelling = schema(missing=("-1", "?")).spelling
    assert spelling.unknown == {-1.0}
    notes: list[tuple[int, int, bool]] = []
    row = spelling.row([-1.0, "?", -1.0], 7, notes)  # a day ahead of the snapshot is a day
    assert math.isnan(row[0])  # type: ignore[arg-type]
    assert row[1:] == [None, -1.0]
    assert notes == [(7, 0, False), (7, 1, False)]


def test_what_is_missing_or_new_in_a_row_is_noted_by_its_place() -> None:
    """Whether it is asked of a request's values or of rows that were made of them."""
    spelling, notes = schema().spelling, list[tuple[int, int, bool]]()
    values: list[list[Any]] = [[1.0, "basic", 1.0], [None, "huge", math.nan], [1.0, None, 1.0], [2.0, " large ", 2.0]]
    rows = [spelling.row(row, number, notes) for number, row in enumerate(values, 3)]
    assert notes == [(4, 0, False), (4, 1, True), (4, 2, False), (5, 1, False)]
    assert spelling.notes(rows, 3) == notes
    assert rows[3] == [2.0, "large", 2.0]


def test_a_level_that_only_begins_as_one_is_new() -> None:
    """However many categories a schema has."""
    one, two = (
        SchemaFeature("size", "category", categories=("b",)),
        SchemaFeature("form", "category", categories=("c",)),
    )
    for features, values, new in (
        ((one,), ["bx"], [0]),
        ((one, two), ["bx", "c"], [0]),
        ((one, two), ["b", "cx"], [1]),
    ):
        notes: list[tuple[int, int, bool]] = []
        schema(*features).spelling.row(values, 1, notes)
        assert notes == [(1, place, True) for place in new]


def test_a_row_comes_back_from_json_as_it_was() -> None:
    assert row_to_json([math.nan, None, -1.5]) == [None, None, -1.5]
    row = row_from_json([None, None, 2], schema())
    assert math.isnan(row[0])  # type: ignore[arg-type]
    assert row[1:] == [None, 2.0]
    assert isinstance(row[2], float)
    unfit: list[list[Any]] = [[1.0, "x"], [1.0, "x", 1.0, 1.0], [1.0, 1.0, 1.0], ["x", "x", 1.0]]
    for values in unfit:
        with pytest.raises(ValueError):  # noqa: PT011 - three kinds of fault, and words are the library's
            row_from_json(values, schema())

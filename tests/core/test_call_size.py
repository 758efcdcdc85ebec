"""A call is never larger than it was said to be: bounds hold for any rows, as they are really encoded."""

import gc
import math
import weakref
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_model import Row, Schema, SchemaFeature
from churn_model.names import name_fault
from churn_model.schema import MAXIMUM_TEXT
from churn_serving.core.call_size import CallSize, size_for
from churn_serving.core.policy import DecisionPolicy
from churn_serving.oip.json_codec import encode_request
from churn_serving.oip.messages import MAX_REQUEST_BYTES
from churn_serving.oip.tensors import LARGEST

any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=MAXIMUM_TEXT)
any_number = st.floats(-LARGEST, LARGEST) | st.just(math.nan)
names = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
        lambda name: not name_fault(name)
    ),
    min_size=1,
    max_size=6,
    unique=True,
)


@st.composite
def schemas_and_rows(draw: Any) -> tuple[Schema, list[Row]]:
    features = tuple(SchemaFeature(name, draw(st.sampled_from(["number", "category"]))) for name in draw(names))
    schema = Schema("any", "id", features)
    values = [any_number if feature.type == "number" else st.none() | any_text for feature in features]
    return schema, draw(st.lists(st.tuples(*values), min_size=1, max_size=5))


@settings(max_examples=200, deadline=None)
@given(schemas_and_rows())
def test_it_bounds_what_is_really_sent(made: tuple[Schema, list[Row]]) -> None:
    schema, rows = made
    size = CallSize(schema)
    sent = len(encode_request(rows, schema))
    assert sent <= size.empty + size.of(rows) <= size.empty + len(rows) * size.longest_row
    assert size.fits(rows, size.empty + size.of(rows))
    assert not size.fits(rows, size.empty + size.of(rows) - 1)


@settings(max_examples=200, deadline=None)
@given(schemas_and_rows(), st.integers(1, 8000))
def test_pieces_are_the_rows_in_their_order_and_each_fits_unless_it_is_one_row(
    made: tuple[Schema, list[Row]], limit: int
) -> None:
    schema, rows = made
    size = CallSize(schema)
    pieces = list(size.pieces(rows, limit))
    assert [row for piece in pieces for row in piece] == rows
    assert all(len(piece) == 1 or size.fits(piece, limit) for piece in pieces)
    fewest = 1 if size.fits(rows, limit) else 2
    assert len(rows) == 1 or len(pieces) >= fewest
    assert len(pieces) == 1 or not size.fits(rows, limit)


def test_a_call_is_far_below_what_a_backend_accepts() -> None:
    assert DecisionPolicy().bytes_a_call * 8 <= MAX_REQUEST_BYTES


def test_the_worst_row_of_a_use_case_of_a_thousand_categories_still_goes_through() -> None:
    schema = Schema("wide", "id", tuple(SchemaFeature(f"column {n}", "category") for n in range(1000)))
    row: Row = ["\x01" * MAXIMUM_TEXT] * 1000
    assert DecisionPolicy().bytes_a_call < len(encode_request([row], schema)) < MAX_REQUEST_BYTES


CATEGORIES = Schema("any", "id", (SchemaFeature("a", "category"), SchemaFeature("b", "category")))
NUMBERS = Schema("any", "id", (SchemaFeature("a", "number"), SchemaFeature("b", "number")))


@pytest.mark.parametrize(
    ("schema", "row"),
    [(CATEGORIES, ["\x01" * MAXIMUM_TEXT] * 2), (CATEGORIES, [""] * 2), (NUMBERS, [-2.2250738585072014e-308] * 2)],
    ids=["long texts", "empty texts", "long numbers"],
)
def test_the_bound_is_close_where_rows_are_as_large_as_they_can_be(schema: Schema, row: Row) -> None:
    """Else calls would be cut long before they are full. A row counts for itself, whatever a call has besides."""
    size = CallSize(schema)
    for count in (1, 100, 1000):
        sent = len(encode_request([row] * count, schema)) - len(encode_request([row], schema))
        assert sent <= size.of([row] * count) - size.of([row])
    allowance = 6 * len(row)  # one character a value: that of a missing one, or a sign that is not there
    assert size.of([row] * 1000) - sent <= 1000 * allowance + size.of([row])


@settings(max_examples=200, deadline=None)
@given(schemas_and_rows())
def test_at_the_limit_there_is_one_piece_and_a_byte_below_there_are_more(made: tuple[Schema, list[Row]]) -> None:
    schema, rows = made
    size = CallSize(schema)
    whole = size.empty + size.of(rows)
    assert list(size.pieces(rows, whole)) == [rows]
    below = list(size.pieces(rows, whole - 1))
    assert len(below) == min(2, len(rows))
    assert all(below)


def test_pieces_of_one_row_each_are_none_of_them_empty() -> None:
    rows: list[Row] = [["a", "b"], ["c", "d"], ["e", "f"]]
    assert list(CallSize(CATEGORIES).pieces(rows, 1)) == [[row] for row in rows]


def test_schemas_of_long_ago_take_no_memory() -> None:
    """A process that lives long meets a new schema with many a promotion."""

    def met(name: str) -> "weakref.ref[CallSize]":
        return weakref.ref(size_for(Schema(name, "id", (SchemaFeature("a", "number"),))))

    first = met("the first")
    for number in range(100):
        met(str(number))
    gc.collect()
    assert first() is None

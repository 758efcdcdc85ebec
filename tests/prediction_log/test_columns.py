"""Records read column by column say what each of them says read by itself, whatever their values are like."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_data.errors import DataError
from churn_model.prediction_log.frames import HEADER, frame
from churn_model.prediction_log.pseudonyms import HASH_BYTES
from churn_model.prediction_log.records import AnswerNote, CustomerNote, ModelNote, encode_note
from churn_monitoring.prediction_log.packed import NotPackedSo, PackedRecords
from churn_monitoring.prediction_log.reading import read_segment
from churn_monitoring.prediction_log.segments import Segment
from churn_monitoring.prediction_log.tables import partitioned
from tests.prediction_log.shipped import MODEL, NOON, answer

TEXTS = st.one_of(st.text(st.characters(codec="utf-8"), max_size=40), st.text("ab", min_size=250, max_size=70_000))
NUMBERS = st.floats() | st.integers(-(2**62), 2**62)
CUSTOMERS = st.builds(
    CustomerNote,
    st.none() | st.binary(min_size=HASH_BYTES, max_size=HASH_BYTES),
    st.tuples(st.none() | NUMBERS, st.none() | TEXTS | st.floats(allow_nan=False)),
    st.floats(0, 1),
    st.integers(0, 2**15 - 1),
    st.none() | TEXTS,
    st.none() | st.floats(allow_nan=False),
)
ANSWERS = st.builds(
    AnswerNote,
    st.floats(NOON, NOON + 3599 - 1800),
    TEXTS,
    st.sampled_from(["/v1/predictions", "/v2"]),
    st.sampled_from([0, 1]),
    st.sampled_from(["primary", "canary"]),
    st.none() | TEXTS,
    st.floats(0, 1e6),
    TEXTS,
    st.lists(CUSTOMERS, max_size=18),
)
OTHER = ModelNote(1, "sample", "churn-sample", "2", "sha256:01", ("tenure", "region"), (True, False))
SEGMENT = Segment(Path("segment"), "0123", 7)


def rows(*notes: AnswerNote | ModelNote) -> list[dict[str, Any]]:
    content = HEADER + b"".join(frame(encode_note(note)) for note in (MODEL, OTHER, *notes))
    tables = partitioned(read_segment(content, "segment"), SEGMENT)
    return [row for table in tables.values() for row in table.to_pylist()]


def text(value: Any) -> str | None:
    return None if value is None else str(value)


@settings(max_examples=25)
@given(st.lists(ANSWERS, max_size=5))
def test_every_row_says_what_its_record_says(notes: list[AnswerNote]) -> None:
    found = rows(*notes)
    expected = [(note, customer) for note in notes for customer in note.customers]
    assert [row["position"] for row in found] == list(range(len(expected)))
    for row, (note, customer) in zip(found, expected, strict=True):
        number: Any
        number, category = customer.values
        missing = number is None or number != number  # noqa: PLR0124 - NaN
        own, others = (
            ("feature.Contract", "feature.region") if note.model == 0 else ("feature.region", "feature.Contract")
        )
        assert row["feature.tenure"] == (None if missing else float(number))
        assert (row[own], row.get(others)) == (text(category), None)
        assert (row["customer"], row["churn_probability"]) == (customer.customer, customer.probability)
        assert (row["segment"], row["action"]) == (customer.segment, customer.action)
        assert (row["expected_value"], row["version"]) == (customer.expected_value, "12"[note.model])
        assert (row["request_id"], row["route"], row["key"]) == (note.request_id, note.route, note.key)
        assert (row["served_by"], row["arm"], row["instance"], row["sequence"]) == (note.served_by, note.arm, "0123", 7)
        assert row["milliseconds"] == pytest.approx(note.milliseconds, abs=1e-3)
        assert round(row["time"].timestamp() * 1e6) == round(note.time * 1e6)


@pytest.mark.parametrize(
    "change",
    [
        {"values": (1.0,)}, {"values": (1.0, "a", "b")}, {"values": ("a", "One year")}, {"values": (1.0, [1])},
        {"values": (1.0, True)}, {"customer": b"short"}, {"customer": "a" * 16}, {"probability": None},
        {"segment": None}, {"segment": 1.5}, {"action": b"call"}, {"expected_value": "much"},
    ],
    ids=str,
)  # fmt: skip
def test_a_customer_of_another_version_is_said(change: dict[str, Any]) -> None:
    note = answer("a", "b")
    odd = msgspec.structs.replace(note.customers[1], **change)
    with pytest.raises(DataError, match="another version"):
        rows(note, msgspec.structs.replace(note, customers=(note.customers[0], odd)))


@pytest.mark.parametrize("content", [b"", b"\x96", b"\x91\xd9\xff", b"\x91\xdb\xff\xff\xff\xff", b"\x91\xc7\x01\x00a"])
def test_what_ends_too_early_is_said(content: bytes) -> None:
    packed = PackedRecords([b"\x91\xa1a", content])
    with pytest.raises(NotPackedSo):
        _ = packed.arrays(), packed.values()

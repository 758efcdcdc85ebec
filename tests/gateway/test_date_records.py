"""Dates in customer records become the very days that a file's dates become, and are described as dates."""

import csv
import json
from pathlib import Path

import msgspec
import pytest

from churn_data.schema_cells import feature_values
from churn_data.schema_columns import SchemaColumns
from churn_data.tables import open_table
from churn_model.dates import DateRule
from churn_model.schema import Schema, SchemaFeature
from churn_serving.gateway.records import RecordDecoder
from churn_serving.oip.faults import InvalidRequest

FIXED = DateRule(spelling="%m/%d/%y", snapshot="2024-01-01")
OWN = DateRule(snapshot_column="as_of")


def schema(rule: DateRule, name: str = "since") -> Schema:
    return Schema("shop", "id", (SchemaFeature("spend", "number"), SchemaFeature(name, "number", date=rule)))


def body(**features: object) -> bytes:
    return json.dumps({"customers": [{"customer_id": "c", "features": {"spend": 1, **features}}]}).encode()


@pytest.mark.parametrize(
    "text",
    ["2023-12-31", "2023-12-31T06:00:00Z", "2023-12-31 06:00:00", "12/31/23", " 2023-01-01 ", "2025-02-03", ""],
    ids=["iso", "zone", "time", "own spelling", "blanks", "ahead", "missing"],
)
@pytest.mark.parametrize("name", ["since", 'si"nce'], ids=["struct", "mapping"])
def test_a_record_gets_the_bits_of_the_file(text: str, name: str) -> None:
    found = RecordDecoder(schema(FIXED, name), 10).decode(body(**{name: text})).rows[0]
    cell = text.strip() or None
    expected = feature_values(schema(FIXED, name), {"spend": ["1"], name: [cell]}, [2], "f.csv")
    assert str(list(found)) == str([1.0, expected[1][0]])


SPELT: dict[str, tuple[str, object]] = {
    "no end": ("iso", "9999-12-31"),
    "zeros": ("iso", "0000-00-00"),
    "quarter": ("quarter", "Q1 2023"),
    "week": ("week", "2023-W07"),
    "several": ("%d.%m.%Y | %d %b %Y", "7 Feb 2023"),
    "birth": ("%d.%m.%y from 1915", "01.02.30"),
    "unix": ("epoch s", 1_672_617_600),
    "milliseconds as text": ("epoch ms", "1672617600123"),
    "excel": ("excel days", 44928),
    "unix, half a second": ("epoch s", 1_672_617_600.5),
    "excel, six in the morning": ("excel days", 44928.25),
    "compact": ("%Y%m%d", 20230102),
    "compact as a float": ("%Y%m%d", 20230102.0),
    "never counted": ("epoch s", 0),
}


@pytest.mark.parametrize("kind", SPELT)
@pytest.mark.parametrize("name", ["since", 'si"nce'], ids=["struct", "mapping"])
def test_every_spelling_gets_the_bits_of_the_file(kind: str, name: str) -> None:
    spelling, value = SPELT[kind]
    known = schema(DateRule(spelling, "2024-01-01"), name)
    found = RecordDecoder(known, 10).decode(body(**{name: value})).rows[0]
    expected = feature_values(known, {"spend": ["1"], name: [str(value)]}, [2], "f.csv")
    assert str(list(found)) == str([1.0, expected[1][0]])
    assert ("nan" in str(list(found))) is (kind in ("no end", "zeros", "never counted"))


NONE: dict[str, tuple[str, object]] = {
    "word": ("iso", "N/A"),
    "word of a spreadsheet": ("%d.%m.%Y", "#NV"),
    "blanks": ("iso", " \u00a0"),
    "of the model": ("iso", "1900-01-01"),
    "number of the model": ("epoch s", -999),
    "the same as a text": ("epoch s", "-999.0"),
    "for ever": ("%d.%m.%Y", "31.12.9999"),
    "nought": ("%Y%m%d", 0),
    "nought as a float": ("%Y%m%d", "0.0"),
    "of a web page": ("iso", "&lt;NA&gt;"),
}


@pytest.mark.parametrize("kind", NONE)
@pytest.mark.parametrize("name", ["since", 'si"nce'], ids=["struct", "mapping"])
def test_what_says_that_there_is_no_date_says_so_in_a_record_as_in_a_file(kind: str, name: str, tmp_path: Path) -> None:
    spelling, value = NONE[kind]
    known = msgspec.structs.replace(
        schema(DateRule(spelling, "2024-01-01"), name), id="", missing=("", "1900-01-01", "-999")
    )
    found = RecordDecoder(known, 10).decode(body(**{name: value}))
    assert str(list(found.rows[0])) == "[1.0, nan]"
    assert found.notes == [(0, 1, False)]
    with (tmp_path / "f.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["spend", name], ["1", value]])
    with open_table(tmp_path / "f.csv") as table:
        assert [str(list(row)) for chunk in table.chunks for row in SchemaColumns(table, known, ()).read(chunk)[1]] == [
            "[1.0, nan]"
        ]


@pytest.mark.parametrize("name", ["since", 'si"nce'], ids=["struct", "mapping"])
@pytest.mark.parametrize("as_of", [1_704_067_200, "1704067200", "&#50;024-01-01"])
def test_a_snapshot_may_be_a_number_and_is_no_day_that_the_model_calls_missing(name: str, as_of: object) -> None:
    rule = DateRule(snapshot_column="as_of", snapshot_spelling="epoch s")
    known = msgspec.structs.replace(schema(rule, name), missing=("2024-02-01",))
    decoder = RecordDecoder(known, 10)
    assert list(decoder.decode(body(**{name: "2023-12-31"}, as_of=as_of)).rows[0]) == [1.0, 1.0]
    with pytest.raises(InvalidRequest) as refused:
        decoder.decode(body(**{name: "2023-12-31"}, as_of="2024-02-01"))
    assert [problem.field for problem in refused.value.problems] == ["customers[0].features.as_of"]


def test_a_record_may_bring_its_own_snapshot() -> None:
    decoder = RecordDecoder(schema(OWN), 10)
    assert list(decoder.decode(body(since="2024-01-01", as_of="2024-02-01")).rows[0]) == [1.0, 31.0]
    assert str(list(decoder.decode(body(since=None, as_of="2024-02-01")).rows[0])) == "[1.0, nan]"


FAULTS: dict[str, tuple[DateRule, dict[str, object], str]] = {
    "word": (FIXED, {"since": "soon"}, "customers[0].features.since"),
    "number": (FIXED, {"since": 12}, "customers[0].features.since"),
    "number too large": (DateRule("epoch s", "2024-01-01"), {"since": 1e300}, "customers[0].features.since"),
    "month 13": (FIXED, {"since": "2024-13-01"}, "customers[0].features.since"),
    "endless blanks": (FIXED, {"since": " " * 200}, "customers[0].features.since"),
    "endless": (FIXED, {"since": "2024-01-01" + " " * 200}, "customers[0].features.since"),
    "no snapshot": (OWN, {"since": "2024-01-01"}, "customers[0].features.as_of"),
    "snapshot unknown": (OWN, {"since": "2024-01-01", "as_of": None}, "customers[0].features.as_of"),
    "snapshot no date": (OWN, {"since": "2024-01-01", "as_of": "x"}, "customers[0].features.as_of"),
}


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("name", ["since", 'si"nce'], ids=["struct", "mapping"])
def test_what_is_no_date_is_named_and_never_quoted(kind: str, name: str) -> None:
    rule, features, field = FAULTS[kind]
    features = {name if key == "since" else key: value for key, value in features.items()}
    with pytest.raises(InvalidRequest) as refused:
        RecordDecoder(schema(rule, name), 10).decode(body(**features))
    [problem] = refused.value.problems
    assert (problem.field, problem.message) == (field.replace("since", name), "expected a date such as 2024-03-31")


@pytest.mark.parametrize("name", ["since", 'si"nce'], ids=["struct", "mapping"])
def test_the_documentation_says_which_values_are_dates(name: str) -> None:
    _, components = msgspec.json.schema_components([RecordDecoder(schema(OWN, name), 10).body_type])
    text = json.dumps(components)
    assert text.count('"format": "date"') == 2
    assert "as_of" in text

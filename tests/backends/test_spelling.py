"""However a customer is spelt, every way in makes the same row of it, and so the same bits."""

import math
import struct
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_model import Schema, SchemaFeature
from churn_model.schema import Row
from churn_serving.backend.records import rows_of_records
from churn_serving.gateway.records import RecordDecoder
from churn_serving.oip import grpc_codec, json_codec
from churn_serving.oip.open_inference_grpc_pb2 import ModelInferRequest

SCHEMA = Schema(
    "spelt", "id",
    (
        SchemaFeature("months", "number"),
        SchemaFeature("contract", "category", categories=("Month-to-month", "Zürich plan")),
        SchemaFeature("partner", "category", categories=("false", "true")),
        SchemaFeature("area", "category", categories=("00101", "408", "415")),
    ),
    missing=("", "NA", "(unknown)"),
)  # fmt: skip
Spelt = list[Any]
DECODER = RecordDecoder(SCHEMA, 1000)


def v1(rows: Sequence[Spelt]) -> Sequence[Row]:
    customers = [
        {"customer_id": str(n), "features": dict(zip(SCHEMA.names, row, strict=True))} for n, row in enumerate(rows)
    ]
    return DECODER.decode(msgspec.json.encode({"customers": customers})).rows


def records(rows: Sequence[Spelt]) -> Sequence[Row]:
    return rows_of_records([dict(zip(SCHEMA.names, row, strict=True)) for row in rows], SCHEMA)


def v2_json(rows: Sequence[Spelt]) -> Sequence[Row]:
    return json_codec.decode_request(json_codec.encode_request(rows, SCHEMA), SCHEMA).rows


def v2_json_reversed(rows: Sequence[Spelt]) -> Sequence[Row]:
    document = msgspec.json.decode(json_codec.encode_request(rows, SCHEMA))
    document["inputs"].reverse()
    return json_codec.decode_request(msgspec.json.encode(document), SCHEMA).rows


def v2_binary(rows: Sequence[Spelt]) -> Sequence[Row]:
    document = msgspec.json.decode(json_codec.encode_request(rows, SCHEMA))
    content = b""
    for tensor in document["inputs"][1:]:
        values = [as_text(value).encode() for value in tensor.pop("data")]
        packed = b"".join(struct.pack("<I", len(value)) + value for value in values)
        tensor["parameters"] = {"binary_data_size": len(packed)}
        content += packed
    header = msgspec.json.encode(document)
    return json_codec.codec_for(SCHEMA).decode(header + content, len(header)).rows


def v2_typed(rows: Sequence[Spelt]) -> Sequence[Row]:
    """GRPC with the datatype that fits a column's values, where one does."""
    message = ModelInferRequest(model_name="churn-spelt")
    for name, column in zip(SCHEMA.names, zip(*rows, strict=True), strict=True):
        known = [value for value in column if value is not None]
        datatype, field = "BYTES", "bytes_contents"
        values: list[Any] = [as_text(value).encode() for value in column]
        if all(isinstance(value, bool) for value in known) and len(known) == len(column):
            datatype, field, values = "BOOL", "bool_contents", list(column)
        elif all(isinstance(value, int | float) and not isinstance(value, bool) for value in known):
            datatype, field = "FP64", "fp64_contents"
            values = [math.nan if value is None else float(value) for value in column]
        tensor = message.inputs.add(name=name, datatype=datatype, shape=[len(column)])
        getattr(tensor.contents, field).extend(values)
    return grpc_codec.GrpcCodec(SCHEMA).decode(ModelInferRequest.FromString(message.SerializeToString())).rows


DOORS = {
    "V1": v1, "records": records, "V2 JSON": v2_json, "V2 JSON in another order": v2_json_reversed,
    "V2 binary": v2_binary, "V2 gRPC": v2_typed,
}  # fmt: skip


def as_text(value: Any) -> str:
    return "" if value is None else str(value)


def spellings(level: str | None) -> list[Any]:
    if level is None:
        return [None, "", " ", "NA", "\u00a0NA ", "(unknown)"]
    spelt: list[Any] = [level, f" {level}", f"{level}\u00a0", f"\ufeff{level}", unicodedata.normalize("NFD", level)]
    if "-" in level:
        spelt += [level.replace("-", "&#45;"), f"&nbsp;{level}"]
    if " " in level:
        spelt.append(level.replace(" ", "\u00a0"))
    if level in ("true", "false"):
        spelt += [level == "true", level.title(), level.upper()]
    if level in ("408", "415", "7"):
        spelt += [int(level), float(level), f"{level}.0"]
    return spelt


LEVELS: list[tuple[str | None, ...]] = [
    ("Month-to-month", "Zürich plan", "Never seen", None), ("true", "false", None), ("00101", "408", "415", "7", None)
]  # fmt: skip
customers = st.tuples(*(st.sampled_from(levels) for levels in LEVELS))


@st.composite
def spelt_customers(draw: st.DrawFn) -> tuple[list[Row], list[Spelt]]:
    """Customers as they are meant, and as somebody writes them."""
    meant = draw(st.lists(customers, min_size=1, max_size=4))
    rows: list[Row] = [[float(number), *levels] for number, levels in enumerate(meant)]
    written = [
        [float(number), *(draw(st.sampled_from(spellings(level))) for level in levels)]
        for number, levels in enumerate(meant)
    ]
    return rows, written


@pytest.mark.parametrize("door", DOORS)
@settings(max_examples=60)
@given(spelt_customers())
def test_every_spelling_makes_the_same_row(door: str, drawn: tuple[list[Row], list[Spelt]]) -> None:
    meant, written = drawn
    read: Callable[[Sequence[Spelt]], Sequence[Row]] = DOORS[door]
    assert [list(row) for row in read(written)] == meant


@settings(max_examples=30)
@given(spelt_customers())
def test_the_doors_say_what_was_new_and_what_is_missing(drawn: tuple[list[Row], list[Spelt]]) -> None:
    meant, written = drawn
    new = {"Never seen", "7"}
    expected = [
        (number, place, value in new)
        for number, row in enumerate(meant)
        for place, value in enumerate(row)
        if value is None or value in new
    ]
    bodies = [
        {"customer_id": str(n), "features": dict(zip(SCHEMA.names, row, strict=True))} for n, row in enumerate(written)
    ]
    assert DECODER.decode(msgspec.json.encode({"customers": bodies})).notes == expected
    assert json_codec.decode_request(json_codec.encode_request(written, SCHEMA), SCHEMA).notes == expected


def test_what_is_no_level_is_refused_by_its_field() -> None:
    for value in ([1], {"a": 1}, 2**64, "x" * 257):
        with pytest.raises(Exception, match=r"customers\[0\]\.features\.area"):
            v1([[1.0, "Month-to-month", True, value]])


def test_files_make_the_same_rows_as_the_doors(tmp_path: Path) -> None:
    from churn_data.cells import categories, clean
    from churn_data.tables import open_table

    spelt = [text for level in LEVELS[2] for text in spellings(level)] + list(spellings("true"))
    expected = [row[3] for row in v1([[1.0, "Month-to-month", True, text] for text in spelt])]
    pandas.DataFrame({"area": [as_text(text) for text in spelt], "id": range(len(spelt))}).to_csv(
        tmp_path / "a.csv", index=False
    )
    levels = SCHEMA.spelling.levels[3]
    assert levels is not None
    with open_table(tmp_path / "a.csv") as table:
        (chunk,) = table.chunks
        cells = clean(chunk.columns[table.header.index("area")], frozenset())
        assert list(categories(cells, chunk.rows, "a.csv", "area", levels)) == expected

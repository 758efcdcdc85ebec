"""A category has one limit of characters at every door, whatever carries it there."""

import struct
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_model import Row
from churn_model.schema import MAXIMUM_TEXT
from churn_serving.backend.records import rows_of_records
from churn_serving.gateway.records import RecordDecoder
from churn_serving.oip import grpc_codec, json_codec
from churn_serving.oip.faults import InvalidRequest
from sample_package import sample_schema

SCHEMA = sample_schema()
FIELD = "Contract"
Read = Callable[[list[str]], list[Any]]


def rows_with(texts: list[str]) -> list[Row]:
    return [[1.0, text, 2.0, "Card", 0.0] for text in texts]


def records(texts: list[str]) -> list[Any]:
    customers = [
        {"customer_id": str(n), "features": dict(zip(SCHEMA.names, row, strict=True))}
        for n, row in enumerate(rows_with(texts))
    ]
    return RecordDecoder(SCHEMA, 1000).decode(msgspec.json.encode({"customers": customers})).rows


def kserve_v1(texts: list[str]) -> list[Any]:
    return rows_of_records([dict(zip(SCHEMA.names, row, strict=True)) for row in rows_with(texts)], SCHEMA)


def json_usual(texts: list[str]) -> list[Any]:
    return json_codec.decode_request(json_codec.encode_request(rows_with(texts), SCHEMA), SCHEMA).rows


def json_unusual(texts: list[str]) -> list[Any]:
    """Tensors in another order are read by the patient reader."""
    document = msgspec.json.decode(json_codec.encode_request(rows_with(texts), SCHEMA))
    document["inputs"].reverse()
    return json_codec.decode_request(msgspec.json.encode(document), SCHEMA).rows


def json_binary(texts: list[str]) -> list[Any]:
    document = msgspec.json.decode(json_codec.encode_request(rows_with(texts), SCHEMA))
    content = b"".join(struct.pack("<I", len(text.encode())) + text.encode() for text in texts)
    del document["inputs"][1]["data"]
    document["inputs"][1]["parameters"] = {"binary_data_size": len(content)}
    header = msgspec.json.encode(document)
    return json_codec.codec_for(SCHEMA).decode(header + content, len(header)).rows


def grpc_typed(texts: list[str]) -> list[Any]:
    return grpc_codec.GrpcCodec(SCHEMA).decode(grpc_codec.encode_request(rows_with(texts), SCHEMA)).rows


def grpc_raw(texts: list[str]) -> list[Any]:
    return grpc_codec.GrpcCodec(SCHEMA).decode(grpc_codec.encode_request(rows_with(texts), SCHEMA, raw=True)).rows


DOORS = [records, kserve_v1, json_usual, json_unusual, json_binary, grpc_typed, grpc_raw]
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)


@pytest.mark.parametrize("read", DOORS)
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("character", ["x", "\x01", "é", "\U0001f600"])
def test_the_limit_counts_characters_at_every_door(read: Read, count: int, character: str) -> None:
    longest = character * MAXIMUM_TEXT
    assert [row[1] for row in read([longest] * count)] == [longest] * count
    with pytest.raises(InvalidRequest) as refusal:
        read(["One year"] * (count - 1) + [longest + "y"])
    assert len(refusal.value.problems) == 1
    assert FIELD in refusal.value.problems[0].field
    assert refusal.value.problems[0].message == f"longer than {MAXIMUM_TEXT} characters"


@given(st.lists(texts, min_size=1, max_size=4))
def test_what_is_within_it_means_the_same_at_every_door(values: list[str]) -> None:
    read = [[row[1] for row in door(values)] for door in DOORS]
    levels = SCHEMA.spelling.levels[1]
    assert levels is not None
    assert all(one == [levels.find(value)[0] for value in values] for one in read)

"""A category whose levels are numbers is the same level whichever program wrote the number, and on every way in."""

import json
import math
import re
import struct
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy
import pandas
import pyarrow
import pyarrow.csv
import pyarrow.parquet
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from churn_data.schema_columns import SchemaColumns
from churn_data.tables import open_table
from churn_model import Schema, SchemaFeature
from churn_model.pyfunc import _columns
from churn_model.spelling import canonical
from churn_serving.gateway.records import RecordDecoder
from churn_serving.oip import grpc_codec, json_codec
from churn_serving.oip.open_inference_grpc_pb2 import ModelInferRequest

SCHEMA = Schema("codes", "", (SchemaFeature("code", "category", categories=("1", "415", "10000000000")),), missing=())
Levels = list[Any]


def v1(values: Sequence[float | str]) -> Levels:
    customers = [{"customer_id": str(number), "features": {"code": value}} for number, value in enumerate(values)]
    return [row[0] for row in RecordDecoder(SCHEMA, 100).decode(msgspec.json.encode({"customers": customers})).rows]


def v2(datatype: str) -> Callable[[Sequence[float]], Levels]:
    def read(values: Sequence[float]) -> Levels:
        tensor = {"name": "code", "datatype": datatype, "shape": [len(values)], "data": values}
        return [row[0] for row in json_codec.decode_request(msgspec.json.encode({"inputs": [tensor]}), SCHEMA).rows]

    return read


def binary(datatype: str, code: str) -> Callable[[Sequence[float]], Levels]:
    def read(values: Sequence[float]) -> Levels:
        content = struct.pack(f"<{len(values)}{code}", *values)
        tensor = {"name": "code", "datatype": datatype, "shape": [len(values)]}
        header = msgspec.json.encode({"inputs": [{**tensor, "parameters": {"binary_data_size": len(content)}}]})
        return [row[0] for row in json_codec.codec_for(SCHEMA).decode(header + content, len(header)).rows]

    return read


def grpc(datatype: str, field: str) -> Callable[[Sequence[float]], Levels]:
    def read(values: Sequence[float]) -> Levels:
        message = ModelInferRequest(model_name="churn-codes")
        tensor = message.inputs.add(name="code", datatype=datatype, shape=[len(values)])
        getattr(tensor.contents, field).extend(values)
        return [row[0] for row in grpc_codec.GrpcCodec(SCHEMA).decode(message).rows]

    return read


def file(suffix: str, write: Callable[[Sequence[float], Path], object]) -> Callable[[Sequence[float]], Levels]:
    def read(values: Sequence[float]) -> Levels:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"codes.{suffix}"
            write(values, path)
            with open_table(path) as table:
                return [row[0] for chunk in table.chunks for row in SchemaColumns(table, SCHEMA, ()).read(chunk)[1]]

    return read


def parquet(kind: pyarrow.DataType) -> Callable[[Sequence[float]], Levels]:
    return file("parquet", lambda values, path: pyarrow.parquet.write_table(_table(values, kind), path))


def notebook(kind: str) -> Callable[[Sequence[float]], Levels]:
    return lambda values: next(iter(_columns(pandas.DataFrame({"code": numpy.array(values, dtype=kind)}), SCHEMA)))


def _table(values: Sequence[float], kind: pyarrow.DataType) -> pyarrow.Table:
    return pyarrow.table({"code": pyarrow.array(values, kind), "n": [1] * len(values)})


def _lines(values: Sequence[float], path: Path) -> None:
    path.write_text("".join(json.dumps({"code": value, "n": 1}) + "\n" for value in values))


def _pandas(values: Sequence[float], path: Path) -> None:
    pandas.DataFrame({"code": values, "n": 1}).to_csv(path, index=False)


DOUBLES: dict[str, Callable[[Sequence[float]], Levels]] = {
    "V2 JSON": v2("FP64"), "V2 JSON as BYTES": v2("BYTES"), "V2 binary": binary("FP64", "d"),
    "V2 gRPC": grpc("FP64", "fp64_contents"), "Parquet": parquet(pyarrow.float64()),
    "JSON lines": file("jsonl", _lines),
    "CSV by pandas": file("csv", _pandas), "notebook": notebook("float64"),
    "CSV by Arrow": file("csv", lambda values, path: pyarrow.csv.write_csv(_table(values, pyarrow.float64()), path)),
    "text by Python": lambda values: v1([*map(repr, values)]),
}  # fmt: skip
SINGLES: dict[str, Callable[[Sequence[float]], Levels]] = {
    "V2 JSON": v2("FP32"), "V2 binary": binary("FP32", "f"), "V2 gRPC": grpc("FP32", "fp32_contents"),
    "Parquet": parquet(pyarrow.float32()), "notebook": notebook("float32"),
}  # fmt: skip
numbers = st.one_of(
    st.integers(-(10**15), 10**15).map(float),
    st.floats(-1e30, 1e30),
    st.sampled_from([-0.0, 0.1, 1e-4, 1e-5, 1e-7, 1e10, 123456789012.0, 14087384883.58987, 1e16, 1e22]),
)


@pytest.mark.parametrize("way", DOUBLES)
@settings(max_examples=40)
@example([1e10, 415.0, 1e-05, -0.0])
@given(st.lists(numbers, min_size=1, max_size=8))
def test_a_number_is_one_level_on_every_way(way: str, values: list[float]) -> None:
    assert DOUBLES[way](values) == v1(values)


@pytest.mark.parametrize("way", SINGLES)
@settings(max_examples=40)
@example([0.1, 415.0, 1e-05, -0.0, 16777217.0])
@given(st.lists(numbers, min_size=1, max_size=8))
def test_a_number_of_single_precision_is_one_level_on_every_way(way: str, values: list[float]) -> None:
    assert SINGLES[way](values) == v1([float(numpy.float32(value)) for value in values])


@given(st.floats(-1e30, 1e30))
def test_programs_may_write_a_number_as_they_do(number: float) -> None:
    """As R, JavaScript and Arrow do: 1e+05, 1e-7, 0.00001, 1e+10."""
    digits = f"{number:.16e}"
    by_r = re.sub(r"\.?0*e", "e", digits, count=1)
    assert float(by_r) == number or math.isclose(float(by_r), number)
    assert canonical(by_r) == canonical(float(by_r))

"""Over gRPC values stand in the one field that the protocol has for their datatype, or raw, and nowhere else: whatever
else a message holds is refused by the tensor's name, since ignoring it would score a customer nobody sent."""

from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from churn_serving.oip.open_inference_grpc_pb2 import ModelInferRequest
from real_processes import System
from tests.protocol.requests import GRPC_DOORS, channel, message

RIGHT = {
    "BOOL": "bool_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}
FIELDS = sorted(set(RIGHT.values()))
NUMBER, CATEGORY = "tenure", "Contract"
LARGE_ROWS = 4000
"""More than the gateway reads on its event loop."""


@pytest.fixture(params=GRPC_DOORS)
def door(doors: System, request: pytest.FixtureRequest) -> Iterator[grpc.Channel]:
    with channel(doors, request.param) as opened:
        yield opened


def tensor(request: ModelInferRequest, name: str) -> Any:
    (found,) = [each for each in request.inputs if each.name == name]
    return found


def fill(contents: Any, field: str, rows: int = 1) -> None:
    value: Any = {"bytes_contents": b"1", "bool_contents": True}.get(field, 1)
    getattr(contents, field).extend([value] * rows)


def refusal(to: grpc.Channel, request: ModelInferRequest) -> str:
    """What a request is refused with; empty if it is answered."""
    method = to.unary_unary("/inference.GRPCInferenceService/ModelInfer", None, None)
    ended = method.future(request.SerializeToString(), timeout=60)
    if ended.exception() is None:
        return ""
    assert ended.code() is grpc.StatusCode.INVALID_ARGUMENT
    return str(ended.details())


@pytest.mark.parametrize("rows", [1, 2])
@pytest.mark.parametrize("datatype", RIGHT)
def test_each_datatype_has_one_field(door: grpc.Channel, datatype: str, rows: int) -> None:
    for name in (CATEGORY, NUMBER):
        if name == NUMBER and datatype in ("BYTES", "BOOL"):
            continue
        for field in FIELDS:
            request = message(rows)
            changed = tensor(request, name)
            changed.datatype = datatype
            changed.contents.Clear()
            fill(changed.contents, field, rows)
            refused = refusal(door, request)
            if field == RIGHT[datatype]:
                assert refused == ""
            else:
                assert f"{name}: values of {datatype} belong in {RIGHT[datatype]}, not in {field}" in refused


@pytest.mark.parametrize("rows", [1, 2, LARGE_ROWS])
@pytest.mark.parametrize(("name", "right"), [(NUMBER, "fp64_contents"), (CATEGORY, "bytes_contents")])
def test_values_in_a_second_field_are_not_ignored(door: grpc.Channel, name: str, right: str, rows: int) -> None:
    for field in FIELDS:
        if field == right:
            continue
        request = message(rows)
        fill(tensor(request, name).contents, field)
        assert f"{name}: values of" in refusal(door, request), field


@pytest.mark.parametrize("rows", [1, 2])
@pytest.mark.parametrize("name", [NUMBER, CATEGORY])
@pytest.mark.parametrize("change", [0, -1, 1], ids=["none", "one missing", "one too many"])
def test_as_many_values_as_rows(door: grpc.Channel, name: str, change: int, rows: int) -> None:
    request = message(rows)
    (values,) = [found for _, found in tensor(request, name).contents.ListFields()]
    if change > 0:
        values.append(values[0])
    else:
        del values[rows + change if change else 0 :]
    count = rows + change if change else 0
    assert f"{name}: shape says {rows} values, data holds {count}" in refusal(door, request)


def test_a_tensor_without_contents_is_refused_by_name(door: grpc.Channel) -> None:
    request = message()
    tensor(request, NUMBER).ClearField("contents")
    assert f"{NUMBER}: shape says 1 values, data holds 0" in refusal(door, request)


@pytest.mark.parametrize("rows", [1, 2])
@pytest.mark.parametrize("name", [NUMBER, CATEGORY])
def test_contents_beside_raw_contents(door: grpc.Channel, name: str, rows: int) -> None:
    for field in FIELDS:
        request = message(rows, raw=True)
        fill(tensor(request, name).contents, field, rows)
        assert f"{name}: contents beside raw_input_contents" in refusal(door, request)


def test_raw_contents_are_as_many_as_tensors(door: grpc.Channel) -> None:
    request = message(raw=True)
    last = request.inputs[-1].name
    content = request.raw_input_contents.pop()
    refused = refusal(door, request)
    assert f"raw_input_contents: {len(request.inputs) - 1} contents for {len(request.inputs)} inputs" in refused
    assert f"{last}: nothing in raw_input_contents is left for this tensor" in refused
    assert "missing" not in refused
    request.raw_input_contents.extend([content, content])
    assert "raw_input_contents: " in refusal(door, request)


@pytest.mark.parametrize("change", [b"", b"\0" * 7, b"\0" * 16], ids=["empty", "short", "long"])
def test_raw_contents_have_their_tensors_length(door: grpc.Channel, change: bytes) -> None:
    request = message(raw=True)
    (index,) = [number for number, each in enumerate(request.inputs) if each.name == NUMBER]
    request.raw_input_contents[index] = change
    assert f"{NUMBER}: " in refusal(door, request)

"""Raw contents and protobuf messages mean what the same customers mean in JSON."""

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_model.schema import Row, Schema
from churn_serving.oip import binary
from churn_serving.oip.faults import InvalidRequest
from churn_serving.oip.grpc_codec import (
    GrpcCodec,
    decode_response,
    encode_request,
    encode_response,
)
from churn_serving.oip.json_request import read_request
from churn_serving.oip.messages import InferReply, InvalidReply
from churn_serving.oip.open_inference_grpc_pb2 import ModelInferRequest, ModelInferResponse
from tests.backends.packages import NAN, SCHEMA, customers
from tests.backends.test_json_codec import plain

CODEC = GrpcCodec(SCHEMA)
REPLY = InferReply("churn-telecom", "3", "sha256:" + "a" * 64, "id", [0.1 + 0.2, 5e-324], [1, 4])
ROOT = Path(__file__).parents[2]


def binary_request(rows: list[Row], schema: Schema = SCHEMA) -> tuple[bytes, int]:
    """The same request in HTTP's binary form, and the length of its JSON part."""
    inputs, contents = [], b""
    for index, feature in enumerate(schema.features):
        datatype = "FP64" if feature.type == "number" else "BYTES"
        content = binary.pack(datatype, [row[index] for row in rows])
        size = {"binary_data_size": len(content)}
        inputs.append({"name": feature.name, "datatype": datatype, "shape": [len(rows)], "parameters": size})
        contents += content
    header = json.dumps({"inputs": inputs}).encode()
    return header + contents, len(header)


@pytest.mark.parametrize("count", [1, 2, 50])
def test_all_encodings_give_the_same_rows(count: int) -> None:
    rows = customers(count, seed=3)
    body, header_length = binary_request(rows)
    assert plain(read_request(body, SCHEMA, header_length).rows) == plain(rows)
    for raw in (False, True):
        assert plain(CODEC.decode(encode_request(rows, SCHEMA, raw=raw)).rows) == plain(rows)


@given(st.integers(0, 30), st.binary(max_size=40))
def test_broken_binary_is_refused_by_name(cut: int, surplus: bytes) -> None:
    body, header_length = binary_request(customers(1))
    for broken in (body[: len(body) - 1 - cut], body + b"x" + surplus):
        with pytest.raises(InvalidRequest):
            read_request(broken, SCHEMA, header_length)


def test_binary_lengths_are_not_trusted() -> None:
    body, header_length = binary_request(customers(1))
    for length in (0, header_length - 1, len(body) + 1):
        with pytest.raises(InvalidRequest):
            read_request(body, SCHEMA, length)
    for content in (b"\x01", b"\xff\xff\xff\xff", struct.pack("<I", 5) + b"four"):
        with pytest.raises(ValueError, match="end inside"):
            binary.unpack("BYTES", content)
    with pytest.raises(ValueError, match="more than"):
        binary.unpack("UINT8", b"\0" * 10_001)


def found(message: ModelInferRequest) -> set[str]:
    with pytest.raises(InvalidRequest) as caught:
        CODEC.decode(message)
    return {problem.field for problem in caught.value.problems}


def test_every_problem_of_a_message_is_named_at_once() -> None:
    message = encode_request(customers(2), SCHEMA)
    tensors = {tensor.name: tensor for tensor in message.inputs}
    tensors["tenure"].contents.fp64_contents[0] = float("inf")
    tensors["MonthlyCharges"].contents.fp64_contents[1] = -1.0
    tensors["gender"].contents.bytes_contents[1] = b"\xff"
    tensors["Partner"].datatype = "BOOL"
    tensors["Contract"].shape[0] = 7
    message.inputs.add(name="surname", datatype="BYTES", shape=[2])
    assert found(message) == {"tenure[0]", "MonthlyCharges[1]", "gender[1]", "Partner", "Contract", "inputs"}


def test_single_customers_out_of_bounds_are_refused_too() -> None:
    message = encode_request(customers(1), SCHEMA)
    message.inputs[1].contents.fp64_contents[0] = 1e9
    assert found(message) == {"tenure[0]"}
    message.inputs[1].contents.fp64_contents[0] = NAN
    assert CODEC.decode(message).rows


def test_raw_contents_belong_to_every_input_or_none() -> None:
    message = encode_request(customers(1), SCHEMA, raw=True)
    del message.raw_input_contents[3]
    assert "raw_input_contents" in found(message)
    assert found(ModelInferRequest()) >= {"tenure", "gender"}


@pytest.mark.parametrize("raw", [False, True])
def test_a_reply_keeps_every_bit(raw: bool) -> None:
    message = ModelInferResponse.FromString(encode_response(REPLY, raw=raw).SerializeToString())
    assert decode_response(message) == REPLY
    del message.outputs[1]
    with pytest.raises(InvalidReply):
        decode_response(message)


def test_messages_are_the_published_ones_and_live_beside_kserves() -> None:
    """In a process of its own, in both orders of import."""
    code = """
import sys
order = ["churn_serving.oip.open_inference_grpc_pb2", "kserve.protocol.grpc.grpc_predict_v2_pb2"]
modules = {name: __import__(name, fromlist=["x"]) for name in (order if sys.argv[1] == "ours" else order[::-1])}
ours, theirs = (modules[name].DESCRIPTOR for name in order)
def shape(message):
    fields = [(f.name, f.number, f.type, f.is_repeated) for f in message.fields]
    return fields, {name: shape(nested) for name, nested in message.nested_types_by_name.items()}
for name, message in ours.message_types_by_name.items():
    assert shape(message) == shape(theirs.message_types_by_name[name]), name
service = theirs.services_by_name["GRPCInferenceService"].methods_by_name
assert set(ours.services_by_name["GRPCInferenceService"].methods_by_name) <= set(service)
request = modules[order[0]].ModelInferRequest(model_name="m")
request.parameters["p"].int64_param = 3
assert modules[order[1]].ModelInferRequest.FromString(request.SerializeToString()).parameters["p"].int64_param == 3
"""
    for order in ("ours", "theirs"):
        subprocess.run([sys.executable, "-c", code, order], check=True, timeout=180)


def test_generated_code_is_current() -> None:
    script = ROOT / "ci" / "generate-protobuf"
    subprocess.run(
        [script, "--check"], check=True, timeout=180, env={"PYTHON": sys.executable, "PATH": "/usr/bin:/bin"}
    )


def test_contents_beside_raw_contents_are_refused_by_name() -> None:
    request = encode_request(customers(1), SCHEMA, raw=True)
    feature = next(each for each in SCHEMA.features if each.type != "number")
    (tensor,) = [each for each in request.inputs if each.name == feature.name]
    tensor.contents.bytes_contents.append(b"another")
    with pytest.raises(InvalidRequest, match=f"{feature.name}: contents beside raw_input_contents"):
        CODEC.decode(request)


def named(body: bytes, header_length: int) -> dict[str, str]:
    with pytest.raises(InvalidRequest) as caught:
        read_request(body, SCHEMA, header_length)
    return dict(caught.value.problems)


@given(st.integers(0, len(SCHEMA.features) - 1), st.integers(-40, 40).filter(bool), st.integers(1, 3))
def test_a_wrong_size_is_told_of_its_own_tensor_alone(index: int, change: int, count: int) -> None:
    body, header_length = binary_request(customers(count, seed=3))
    document = json.loads(body[:header_length])
    parameters = document["inputs"][index]["parameters"]
    parameters["binary_data_size"] = max(0, parameters["binary_data_size"] + change)
    header = json.dumps(document).encode()
    assert list(named(header + body[header_length:], len(header))) == [SCHEMA.names[index]]


@pytest.mark.parametrize("size", [-1, 1.0, True, "8", None, [8]], ids=repr)
def test_a_size_that_is_no_size_is_told_as_such(size: object) -> None:
    body, header_length = binary_request(customers(1))
    document = json.loads(body[:header_length])
    document["inputs"][1]["parameters"]["binary_data_size"] = size
    header = json.dumps(document).encode()
    found = named(header + body[header_length:], len(header))
    assert found == {SCHEMA.names[1]: "binary_data_size: expected a whole number of bytes"}


def test_contents_both_ways_are_told_as_such() -> None:
    body, header_length = binary_request(customers(1))
    document = json.loads(body[:header_length])
    document["inputs"][1]["data"] = [1.0]
    header = json.dumps(document).encode()
    assert list(named(header + body[header_length:], len(header))) == [SCHEMA.names[1]]


def test_contents_that_end_early_or_late_are_told_of_the_body() -> None:
    body, header_length = binary_request(customers(1))
    assert list(named(body[:-3], header_length)) == ["body"]
    assert list(named(body + b"x", header_length)) == ["body"]

"""V2 over JSON: what goes in comes out, and whatever is wrong is named, all of it at once."""

import contextlib
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_model.schema import Row
from churn_model.spelling import Levels
from churn_serving.oip.faults import InvalidRequest
from churn_serving.oip.http_reply import encode_requested
from churn_serving.oip.json_codec import decode_request, encode_request
from churn_serving.oip.json_reply import decode_response, encode_response
from churn_serving.oip.json_request import read_request
from churn_serving.oip.messages import SEGMENT, InferReply, InvalidReply, RequestedOutput
from tests.backends.packages import NUMBERS, SCHEMA, customers

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


def plain(rows: list[Row]) -> list[list[float | str | None]]:
    """Rows in a form that compares equal: NaN as the text it never is."""
    return [["<missing>" if isinstance(v, float) and math.isnan(v) else v for v in row] for row in rows]


def row_strategy() -> st.SearchStrategy[list[Any]]:
    numbers = [
        st.one_of(st.just(math.nan), st.floats(low, 1e30 if high is None else high, allow_nan=False))
        for low, high in NUMBERS.values()
    ]
    levels = Levels((), SCHEMA.missing)
    categories = [st.none() | TEXTS.map(lambda text: levels.find(text)[0])] * (len(SCHEMA.features) - len(numbers))
    return st.tuples(*numbers, *categories).map(list)


@given(st.lists(row_strategy(), min_size=1, max_size=5), TEXTS)
def test_what_is_encoded_is_decoded_and_both_readers_agree(rows: list[Row], request_id: str) -> None:
    body = encode_request(rows, SCHEMA, request_id)
    usual, patient = decode_request(body, SCHEMA), read_request(body, SCHEMA)
    assert usual.id == patient.id == request_id
    assert plain(usual.rows) == plain(patient.rows) == plain(rows)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_nothing_else_than_an_invalid_request_is_ever_raised(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        decode_request(body, SCHEMA)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(["name", "datatype", "shape", "data", "parameters", "extra"]), JSON, st.integers(0, 18))
def test_any_value_anywhere_in_a_tensor_is_answered(key: str, value: object, index: int) -> None:
    document = valid()
    document["inputs"][index][key] = value
    body = json.dumps(document).encode()
    with contextlib.suppress(InvalidRequest):
        decode_request(body, SCHEMA)


def valid(rows: int = 1) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(encode_request(customers(rows, seed=5), SCHEMA))
    return document


def problems(document: object) -> dict[str, str]:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    with pytest.raises(InvalidRequest) as caught:
        decode_request(body, SCHEMA)
    return dict(caught.value.problems)


def test_every_problem_is_named_at_once_and_no_value_is_shown() -> None:
    document = valid(2)
    tensors = {tensor["name"]: tensor for tensor in document["inputs"]}
    tensors["tenure"]["data"] = ["secret", 3.0]
    tensors["MonthlyCharges"]["data"] = [1e300, 4711.0]
    tensors["TotalCharges"]["data"] = [-5.0, math.nan]
    tensors["SeniorCitizen"]["data"] = [True, None]
    tensors["gender"]["data"] = [{"is": 7}, "Male"]
    tensors["Partner"]["datatype"] = "FP16"
    tensors["Contract"]["shape"] = [1, 2]
    tensors["PhoneService"]["data"] = ["Yes"]
    document["inputs"].remove(tensors["TechSupport"])
    document["inputs"].append(dict(tensors["Dependents"]))
    document["inputs"].append({"name": "surname", "datatype": "BYTES", "shape": [2], "data": ["a", "b"]})
    found = problems(document)
    assert found.keys() == {
        "tenure[0]", "MonthlyCharges[0]", "MonthlyCharges[1]", "TotalCharges[0]", "TotalCharges[1]", "SeniorCitizen[0]",
        "gender[0]", "Partner", "Contract", "PhoneService", "TechSupport", "Dependents", "inputs",
    }  # fmt: skip
    assert "surname" in found["inputs"]
    assert not any("secret" in message or "4711" in message for message in found.values())


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b"[]", "body"),
        (b"\xff\xfe", "body"),
        (b'{"inputs": "\xff"}', "body"),
        (b"[" * 100_000, "body"),
        (b'{"inputs":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "body"),
        (b'{"inputs": [' + b"1" * 5000 + b"]}", "body"),
        (b'{"inputs": {}}', "inputs"),
        (b'{"inputs": [1]}', "inputs[0]"),
        (b'{"inputs": [{"name": 1}]}', "inputs[0].name"),
        (b'{"inputs": [], "id": 4}', "id"),
        (b'{"inputs": [], "customers": 4}', "request"),
        (b'{"inputs": [], "outputs": [{"name": "x"}]}', "outputs[0]"),
        (b'{"inputs": [], "outputs": [{"name": []}]}', "outputs[0]"),
    ],
    ids=lambda value: value[:20] if isinstance(value, bytes) else value,
)
def test_a_request_of_another_form_names_the_place(body: bytes, field: str) -> None:
    assert field in problems(body)


@pytest.mark.parametrize("wrong", [[], ["binary_data_size"], "binary_data_size", 7, 0.5, True, False], ids=repr)
def test_parameters_are_an_object_wherever_they_stand(wrong: object) -> None:
    document: dict[str, Any] = {**valid(), "parameters": wrong, "outputs": [{"name": SEGMENT, "parameters": wrong}]}
    document["inputs"][1]["parameters"] = wrong
    found = problems(document)
    assert found.keys() == {"parameters", document["inputs"][1]["name"], "outputs[0]"}
    assert all("expected an object" in message for message in found.values())


def test_parameters_of_null_are_none() -> None:
    document: dict[str, Any] = {**valid(), "parameters": None, "outputs": [{"name": SEGMENT, "parameters": None}]}
    document["inputs"][1]["parameters"] = None
    assert decode_request(json.dumps(document).encode(), SCHEMA).outputs == (RequestedOutput(SEGMENT, binary=False),)


@pytest.mark.parametrize("rows", [0, 10_001])
def test_no_rows_and_too_many_rows_are_refused(rows: int) -> None:
    document = valid()
    for tensor in document["inputs"]:
        tensor["shape"], tensor["data"] = [rows], tensor["data"] * rows
    assert "rows" in problems(document)["inputs"]


def test_a_hostile_batch_gets_a_short_answer() -> None:
    document = valid(1000)
    document["inputs"][0]["data"] = ["x"] * 1000
    assert problems(document)["request"] == "and 900 more problems"


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e999", "true", '"1"', "[1, 2]", "{}"])
def test_what_is_no_number_is_refused(literal: str) -> None:
    document = valid()
    document["inputs"][1]["data"] = ["here"]
    assert "tenure[0]" in problems(json.dumps(document).replace('"here"', literal).encode())


@pytest.mark.parametrize(
    ("datatype", "value", "sound"),
    [
        ("INT64", 12, True), ("INT8", 12, True), ("UINT8", 120, True), ("FP32", 12.5, True), ("INT64", 12.5, False),
        ("INT8", 128, False), ("UINT8", -1, False), ("FP32", 1e39, False), ("BOOL", True, False),
        ("BYTES", "12", False), ("INT64", None, True), ("FP16", 1.0, False),
    ],
)  # fmt: skip
def test_number_datatypes(datatype: str, value: object, sound: bool) -> None:
    document = valid()
    document["inputs"][1] |= {"datatype": datatype, "data": [value]}
    if sound:
        assert decode_request(json.dumps(document).encode(), SCHEMA).rows
    else:
        assert problems(document)


def test_other_legal_forms_mean_the_same() -> None:
    usual = valid(3)
    expected = plain(decode_request(json.dumps(usual).encode(), SCHEMA).rows)
    other = {"inputs": list(reversed(usual["inputs"])), "parameters": {"trace": 1}}
    for tensor in other["inputs"]:
        tensor["shape"] = [3, 1]
        tensor["data"] = [[value] for value in tensor["data"]]
    assert plain(decode_request(json.dumps(other).encode(), SCHEMA).rows) == expected


def test_an_empty_text_is_missing() -> None:
    document = valid()
    document["inputs"][-1]["data"] = [""]
    assert decode_request(json.dumps(document).encode(), SCHEMA).rows[0][-1] is None


REPLY = InferReply("churn-telecom", "3", "sha256:" + "a" * 64, "id", [0.1 + 0.2, 5e-324], [1, 4])


def test_a_reply_keeps_every_bit() -> None:
    assert decode_response(encode_response(REPLY)) == REPLY
    document = json.loads(encode_response(REPLY))
    assert document["parameters"]["digest"] == REPLY.digest
    assert document["outputs"][0] == {
        "name": "churn_probability", "datatype": "FP64", "shape": [2], "data": REPLY.probabilities,
    }  # fmt: skip


def test_only_the_outputs_asked_for_are_written() -> None:
    body, header = encode_requested(REPLY, (RequestedOutput("segment", binary=False),))
    assert header is None
    assert [output["name"] for output in json.loads(body)["outputs"]] == ["segment"]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\xff", b"[]", b"{}", b"[" * 10_000,
        encode_response(REPLY).replace(b"5e-324", b"NaN"),
        encode_response(REPLY).replace(b"5e-324", b"null"),
        encode_response(REPLY).replace(b"5e-324", b"1.5"),
        encode_response(REPLY).replace(b"[1,4]", b"[1]"),
        encode_response(REPLY).replace(b"[1,4]", b"[0,4]"),
        encode_response(REPLY).replace(b"FP64", b"FP32"),
        encode_response(REPLY).replace(b"segment", b"section"),
    ],
)  # fmt: skip
def test_a_reply_that_cannot_be_believed_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidReply):
        decode_response(body)

"""What two readers could read in two ways is refused at every door, by the name of what is wrong: a JSON object that
names a field twice, and binary contents that are not as long as they are said to be."""

import json
from typing import Any

import httpx
import pytest

from churn_serving.oip import binary
from churn_serving.oip.http_headers import JSON_LENGTH
from real_processes import System
from sample_package import sample_rows, sample_schema
from tests.protocol.requests import HTTP_DOORS, INFER, JSON, PREDICTIONS, customers, document, url

SIZES = sample_schema().names


def post(door: str, path: str, content: bytes, headers: dict[str, str]) -> httpx.Response:
    return httpx.post(door + path, content=content, headers=headers, timeout=60)


def doubled(content: dict[str, Any], before: str) -> bytes:
    """The JSON of a document with one more member in front of another."""
    text = json.dumps(content)
    assert text.count(before) >= 1
    return text.replace(before, f"{before}1, {before}", 1).encode()


PLACES = {
    "customers[0].features.tenure": '"tenure": ',
    "customers[0].features": '"features": ',
    "customers[0].customer_id": '"customer_id": ',
    "customers": '"customers": ',
    "explain": '"explain": ',
}
PLACES_V2 = {
    "inputs": '"inputs": ',
    "inputs[0].datatype": '"datatype": ',
    "inputs[0].data": '"data": ',
    "id": '"id": ',
    "model_name": '"model_name": ',
    "parameters.a": '"a": ',
    "outputs[0].name": '"name": "churn_probability"',
}


@pytest.mark.parametrize("size", [1, 60, 400], ids=["small", "larger", "beside the gateway"])
def test_a_name_twice_in_a_record_is_named(doors: System, size: int) -> None:
    for place, before in PLACES.items():
        content = doubled({**customers(size), "explain": False}, before)
        answer = post(doors.gateway_url, PREDICTIONS, content, JSON)
        assert answer.status_code == 422, (place, answer.text)
        assert {"field": place, "message": "given more than once"} in answer.json()["errors"]


@pytest.mark.parametrize("door", HTTP_DOORS)
def test_a_name_twice_in_a_tensor_request_is_named(doors: System, door: str) -> None:
    for place, before in PLACES_V2.items():
        whole = document(2) | {"id": "x", "model_name": None, "parameters": {"a": 1}}
        whole["outputs"] = [{"name": "churn_probability"}]
        if place.startswith("outputs"):
            content = json.dumps(whole).replace(before, f'"name": "segment", {before}').encode()
        else:
            content = doubled(whole, before)
        answer = post(url(doors, door), INFER, content, JSON)
        assert answer.status_code == 400, (place, answer.text)
        assert f"{place}: given more than once" in answer.json()["error"], place


@pytest.mark.parametrize("door", HTTP_DOORS)
def test_the_tensor_whose_contents_are_not_as_long_as_said_is_named_and_no_other(doors: System, door: str) -> None:
    rows = sample_rows(2, 3)
    for wrong, name in enumerate(SIZES):
        for change in (-1, 1, 8):
            content, length = binary_request(rows, wrong, change)
            headers = {JSON_LENGTH.decode(): str(length), "content-type": "application/octet-stream"}
            answer = post(url(doors, door), INFER, content, headers)
            assert answer.status_code == 400
            said = answer.json()["error"].split("; ")
            assert len(said) == 1, said
            assert said[0].startswith(f"{name}: binary_data_size is "), said


def binary_request(rows: Any, wrong: int, change: int) -> tuple[bytes, int]:
    """A sound request in binary but for one size, and the length of its JSON."""
    inputs, contents = [], b""
    for index, feature in enumerate(sample_schema().features):
        datatype = "FP64" if feature.type == "number" else "BYTES"
        values = [row[index] for row in rows]
        content = binary.pack(datatype, [float(v) for v in values] if datatype == "FP64" else values)
        size = len(content) + (change if index == wrong else 0)
        parameters = {"binary_data_size": size}
        inputs.append({"name": feature.name, "datatype": datatype, "shape": [len(rows)], "parameters": parameters})
        contents += content
    header = json.dumps({"inputs": inputs}).encode()
    return header + contents, len(header)

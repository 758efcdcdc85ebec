"""The patient reader of V2 requests: any legal form, and an explanation for every illegal one.

It reads what the compiled decoder of :mod:`churn_serving.oip.json_codec` does not take: tensors in another order,
single precision and integer datatypes, nested data, requested outputs, parameters, and the binary extension of the
protocol's HTTP form (JSON first, raw tensor contents behind it).
"""

import json
from collections.abc import Mapping
from typing import Any

from churn_model.schema import Schema
from churn_model.spelling import Note
from churn_serving.oip import binary
from churn_serving.oip.binary_places import Declared, locate
from churn_serving.oip.faults import Problems, is_text, shown
from churn_serving.oip.json_names import read_document
from churn_serving.oip.messages import (
    MAX_ID,
    NAMEABLE_DATATYPES,
    OUTPUT_DATATYPES,
    InferRequest,
    ModelName,
    RequestedOutput,
)
from churn_serving.oip.tensors import Tensor, require_few, rows_in, rows_of

# The protocol names the model in the path; KServe's client repeats it in the body.
_REQUEST_KEYS = {"id", "inputs", "outputs", "parameters", "model_name", "model_version"}
_TENSOR_KEYS = {"name", "datatype", "shape", "data", "parameters"}
_NO_PARAMETERS = "expected an object, or null"


def read_request(body: bytes, schema: Schema, header_length: int | None = None) -> InferRequest:
    """Read a request whose first ``header_length`` bytes (default: all) are JSON.

    Raises:
        InvalidRequest: naming everything that is wrong with it.
    """
    problems = Problems()
    contents = b"" if header_length is None else body[header_length:]
    document = _parse(body if header_length is None else body[:header_length], problems)
    if header_length is not None and not 0 <= header_length <= len(body):
        problems.add("Inference-Header-Content-Length", "larger than the body")
    problems.raise_any()
    problems.add_unknown("request", "key", (key for key in document if key not in _REQUEST_KEYS))
    request_id = _short_text(document, "id", problems)
    model = ModelName(*(_short_text(document, key, problems) for key in ("model_name", "model_version")))
    inputs, wanted = document.get("inputs"), document.get("outputs")
    require_few(_length(inputs), _length(wanted), schema, problems)
    outputs = _outputs(document, problems)
    tensors = _tensors(inputs, contents, problems)
    notes: list[Note] = []
    return InferRequest(request_id, rows_of(tensors, schema, problems, notes), outputs, model, notes)


def _length(value: object) -> int:
    return len(value) if isinstance(value, list) else 0


def _short_text(document: Mapping[str, Any], key: str, problems: Problems) -> str:
    """An optional text that may be answered with or compared; empty if it is missing or null."""
    value = document.get(key)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > MAX_ID or not is_text(value):
        problems.add(key, f"expected a text of at most {MAX_ID} characters, or null")
        return ""
    return value


def _parse(content: bytes, problems: Problems) -> dict[str, Any]:
    try:
        document, doubled = read_document(content.decode())
    except UnicodeDecodeError:
        problems.add("body", "not UTF-8")
    except json.JSONDecodeError as error:
        problems.add("body", f"not JSON: line {error.lineno}, column {error.colno}: {error.msg.lower()}")
    except RecursionError:
        problems.add("body", "JSON is nested too deeply")
    except ValueError:  # an integer of more digits than Python will convert
        problems.add("body", "JSON holds a number of too many digits")
    else:
        for problem in doubled:
            problems.add(*problem)
        if isinstance(document, dict):
            return document
        problems.add("body", "expected a JSON object")
    return {}


def _tensors(inputs: object, content: bytes, problems: Problems) -> list[Tensor]:
    if not isinstance(inputs, list):
        problems.add("inputs", "expected a list of tensors")
        return []
    declared = {index: found for index, item in enumerate(inputs) if (found := _declared(item)) is not None}
    places = locate(list(declared.values()), content)
    if places.body:
        problems.add("body", places.body)
    contents = dict(zip(declared, places.contents, strict=True))
    faults = dict(zip(declared, map(places.faults.get, range(len(declared))), strict=True))
    tensors = []
    for index, item in enumerate(inputs):
        tensor = _tensor(item, f"inputs[{index}]", problems)
        if tensor is None:
            continue
        if faults.get(index):
            problems.add(tensor.name, str(faults[index]))
        is_there = index in contents and not tensor.unread
        tensors.append(_with_contents(tensor, contents[index], problems) if is_there else tensor)
    return tensors


def _tensor(item: object, place: str, problems: Problems) -> Tensor | None:
    """One tensor of the JSON, without its binary contents; None if it has no usable form, which is noted."""
    if not isinstance(item, dict):
        problems.add(place, "expected an object")
        return None
    name, datatype, shape = item.get("name"), item.get("datatype"), item.get("shape")
    if not isinstance(name, str):
        problems.add(f"{place}.name", "expected a text")
        return None
    problems.add_unknown(name, "key", (key for key in item if key not in _TENSOR_KEYS))
    if not _are_parameters(item.get("parameters")):
        problems.add(name, f"parameters: {_NO_PARAMETERS}")
    if not isinstance(datatype, str):
        problems.add(name, "datatype: expected a text")
        datatype = ""
    if not isinstance(shape, list):
        problems.add(name, "shape: expected a list")
        shape = []
    if not _is_binary(item):
        return Tensor(name, datatype, shape, _from_json(name, item.get("data"), problems))
    twice = "data" in item
    if twice:
        problems.add(name, "data beside binary_data_size; the contents are in one place")
    return Tensor(name, datatype, shape, (), nan_is_missing=True, unread=twice)


def _is_binary(item: Mapping[str, Any]) -> bool:
    parameters = item.get("parameters")
    return isinstance(parameters, dict) and "binary_data_size" in parameters


def _declared(item: object) -> Declared | None:
    """What a tensor says of its binary contents; None if it has none."""
    if not isinstance(item, dict) or not _is_binary(item):
        return None
    size, datatype, shape = item["parameters"]["binary_data_size"], item.get("datatype"), item.get("shape")
    if not isinstance(size, int) or isinstance(size, bool):
        size = -1
    rows = rows_in(shape) if isinstance(shape, list) else None
    return Declared(datatype if isinstance(datatype, str) else "", rows, size)


def _with_contents(tensor: Tensor, content: bytes | None, problems: Problems) -> Tensor:
    if content is None:
        return tensor._replace(unread=True)
    try:
        return tensor._replace(values=list(binary.unpack(tensor.datatype, content)))
    except ValueError as error:
        problems.add(tensor.name, str(error))
        return tensor._replace(unread=True)


def _from_json(name: str, data: object, problems: Problems) -> list[Any]:
    if not isinstance(data, list):
        problems.add(name, "data: expected a list")
        return []
    nested = bool(data) and all(isinstance(value, list) and len(value) == 1 for value in data)
    return [value[0] for value in data] if nested else data


def _outputs(document: Mapping[str, Any], problems: Problems) -> tuple[RequestedOutput, ...] | None:
    """Outputs asked for by name; the usual ones when only the request as a whole asks for binary, else None."""
    listed = document.get("outputs")
    if not _are_parameters(document.get("parameters")):
        problems.add("parameters", _NO_PARAMETERS)
    binary_wanted = _flag(document.get("parameters"), "binary_data_output")
    if listed is None:
        return tuple(RequestedOutput(name, binary=True) for name in OUTPUT_DATATYPES) if binary_wanted else None
    if not isinstance(listed, list):
        problems.add("outputs", "expected a list")
        return None
    outputs: list[RequestedOutput] = []
    for index, item in enumerate(listed):
        name = item.get("name") if isinstance(item, dict) else None
        if isinstance(name, str) and name in NAMEABLE_DATATYPES:
            if any(output.name == name for output in outputs):  # each would be written: a small request, a huge answer
                problems.add(f"outputs[{index}]", "this output is named more than once")
                continue
            if not _are_parameters(item.get("parameters")):
                problems.add(f"outputs[{index}]", f"parameters: {_NO_PARAMETERS}")
            outputs.append(RequestedOutput(name, _flag(item.get("parameters"), "binary_data", default=binary_wanted)))
        else:
            problems.add(f"outputs[{index}]", f"unknown output {shown(name)}")
    return tuple(outputs) or None


def _are_parameters(value: object) -> bool:
    """Null says that there are none, as for KServe; the message of gRPC can hold nothing but a mapping."""
    return value is None or isinstance(value, dict)


def _flag(parameters: object, key: str, *, default: bool = False) -> bool:
    value = parameters.get(key, default) if isinstance(parameters, dict) else default
    return value is True

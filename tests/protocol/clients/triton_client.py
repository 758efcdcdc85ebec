"""Triton's own clients against every door, in a process of their own: they register messages of the same names as ours.

Reads a question as JSON (doors, model, version, columns) from stdin, writes ``{door: {way: answer}}`` to stdout.
"""

import json
import sys
from typing import Any

import numpy
import tritonclient.grpc
import tritonclient.http
from tritonclient.utils import InferenceServerException

question = json.load(sys.stdin)
DATATYPES = {"number": "FP64", "category": "BYTES"}
OUTPUTS = ("churn_probability", "segment")


def inputs(library: Any, **how: Any) -> list[Any]:
    tensors = []
    for column in question["columns"]:
        datatype = DATATYPES[column["type"]]
        values = numpy.array(column["values"], dtype=numpy.float64 if datatype == "FP64" else numpy.object_)
        tensor = library.InferInput(column["name"], [len(values)], datatype)
        tensor.set_data_from_numpy(values, **how)
        tensors.append(tensor)
    return tensors


def answered(result: Any) -> dict[str, Any]:
    response = result.get_response()
    about = (
        {"id": response["id"], "version": response["model_version"]}
        if isinstance(response, dict)
        else {"id": response.id, "version": response.model_version}
    )
    return {**about, "outputs": {name: result.as_numpy(name).tolist() for name in OUTPUTS}}


def refused(call: Any) -> str:
    try:
        call()
    except InferenceServerException as error:
        return f"{error.status()} {error.message()}"
    return "answered"


def ask(client: Any, ways: dict[str, dict[str, Any]]) -> dict[str, Any]:
    model, version = question["model"], question["version"]
    metadata = client.get_model_metadata(model, version)
    listed = metadata["inputs"] if isinstance(metadata, dict) else metadata.inputs
    answers: dict[str, Any] = {
        "live": client.is_server_live(),
        "ready": client.is_server_ready(),
        "model ready": client.is_model_ready(model),
        "version ready": client.is_model_ready(model, version),
        "inputs": [tensor["name"] if isinstance(tensor, dict) else tensor.name for tensor in listed],
        "server": bool(client.get_server_metadata()),
    }
    for way, options in ways.items():
        answers[way] = answered(client.infer(model, **options))
    usual = ways["binary"]["inputs"]
    answers["other version"] = refused(lambda: client.infer(model, usual, model_version="99"))
    answers["other model"] = refused(lambda: client.infer("other", usual))
    answers["no inputs"] = refused(lambda: client.infer(model, []))
    client.close()
    return answers


def ask_http(url: str) -> dict[str, Any]:
    library = tritonclient.http
    wanted = [library.InferRequestedOutput(name, binary_data=False) for name in OUTPUTS]
    ways = {
        "JSON": {"inputs": inputs(library, binary_data=False), "outputs": wanted, "request_id": "triton-1"},
        "binary": {"inputs": inputs(library, binary_data=True), "request_id": "triton-1"},
        "version": {
            "inputs": inputs(library, binary_data=True),
            "model_version": question["version"],
            "request_id": "triton-1",
        },
    }
    client = library.InferenceServerClient(url.removeprefix("http://"))
    index = client.get_model_repository_index()
    return {**ask(client, ways), "index": index}


def ask_grpc(address: str) -> dict[str, Any]:
    library = tritonclient.grpc
    ways = {
        "binary": {"inputs": inputs(library), "request_id": "triton-1"},
        "version": {"inputs": inputs(library), "model_version": question["version"], "request_id": "triton-1"},
    }
    return ask(library.InferenceServerClient(address), ways)


def main() -> None:
    answers: dict[str, Any] = {}
    for name, door in question["doors"].items():
        answers[name] = ask_http(door["http"])
        if "grpc" in door:
            answers[f"{name} gRPC"] = ask_grpc(door["grpc"])
    json.dump(answers, sys.stdout)


main()

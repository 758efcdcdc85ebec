"""KServe's own clients against every door, in a process of their own: KServe reads the command line and registers
messages of the same names as ours.

Reads a question as JSON (doors, model, columns) from stdin, writes ``{door: {way: answer}}`` to stdout.
"""

import asyncio
import json
import sys
from typing import Any

question = json.load(sys.stdin)
del sys.argv[1:]

import numpy  # noqa: E402 - the command line comes first
from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest, RESTConfig  # noqa: E402

DATATYPES = {"number": "FP64", "category": "BYTES"}


def request(*, binary: bool, request_id: str | None = "kserve-1") -> Any:
    inputs = []
    for column in question["columns"]:
        datatype = DATATYPES[column["type"]]
        values = column["values"]
        tensor = InferInput(column["name"], [len(values)], datatype, data=None if binary else list(values))
        if binary:
            kind = numpy.float64 if datatype == "FP64" else numpy.object_
            tensor.set_data_from_numpy(numpy.array(values, dtype=kind), binary_data=True)
        inputs.append(tensor)
    return InferRequest(question["model"], inputs, request_id)


def answered(response: Any) -> dict[str, Any]:
    outputs = {output.name: numpy.asarray(output.as_numpy()).tolist() for output in response.outputs}
    return {"id": response.id, "version": response.model_version, "outputs": outputs}


async def ask_rest(url: str) -> dict[str, Any]:
    client = InferenceRESTClient(RESTConfig(protocol="v2"))
    model = question["model"]
    answers: dict[str, Any] = {
        "live": await client.is_server_live(url),
        "ready": await client.is_server_ready(url),
        "model ready": await client.is_model_ready(url, model),
    }
    for way, binary in (("JSON", False), ("binary", True)):
        answers[way] = answered(await client.infer(url, request(binary=binary), model))
    await client.close()
    return answers


async def ask_grpc(address: str) -> dict[str, Any]:
    client = InferenceGRPCClient(address)
    answers: dict[str, Any] = {
        "live": await client.is_server_live(),
        "ready": await client.is_server_ready(),
        "model ready": await client.is_model_ready(question["model"]),
    }
    for way, binary in (("contents", False), ("raw", True)):
        answers[way] = answered(await client.infer(request(binary=binary)))
    await client.close()
    return answers


async def main() -> None:
    answers: dict[str, Any] = {}
    for name, door in question["doors"].items():
        answers[name] = await ask_rest(door["http"])
        if "grpc" in door:
            answers[f"{name} gRPC"] = await ask_grpc(door["grpc"])
    json.dump(answers, sys.stdout)


asyncio.run(main())

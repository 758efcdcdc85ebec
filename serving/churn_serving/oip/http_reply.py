"""Replies in the less usual forms of V2 over HTTP: some outputs only, outputs as raw bytes behind the JSON, errors."""

from collections.abc import Sequence
from typing import Any

import msgspec

from churn_serving.oip import binary
from churn_serving.oip.faults import MAX_ERROR_BYTES
from churn_serving.oip.json_reply import encode_response
from churn_serving.oip.messages import NAMEABLE_DATATYPES, InferReply, RequestedOutput


def encode_requested(reply: InferReply, outputs: Sequence[RequestedOutput] | None) -> tuple[bytes, int | None]:
    """Write the outputs a caller asked for (None: the usual ones as JSON).

    Returns:
        The body, and the length of its JSON part if raw contents follow (the value of the header
        ``Inference-Header-Content-Length``), else None.
    """
    if outputs is None:
        return encode_response(reply), None
    tensors, contents = [], b""
    for output in outputs:
        values = reply.values(output.name)
        tensor: dict[str, Any] = {
            "name": output.name,
            "datatype": NAMEABLE_DATATYPES[output.name],
            "shape": reply.shape(output.name),
        }
        if output.binary:
            content = binary.pack(tensor["datatype"], values)
            tensor["parameters"] = {"binary_data_size": len(content)}
            contents += content
        else:
            tensor["data"] = values
        tensors.append(tensor)
    header = msgspec.json.encode(
        {
            "model_name": reply.model_name,
            "model_version": reply.model_version,
            "id": reply.id,
            "parameters": reply.parameters,
            "outputs": tensors,
        }
    )
    return header + contents, len(header) if contents else None


def encode_error(text: str) -> bytes:
    """The protocol's form of an error, ``{"error": "..."}``, of at most :data:`MAX_ERROR_BYTES`."""
    document = msgspec.json.encode({"error": text.encode(errors="backslashreplace").decode()})
    if len(document) <= MAX_ERROR_BYTES:
        return document
    return encode_error(text[: MAX_ERROR_BYTES // 8] + "…")  # no character takes more than six bytes

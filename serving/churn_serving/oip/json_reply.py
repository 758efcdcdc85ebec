"""Replies of Open Inference Protocol V2 over JSON: written by servers, and read by callers who check every value."""

import msgspec

from churn_serving.oip.messages import (
    CONTRIBUTIONS,
    NAMEABLE_DATATYPES,
    OUTPUT_DATATYPES,
    PROBABILITY,
    SEGMENT,
    InferReply,
    InvalidReply,
    is_finite,
    require_sound,
)


class _Parameters(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    digest: str = ""
    served_by: str = ""
    warnings: str = ""


class _Output(msgspec.Struct, gc=False):
    name: str
    datatype: str
    shape: list[int]
    data: list[float]


class _Reply(msgspec.Struct, gc=False, omit_defaults=True):
    model_name: str
    outputs: list[_Output]
    model_version: str = ""
    id: str = ""
    parameters: _Parameters = _Parameters()


_encode = msgspec.json.Encoder().encode
_decode_reply = msgspec.json.Decoder(_Reply).decode


def encode_response(reply: InferReply) -> bytes:
    """Write a reply with both usual outputs as JSON."""
    shape = [len(reply.probabilities)]
    outputs = [
        _Output(PROBABILITY, "FP64", shape, reply.probabilities),
        _Output(SEGMENT, "INT64", shape, reply.segments),  # type: ignore[arg-type]  # written as integers
    ]
    parameters = _Parameters(reply.digest, reply.served_by, reply.warnings)
    return _encode(_Reply(reply.model_name, outputs, reply.model_version, reply.id, parameters))


def decode_response(body: bytes) -> InferReply:
    """Read a backend's reply.

    Raises:
        InvalidReply: not a V2 reply of a churn model, or values that cannot be believed.
    """
    try:
        reply = _decode_reply(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidReply("not a V2 reply") from error
    outputs = {
        output.name: output.data for output in reply.outputs if output.datatype == OUTPUT_DATATYPES.get(output.name)
    }
    if len(outputs) != len(OUTPUT_DATATYPES):
        raise InvalidReply(f"outputs {PROBABILITY} (FP64) and {SEGMENT} (INT64) are not both there")
    segments = [int(segment) for segment in outputs[SEGMENT]]
    return require_sound(
        InferReply(
            reply.model_name, reply.model_version, reply.parameters.digest, reply.id, outputs[PROBABILITY], segments
        )
    )


def decode_contributions(body: bytes, rows: int, features: int) -> tuple[str, list[list[float]]]:
    """Read a backend's reply to :meth:`RequestCodec.encode_for_contributions`.

    Returns:
        The digest of the model that explained, and its contributions, shape ``[rows][features + 1]``.

    Raises:
        InvalidReply: not a V2 reply with contributions of that shape, or not numbers that can be believed.
    """
    try:
        reply = _decode_reply(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidReply("not a V2 reply") from error
    width = features + 1
    for output in reply.outputs:
        if output.name != CONTRIBUTIONS or output.datatype != NAMEABLE_DATATYPES[CONTRIBUTIONS]:
            continue
        if output.shape != [rows, width] or len(output.data) != rows * width or not all(map(is_finite, output.data)):
            break
        flat = output.data
        return reply.parameters.digest, [flat[start : start + width] for start in range(0, len(flat), width)]
    raise InvalidReply(f"no {CONTRIBUTIONS} (FP64) that fit {rows} rows of {features} features")

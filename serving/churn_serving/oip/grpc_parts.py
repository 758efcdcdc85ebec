"""A gRPC request read in bounded memory.

Two bytes on the wire make a tensor of a hundred in memory, so that a message of a few megabytes could take a gigabyte.
Parts are counted before a large message is parsed, and those beyond any sound request are left out; what is left is
still refused for having too many, in words.
"""

from churn_serving.oip.open_inference_grpc_pb2 import ModelInferRequest

MAX_PARTS = 16 * 1024
"""Tensors, raw contents, outputs and parameters of one request; a sound one has two or three a feature."""
_SMALL = 64 * 1024
_FIXED = {1: 8, 5: 4}
_VARINT, _BYTES = 0, 2


def read_infer_request(message: bytes) -> ModelInferRequest:
    """The request of a message, of at most :data:`MAX_PARTS` parts.

    Raises:
        google.protobuf.message.DecodeError: it is none.
    """
    return ModelInferRequest.FromString(message if len(message) <= _SMALL else message[: _end_of_parts(message)])


def _end_of_parts(message: bytes) -> int:
    """Where the last part that is read ends; the whole length for a message that is not well formed."""
    position, end = 0, len(message)
    try:
        for _ in range(MAX_PARTS):
            if position >= end:
                return end
            tag, position = _varint(message, position)
            kind = tag & 7
            if kind == _BYTES:
                length, position = _varint(message, position)
                position += length
            elif kind == _VARINT:
                _, position = _varint(message, position)
            else:
                position += _FIXED[kind]
    except (IndexError, KeyError):  # the parser says what is wrong with it
        return end
    return position


def _varint(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - the bit that says that more follow
            return value, position
        shift += 7

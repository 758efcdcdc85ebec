"""The process that reads large and faulty bodies, so that no caller's parsing holds the gateway's loop.

Python computes in one thread at a time, and one call of a parser may take as long as a body is large: a thread beside
the loop holds it up all the same. This process runs when nobody else wants its core. It is told the schema with the
bodies, opens no package and no connection, and ends when its gateway does.
"""

import os
import signal
import socket
import sys
from collections.abc import Sequence
from typing import BinaryIO

import msgspec
from google.protobuf.message import DecodeError

from churn_model.schema import Row, Schema
from churn_model.spelling import Note
from churn_serving.gateway.reader_wire import (
    LENGTH,
    READY,
    Broken,
    Refused,
    Sound,
    Task,
    chunks_of,
    framed,
    read_task,
    rows_a_chunk,
    write,
)
from churn_serving.gateway.records import MalformedRequest, RecordDecoder
from churn_serving.oip.faults import InvalidRequest, Problem
from churn_serving.oip.grpc_codec import GrpcCodec
from churn_serving.oip.grpc_parts import read_infer_request
from churn_serving.oip.json_codec import RequestCodec
from churn_serving.oip.messages import ModelName
from churn_serving.oip.open_inference_grpc_pb2 import ModelInferRequest

_LOWEST_PRIORITY = 19


class BodyReader:
    """Reads bodies of all forms by one schema."""

    def __init__(self, schema: Schema, maximum_rows: int) -> None:
        self._records = RecordDecoder(schema, maximum_rows)
        self._json = RequestCodec(schema)
        self._grpc = GrpcCodec(schema)
        self._rows_a_chunk = rows_a_chunk(schema)

    def read(self, task: Task, body: bytes) -> list[bytes]:
        """The messages that answer a task."""
        try:
            found, rows, customer_ids, notes = self._read(task, body)
        except InvalidRequest as error:
            return [write(Refused(error.problems, isinstance(error, MalformedRequest)))]
        except Exception as error:  # noqa: BLE001 - one body, whatever it is, must not end the reading of others
            return [write(Broken(type(error).__name__))]
        chunks = [write(chunk) for chunk in chunks_of(rows, customer_ids, notes or (), self._rows_a_chunk)]
        return [write(msgspec.structs.replace(found, chunks=len(chunks), noted=notes is not None)), *chunks]

    def _read(self, task: Task, body: bytes) -> tuple[Sound, Sequence[Row], Sequence[str], Sequence[Note] | None]:
        if task.door == "records":
            customer_ids, rows, explain, notes = self._records.decode(body)
            return Sound(explain=explain), rows, customer_ids, notes
        if task.door == "v2":
            request = self._json.decode(body, task.header_length)
            found = Sound(id=request.id, outputs=request.outputs, model=request.model)
        else:
            message = _message(body)
            request = self._grpc.decode(message)
            model = ModelName(message.model_name, message.model_version)
            found = Sound(id=request.id, outputs=request.outputs, model=model, raw=bool(message.raw_input_contents))
        return found, request.rows, (), request.notes


def _message(body: bytes) -> ModelInferRequest:
    try:
        return read_infer_request(body)
    except DecodeError:
        raise InvalidRequest([Problem("message", "not a ModelInferRequest")]) from None


def serve(stream: socket.socket) -> None:
    """Answer task after task until the other side is gone."""
    reader: BodyReader | None = None
    with stream, stream.makefile("rb") as incoming:
        stream.sendall(framed(READY))
        while True:
            head, body = _receive(incoming), _receive(incoming)
            if head is None or body is None:
                return
            task = read_task(head)
            if task.schema is not None:
                reader = BodyReader(task.schema, task.maximum_rows)
            assert reader is not None  # noqa: S101 - the first task names a schema
            for message in reader.read(task, body):
                stream.sendall(message)


def _receive(incoming: BinaryIO) -> bytes | None:
    """The next message; None when the other side is gone."""
    head = incoming.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    length = LENGTH.unpack(head)[0]
    content = incoming.read(length)
    return content if len(content) == length else None


def _give_way() -> None:
    """Run when nobody else on the machine, or in the container's group, wants the core."""
    try:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    except (AttributeError, OSError):  # a system without it, or one that does not let us
        os.nice(_LOWEST_PRIORITY)


def main() -> int:
    """Serve the stream whose descriptor is the one argument."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the gateway decides when this ends: by closing the stream
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _give_way()
    try:
        serve(socket.socket(fileno=int(sys.argv[1])))
    except OSError:  # the gateway is gone
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

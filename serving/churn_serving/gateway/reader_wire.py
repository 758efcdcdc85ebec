"""What the gateway and its reading process say to each other: length-prefixed messages on one stream, as MessagePack.

Plain data both ways, so that neither side can run anything of the other. It knows neither sockets nor processes.
"""

import bisect
import struct
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from churn_model.schema import Row, Schema
from churn_model.spelling import Note
from churn_serving.oip.faults import Problem
from churn_serving.oip.messages import UNNAMED, ModelName, RequestedOutput

Door = Literal["records", "v2", "grpc"]
"""Which form a body has: ``POST /v1/predictions``, V2 over HTTP, V2 over gRPC."""
LENGTH = struct.Struct("<I")
"""Before each message."""
READY = b"ready"
"""The reading process's first message."""
_VALUES_A_CHUNK = 2048
"""Of rows in one message; the gateway's loop takes 0.1 ms for them."""


class Task(msgspec.Struct, frozen=True, gc=False):
    """What follows is a body of this form; ``schema`` is None while it is the one of the task before.
    ``header_length`` is how many bytes of it are JSON, None for all; ``maximum_rows`` bounds customers in records."""

    door: Door
    maximum_rows: int
    header_length: int | None = None
    schema: Schema | None = None


class Sound(msgspec.Struct, frozen=True, tag=True):
    """A request that fits the schema; its rows follow in so many chunks. ``raw``: a gRPC caller used raw contents;
    ``noted``: reading noted what is missing or new."""

    chunks: int = 0
    id: str = ""
    explain: bool = False
    outputs: tuple[RequestedOutput, ...] | None = None
    model: ModelName = UNNAMED
    raw: bool = False
    noted: bool = True


class Refused(msgspec.Struct, frozen=True, tag=True):
    """A request that does not; ``malformed`` if it is not JSON at all."""

    problems: tuple[Problem, ...]
    malformed: bool = False


class Broken(msgspec.Struct, frozen=True, tag=True):
    """Reading failed as it never should; the kind of error alone, since its words may quote a customer."""

    kind: str


class Chunk(msgspec.Struct, array_like=True, gc=False):
    """Some of a request's rows, with their customers' ids where a form has them, and what is missing or new in them. An
    integer in ``cells`` is a text's place in ``texts``: of a category's few levels each comes once, and takes memory
    once."""

    customer_ids: list[str]
    texts: list[str]
    cells: list[list[float | int | None]]
    notes: list[Note]

    def rows(self) -> list[Row]:
        """The rows as they were read."""
        texts = self.texts
        return [[texts[cell] if type(cell) is int else cell for cell in row] for row in self.cells]


_encode = msgspec.msgpack.Encoder().encode
read_task = msgspec.msgpack.Decoder(Task).decode
read_finding = msgspec.msgpack.Decoder(Sound | Refused | Broken).decode
read_chunk = msgspec.msgpack.Decoder(Chunk).decode


def framed(content: bytes) -> bytes:
    """A message as it goes over the stream."""
    return LENGTH.pack(len(content)) + content


def write(message: Task | Sound | Refused | Broken | Chunk) -> bytes:
    """A message, ready to send."""
    return framed(_encode(message))


def rows_a_chunk(schema: Schema) -> int:
    """How many rows of a schema go into one message."""
    return max(1, _VALUES_A_CHUNK // max(1, len(schema.features)))


def chunks_of(rows: Sequence[Row], customer_ids: Sequence[str], notes: Sequence[Note], size: int) -> Iterator[Chunk]:
    """All rows, in messages of ``size`` each; notes are in the rows' order."""
    for start in range(0, len(rows), size):
        end = start + size
        places: dict[str, int] = {}
        cells = [
            [places.setdefault(cell, len(places)) if isinstance(cell, str) else cell for cell in row]
            for row in rows[start:end]
        ]
        first, last = (bisect.bisect_left(notes, (number,)) for number in (start, end))
        yield Chunk(list(customer_ids[start:end]), list(places), cells, list(notes[first:last]))

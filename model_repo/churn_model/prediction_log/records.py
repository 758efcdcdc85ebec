"""The records of a segment: models, each introduced once before it is referred to, and answers.

Positions instead of names keep a record small: what a model's features are called is said once a segment.
"""

import struct
from collections.abc import Callable, Sequence

import msgspec

from churn_model.description import Description
from churn_model.documents import read_by_any_thread


class ModelNote(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """A model that answers refer to by its number in this segment. ``features`` are those that may be kept, in the
    order of a customer's values, and ``numbers`` tells which of them are numbers and not categories."""

    number: int
    usecase: str
    name: str
    version: str
    digest: str
    features: tuple[str, ...]
    numbers: tuple[bool, ...]


class CustomerNote(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One customer's answer. ``customer`` is 16 bytes of a keyed hash, None where the caller named nobody; ``values``
    those of the kept features (NaN and None: missing). No action was recommended over V2: there it is None."""

    customer: bytes | None
    values: tuple[float | str | None, ...]
    probability: float
    segment: int
    action: str | None = None
    expected_value: float | None = None


class _Answered(msgspec.Struct, frozen=True, array_like=True):
    """What a record of an answer says before it comes to the customers. ``time`` is in seconds since 1970 by this
    machine's clock; ``model`` a model's number; ``key`` the id of the key that customers were hashed with; ``arm`` the
    side of a split that the request belongs to, whoever answered (None: no split); ``milliseconds`` from its arrival to
    this record."""

    time: float
    request_id: str
    route: str
    model: int
    served_by: str
    arm: str | None
    milliseconds: float
    key: str


class AnswerNote(_Answered, frozen=True, array_like=True, tag=2, gc=False):
    """One answered request."""

    customers: Sequence[CustomerNote]


class UnreadAnswer(_Answered, frozen=True, array_like=True, tag=2, gc=False):
    """An :class:`AnswerNote` whose customers are not read yet: each is a :class:`CustomerNote` in MessagePack."""

    customers: tuple[msgspec.Raw, ...]


Note = ModelNote | AnswerNote
UnreadNote = ModelNote | UnreadAnswer


class UnreadableNote(Exception):
    """The content of a frame is no record, though its checksum holds: another version of this program wrote it."""


encode_note: Callable[[Note], bytes] = msgspec.msgpack.Encoder().encode
"""A record as a frame holds it. No function around it: it is called with every answer."""
_decode = msgspec.msgpack.Decoder(Note).decode
_decode_many = msgspec.msgpack.Decoder(list[UnreadNote]).decode
_MANY = struct.Struct(">BI")
_ARRAY = 0xDD
"""What an array in MessagePack begins with, before the number of its items in four bytes."""
read_by_any_thread(ModelNote)
read_by_any_thread(AnswerNote)
read_by_any_thread(UnreadAnswer)


def decode_note(content: bytes) -> Note:
    """The record of a frame.

    Raises:
        UnreadableNote: it is none.
    """
    try:
        found: Note = _decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableNote(str(error)) from error
    return found


def decode_unread(contents: Sequence[bytes]) -> list[UnreadNote]:
    """The records of many frames in one go, customers unread.

    Raises:
        UnreadableNote: one of them is none.
    """
    try:
        found: list[UnreadNote] = _decode_many(b"".join((_MANY.pack(_ARRAY, len(contents)), *contents)))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableNote(str(error)) from error
    return found


def kept_features(description: Description) -> tuple[int, ...]:
    """Which values of a row may be kept: the features that the model's use case allows, by their place."""
    names = description.schema.names
    return tuple(names.index(name) for name in description.schema.logged)


def model_note(number: int, description: Description) -> ModelNote:
    """What is said once a segment of a model that answered."""
    features = [description.schema.features[place] for place in kept_features(description)]
    manifest = description.manifest
    return ModelNote(
        number,
        description.schema.usecase,
        manifest.name,
        manifest.version,
        description.digest,
        tuple(feature.name for feature in features),
        tuple(feature.type == "number" for feature in features),
    )

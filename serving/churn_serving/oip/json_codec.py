"""Requests of Open Inference Protocol V2 over JSON, read by servers and written by callers.

A request in the usual form (tensors in schema order, FP64 and BYTES) is decoded and checked by a decoder compiled from
the schema; anything else goes to :mod:`churn_serving.oip.json_request`, which is slower and explains every fault.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec

from churn_model.schema import MAXIMUM_TEXT, Row, Schema, SchemaFeature
from churn_model.spelling import Note
from churn_serving.oip.json_names import names_come_once
from churn_serving.oip.json_request import read_request
from churn_serving.oip.messages import (
    CONTRIBUTIONS,
    MAX_ID,
    MAX_ROWS,
    UNNAMED,
    InferRequest,
    ModelName,
)
from churn_serving.oip.tensors import LARGEST

_KEPT_CODECS = 8
_FLAT, _COLUMN = [1], [1, 1]


class _Tensor(msgspec.Struct, gc=False):
    name: str
    datatype: str
    shape: list[int]
    data: list[Any]


class _Request(msgspec.Struct, gc=False, omit_defaults=True):
    inputs: list[_Tensor]
    id: str = ""


class _ContributionsRequest(msgspec.Struct, gc=False):
    inputs: list[_Tensor]
    outputs: list[dict[str, str]]


_encode = msgspec.json.Encoder().encode


class RequestCodec:
    """Reads and writes V2 requests of one schema; compiled once, safe to share."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._decoder = msgspec.json.Decoder(_request_type(schema))
        self._row = schema.spelling.row
        self._names = 1 + len(_Tensor.__struct_fields__) * len(schema.features)
        self._headers = tuple((f.name, "FP64" if f.type == "number" else "BYTES") for f in schema.features)

    def decode(self, body: bytes, header_length: int | None = None) -> InferRequest:
        """Read a request; with ``header_length`` (bytes of JSON) the rest of the body is raw tensor contents.

        Raises:
            InvalidRequest: naming everything that is wrong with it.
        """
        if header_length is not None:
            return read_request(body, self.schema, header_length)
        return self.decode_usual(body) or read_request(body, self.schema)

    def decode_usual(self, body: bytes) -> InferRequest | None:
        """Read a request that is all JSON, in the usual form, without a fault and without a name twice; None for any
        other."""
        try:
            request = self._decoder.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        if not names_come_once(body, self._names + _optional(request)):
            return None
        if len(request.inputs[0].data) != 1:
            return self._batch(request)
        row = []
        for tensor in request.inputs:
            if len(tensor.data) != 1 or tensor.shape not in (_FLAT, _COLUMN):
                return None
            row.append(tensor.data[0])
        notes: list[Note] = []
        return InferRequest(request.id or "", [self._row(row, 0, notes)], None, _model(request), notes)

    def _batch(self, request: Any) -> InferRequest | None:
        count = len(request.inputs[0].data)
        flat, column = [count], [count, 1]
        usual = 0 < count <= MAX_ROWS and all(
            len(tensor.data) == count and tensor.shape in (flat, column) for tensor in request.inputs
        )
        if not usual:
            return None
        notes: list[Note] = []
        values = zip(*(tensor.data for tensor in request.inputs), strict=True)
        rows = [self._row(row, number, notes) for number, row in enumerate(values)]
        return InferRequest(request.id or "", rows, None, _model(request), notes)

    def encode(self, rows: Sequence[Row], request_id: str = "") -> bytes:
        """Write a request for rows in schema order; NaN and None become null."""
        return _encode(_Request(self._tensors(rows), request_id))

    def encode_for_contributions(self, rows: Sequence[Row]) -> bytes:
        """Write a request for these rows' contributions and nothing else."""
        return _encode(_ContributionsRequest(self._tensors(rows), [{"name": CONTRIBUTIONS}]))

    def _tensors(self, rows: Sequence[Row]) -> list[_Tensor]:
        shape = [len(rows)]
        columns = zip(*rows, strict=True) if len(rows) > 1 else ((value,) for value in rows[0])
        return [
            _Tensor(name, datatype, shape, list(column))
            for (name, datatype), column in zip(self._headers, columns, strict=True)
        ]


_codecs: dict[int, RequestCodec] = {}


def codec_for(schema: Schema) -> RequestCodec:
    """The codec of a schema; compiled at its first use and kept for the few schemas a process meets."""
    codec = _codecs.get(id(schema))
    if codec is None or codec.schema is not schema:
        if len(_codecs) >= _KEPT_CODECS:
            _codecs.clear()
        codec = _codecs[id(schema)] = RequestCodec(schema)
    return codec


def decode_request(body: bytes, schema: Schema) -> InferRequest:
    """Read a V2 JSON request.

    Raises:
        InvalidRequest: naming everything that is wrong with it.
    """
    return codec_for(schema).decode(body)


def encode_request(rows: Sequence[Row], schema: Schema, request_id: str = "") -> bytes:
    """Write a V2 JSON request for rows in schema order; NaN and None become null."""
    return codec_for(schema).encode(rows, request_id)


def _optional(request: Any) -> int:
    unset = msgspec.UNSET
    return (request.id is not unset) + (request.model_name is not unset) + (request.model_version is not unset)


def _model(request: Any) -> ModelName:
    if not request.model_name and not request.model_version:
        return UNNAMED
    return ModelName(request.model_name or "", request.model_version or "")


def _request_type(schema: Schema) -> type[Any]:
    """A struct type that only a request in the usual form fits: every tensor in its place, of its type, in bounds."""
    tensors: Any = tuple(_tensor_type(feature) for feature in schema.features)
    text = Annotated[str, msgspec.Meta(max_length=MAX_ID)] | None
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = [("inputs", tuple[tensors])]
    fields += [(name, text | msgspec.UnsetType, msgspec.UNSET) for name in ("id", "model_name", "model_version")]
    return msgspec.defstruct("UsualRequest", fields, forbid_unknown_fields=True, gc=False)


def _tensor_type(feature: SchemaFeature) -> type[Any]:
    if feature.type == "number":
        low = -LARGEST if feature.minimum is None else feature.minimum
        high = LARGEST if feature.maximum is None else feature.maximum
        element: Any = Annotated[float, msgspec.Meta(ge=low, le=high)] | None
    else:
        element = Annotated[str, msgspec.Meta(max_length=MAXIMUM_TEXT)] | None
    fields: list[tuple[str, Any]] = [
        ("name", Literal[feature.name]),
        ("datatype", Literal["FP64" if feature.type == "number" else "BYTES"]),
        ("shape", list[int]),
        ("data", list[element]),
    ]
    return msgspec.defstruct("UsualTensor", fields, forbid_unknown_fields=True, gc=False)

"""Open Inference Protocol V2 over gRPC: messages to rows and replies to messages, and the same from the client's side.

Single customers in schema order take a short path; everything else goes through the rules of
:mod:`churn_serving.oip.tensors`. Protobuf has no null: NaN and empty bytes are how a value is missing.
"""

from collections.abc import Sequence

from churn_model.schema import NAN, Row, Schema
from churn_model.spelling import Note
from churn_serving.oip import binary
from churn_serving.oip.faults import Problems, shown
from churn_serving.oip.messages import (
    CONTRIBUTIONS,
    MAX_ID,
    NAMEABLE_DATATYPES,
    OUTPUT_DATATYPES,
    PROBABILITY,
    SEGMENT,
    InferReply,
    InferRequest,
    InvalidReply,
    RequestedOutput,
    require_sound,
)
from churn_serving.oip.open_inference_grpc_pb2 import (
    ModelInferRequest,
    ModelInferResponse,
    ModelMetadataResponse,
)
from churn_serving.oip.tensors import LARGEST, Tensor, require_few, rows_of

_CONTENTS = {
    "FP64": "fp64_contents",
    "FP32": "fp32_contents",
    "BYTES": "bytes_contents",
    "BOOL": "bool_contents",
    "INT64": "int64_contents",
    "UINT64": "uint64_contents",
    **{f"INT{bits}": "int_contents" for bits in (8, 16, 32)},
    **{f"UINT{bits}": "uint_contents" for bits in (8, 16, 32)},
}
_FLAT, _COLUMN = [1], [1, 1]
# Of contents that hold one value and nothing else: the field's tag and the length of what follows, each a byte.
_ONE_NUMBER_BYTES = 2 + 8
_AROUND_A_SHORT_TEXT = 2
_SHOWN_DIMENSIONS = 3  # one more than any shape that is right


class GrpcCodec:
    """Reads V2 messages of one schema; compiled once, safe to share."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._row = schema.spelling.row
        self._plan = tuple(
            (
                feature.name,
                feature.type == "number",
                -LARGEST if feature.minimum is None else feature.minimum,
                LARGEST if feature.maximum is None else feature.maximum,
            )
            for feature in schema.features
        )

    def decode(self, request: ModelInferRequest) -> InferRequest:
        """Read a request whose tensors are in ``contents`` or in ``raw_input_contents``.

        Raises:
            InvalidRequest: naming everything that is wrong with it.
        """
        notes: list[Note] = []
        plain = not request.raw_input_contents and not request.outputs and len(request.id) <= MAX_ID
        if plain and len(request.inputs) == len(self._plan):
            values = self._usual_values(request)
            if values is not None:
                return InferRequest(request.id, [self._row(values, 0, notes)], notes=notes)
        problems = Problems()
        if len(request.id) > MAX_ID:
            problems.add("id", f"expected a text of at most {MAX_ID} characters")
        require_few(len(request.inputs), len(request.outputs), self.schema, problems)
        outputs = _outputs(request, problems)
        rows = rows_of(_tensors(request, problems), self.schema, problems, notes)
        return InferRequest(request.id, rows, outputs, notes=notes)

    def _usual_values(self, request: ModelInferRequest) -> list[float | str | None] | None:
        """The values of a request for one customer in schema order as FP64 and BYTES; None for any other request."""
        row: list[float | str | None] = []
        for tensor, (name, is_number, low, high) in zip(request.inputs, self._plan, strict=True):
            if tensor.name != name or tensor.shape not in (_FLAT, _COLUMN):
                return None
            contents = tensor.contents
            if is_number:
                numbers = contents.fp64_contents
                if tensor.datatype != "FP64" or len(numbers) != 1 or contents.ByteSize() != _ONE_NUMBER_BYTES:
                    return None
                number = numbers[0]
                if not low <= number <= high and number == number:  # noqa: PLR0124 - NaN is missing
                    return None
                row.append(number if number == number else None)  # noqa: PLR0124 - as above
            else:
                texts = contents.bytes_contents
                around = contents.ByteSize() - len(texts[0]) if len(texts) == 1 else 0  # more where the text is long
                if tensor.datatype != "BYTES" or around != _AROUND_A_SHORT_TEXT:
                    return None
                try:
                    row.append(texts[0].decode() or None)
                except UnicodeDecodeError:
                    return None
        return row


def encode_request(
    rows: Sequence[Row], schema: Schema, request_id: str = "", *, raw: bool = False
) -> ModelInferRequest:
    """Write a request for rows in schema order; ``raw`` puts the values into ``raw_input_contents``."""
    request = ModelInferRequest(model_name=f"churn-{schema.usecase}", id=request_id)
    for index, feature in enumerate(schema.features):
        column = [row[index] for row in rows]
        datatype = "FP64" if feature.type == "number" else "BYTES"
        tensor = request.inputs.add(name=feature.name, datatype=datatype, shape=[len(rows)])
        numbers = [NAN if value is None else float(value) for value in column] if datatype == "FP64" else []
        if raw:
            request.raw_input_contents.append(binary.pack(datatype, numbers or column))
        elif datatype == "FP64":
            tensor.contents.fp64_contents.extend(numbers)
        else:
            tensor.contents.bytes_contents.extend(str(value or "").encode() for value in column)
    return request


def encode_response(
    reply: InferReply, outputs: Sequence[RequestedOutput] | None = None, *, raw: bool = False
) -> ModelInferResponse:
    """Write a reply; ``raw`` puts the values into ``raw_output_contents``, ``outputs`` keeps only those named."""
    response = ModelInferResponse(model_name=reply.model_name, model_version=reply.model_version, id=reply.id)
    for name, value in reply.parameters.items():
        response.parameters[name].string_param = value
    for name in OUTPUT_DATATYPES if outputs is None else (output.name for output in outputs):
        datatype = NAMEABLE_DATATYPES[name]
        values = reply.values(name)
        tensor = response.outputs.add(name=name, datatype=datatype, shape=reply.shape(name))
        if raw:
            response.raw_output_contents.append(binary.pack(datatype, values))
        elif name == SEGMENT:
            tensor.contents.int64_contents.extend(reply.segments)
        else:
            tensor.contents.fp64_contents.extend(values)
    return response


def decode_response(response: ModelInferResponse) -> InferReply:
    """Read a backend's reply.

    Raises:
        InvalidReply: not a V2 reply of a churn model, or values that cannot be believed.
    """
    values: dict[str, Sequence[float]] = {}
    for index, tensor in enumerate(response.outputs):
        if OUTPUT_DATATYPES.get(tensor.name) != tensor.datatype:
            continue
        if index < len(response.raw_output_contents):
            try:
                values[tensor.name] = [
                    float(v) for v in binary.unpack(tensor.datatype, response.raw_output_contents[index])
                ]
            except ValueError as error:
                raise InvalidReply(f"{tensor.name}: {error}") from error
        else:
            values[tensor.name] = list(getattr(tensor.contents, _CONTENTS[tensor.datatype]))
    if len(values) != len(OUTPUT_DATATYPES):
        raise InvalidReply(f"outputs {PROBABILITY} (FP64) and {SEGMENT} (INT64) are not both there")
    digest = response.parameters["digest"].string_param if "digest" in response.parameters else ""
    probabilities, segments = list(values[PROBABILITY]), [int(segment) for segment in values[SEGMENT]]
    return require_sound(
        InferReply(response.model_name, response.model_version, digest, response.id, probabilities, segments)
    )


def encode_metadata(
    name: str, version: str, platform: str, schema: Schema, *, explains: bool = False
) -> ModelMetadataResponse:
    """The tensors a model takes and gives; the number of rows is free (-1). ``explains`` lists contributions too."""
    tensor = ModelMetadataResponse.TensorMetadata
    metadata = ModelMetadataResponse(
        name=name,
        versions=[version],
        platform=platform,
        inputs=[
            tensor(name=feature.name, datatype="FP64" if feature.type == "number" else "BYTES", shape=[-1])
            for feature in schema.features
        ],
        outputs=[tensor(name=output, datatype=datatype, shape=[-1]) for output, datatype in OUTPUT_DATATYPES.items()],
    )
    if explains:
        width = len(schema.features) + 1
        metadata.outputs.add(name=CONTRIBUTIONS, datatype=NAMEABLE_DATATYPES[CONTRIBUTIONS], shape=[-1, width])
    return metadata


def _tensors(request: ModelInferRequest, problems: Problems) -> list[Tensor]:
    raw = request.raw_input_contents
    if raw and len(raw) != len(request.inputs):
        problems.add("raw_input_contents", f"{len(raw)} contents for {len(request.inputs)} inputs")
        for item in request.inputs[len(raw) :]:
            problems.add(item.name, "nothing in raw_input_contents is left for this tensor")
        problems.raise_any()  # whose content any of them is cannot be known
    tensors = []
    for index, item in enumerate(request.inputs):
        values = _raw_values(item, raw[index], problems) if raw else _values(item, problems)
        tensors.append(Tensor(item.name, item.datatype, item.shape[:_SHOWN_DIMENSIONS], values, nan_is_missing=True))
    return tensors


def _raw_values(item: ModelInferRequest.InferInputTensor, content: bytes, problems: Problems) -> Sequence[object]:
    if item.HasField("contents"):
        problems.add(item.name, "contents beside raw_input_contents; the protocol has either for all inputs")
        return ()
    try:
        return binary.unpack(item.datatype, content)
    except ValueError as error:
        problems.add(item.name, str(error))
        return ()


def _values(item: ModelInferRequest.InferInputTensor, problems: Problems) -> Sequence[object]:
    right = _CONTENTS.get(item.datatype)
    if right is None:  # which is said where datatypes are judged
        return ()
    wrong = [field.name for field, _ in item.contents.ListFields() if field.name != right]
    if wrong:
        problems.add(item.name, f"values of {item.datatype} belong in {right}, not in {', '.join(wrong)}")
    values: Sequence[object] = getattr(item.contents, right)
    return values


def _outputs(request: ModelInferRequest, problems: Problems) -> tuple[RequestedOutput, ...] | None:
    named: set[str] = set()
    for index, output in enumerate(request.outputs):
        if output.name not in NAMEABLE_DATATYPES:
            problems.add(f"outputs[{index}]", f"unknown output {shown(output.name)}")
        elif output.name in named:  # each would be written in full: a small request, a huge answer
            problems.add(f"outputs[{index}]", "this output is named more than once")
        named.add(output.name)
    return tuple(RequestedOutput(output.name, binary=False) for output in request.outputs) or None

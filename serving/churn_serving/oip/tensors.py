"""From named tensors to rows: the rules of a request that hold for every encoding of it.

JSON, binary and gRPC codecs read their own wire format and hand tensors over; what names, datatypes, shapes and values
are right for a schema is decided here, once. It names every problem and must not know a wire format.
"""

import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from churn_model.schema import MAXIMUM_TEXT, NAN, Row, Schema, SchemaFeature
from churn_model.spelling import Note, Value
from churn_serving.oip.faults import MAX_PROBLEMS, Problems, is_text, shown
from churn_serving.oip.messages import MAX_ROWS, is_finite

# Models compare single-precision features, so a number beyond that range would silently become infinite.
LARGEST = 3.4028234663852886e38
LARGEST_WHOLE = 2**63 - 1
"""The largest whole number that is a level of a category, on every way in."""
INTEGER_BOUNDS = {
    **{f"INT{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)},
    **{f"UINT{bits}": (0, 2**bits - 1) for bits in (8, 16, 32, 64)},
}
NUMBER_DATATYPES = frozenset({"FP64", "FP32", *INTEGER_BOUNDS})
CATEGORY_DATATYPES = frozenset({"BYTES", "BOOL", *NUMBER_DATATYPES})
_LEVELS = {"BYTES": "a text, a number, true, false", "BOOL": "true, false"}
_SINGLE = struct.Struct("<f")


class Tensor(NamedTuple):
    """One input as the wire held it. ``values`` is flat; text may be str or UTF-8 bytes. ``nan_is_missing`` holds for
    binary encodings, which have no null; in JSON a NaN is an error. ``unread``: nobody can tell its values, and why
    was noted."""

    name: str
    datatype: str
    shape: Sequence[object]
    values: Sequence[object]
    nan_is_missing: bool = False
    unread: bool = False


def require_few(inputs: int, outputs: int, schema: Schema, problems: Problems) -> None:
    """Return if a request has not far more parts than any sound one, whose reading would take long.

    Raises:
        InvalidRequest: it has; nothing else of it is looked at.
    """
    most = len(schema.features) + MAX_PROBLEMS
    if inputs > most:
        problems.add("inputs", f"at least {inputs} tensors; this model takes {len(schema.features)}")
    if outputs > most:
        problems.add("outputs", f"at least {outputs} outputs are asked for")
    if inputs > most or outputs > most:
        problems.raise_any()


def rows_of(tensors: Iterable[Tensor], schema: Schema, problems: Problems, notes: list[Note]) -> list[Row]:
    """Check all tensors of a request and turn them into rows in schema order; what is missing or new in them is added
    to ``notes``.

    Raises:
        InvalidRequest: with every problem found here and those noted before.
    """
    named = _by_name(tensors, schema, problems)
    count = _row_count(named.values(), problems)
    columns: list[Sequence[Value]] = []
    for feature in schema.features:
        tensor = named.get(feature.name)
        if tensor is not None and _fits(tensor, feature, count, problems):
            columns.append(_column(tensor, feature, problems))
    problems.raise_any()
    return [schema.spelling.row(values, number, notes) for number, values in enumerate(zip(*columns, strict=True))]


def _by_name(tensors: Iterable[Tensor], schema: Schema, problems: Problems) -> dict[str, Tensor]:
    known = set(schema.names)
    named: dict[str, Tensor] = {}
    for tensor in tensors:
        if tensor.name not in known:
            problems.add("inputs", f"unknown tensor {shown(tensor.name)}")
        elif tensor.name in named:
            problems.add(tensor.name, "this tensor is given more than once")
        else:
            named[tensor.name] = tensor
    for name in schema.names:
        if name not in named:
            problems.add(name, "this tensor is missing")
    return named


def _row_count(tensors: Iterable[Tensor], problems: Problems) -> int:
    """The number of rows that most callers mean: the first sound shape's."""
    for tensor in tensors:
        rows = rows_in(tensor.shape)
        if rows is not None:
            if rows == 0:
                problems.add("inputs", "0 rows; expected at least one")
            elif rows > MAX_ROWS:
                problems.add("inputs", f"{rows} rows; at most {MAX_ROWS} are scored in one request")
            return rows
    return 0


def rows_in(shape: Sequence[object]) -> int | None:
    """The rows of shape ``[rows]`` or ``[rows, 1]``, None for any other."""
    rows = shape[0] if shape else None
    if isinstance(rows, bool) or not isinstance(rows, int) or rows < 0:
        return None
    rest = list(shape[1:])
    return rows if not rest or (rest == [1] and type(rest[0]) is int) else None


def _fits(tensor: Tensor, feature: SchemaFeature, count: int, problems: Problems) -> bool:
    """Datatype, shape and length; False if the values need no further look."""
    fits = True
    if feature.type == "category" and tensor.datatype not in CATEGORY_DATATYPES:
        expected = "BYTES, BOOL or a datatype of numbers (a category)"
        problems.add(tensor.name, f"datatype must be {expected}, not {shown(tensor.datatype)}")
        fits = False
    if feature.type == "number" and tensor.datatype not in NUMBER_DATATYPES:
        problems.add(tensor.name, f"datatype must be FP64, FP32 or an integer type, not {shown(tensor.datatype)}")
        fits = False
    rows = rows_in(tensor.shape)
    if rows is None or rows != count:
        problems.add(tensor.name, f"shape must be [{count}] or [{count},1]" if count else "shape must be [rows]")
        fits = False
    elif tensor.unread:
        fits = False
    elif len(tensor.values) != rows:
        problems.add(tensor.name, f"shape says {rows} values, data holds {len(tensor.values)}")
        fits = False
    return fits and rows is not None and 0 < rows <= MAX_ROWS


def _column(tensor: Tensor, feature: SchemaFeature, problems: Problems) -> Sequence[Value]:
    if feature.type == "category":
        return [_level(value, tensor, index, problems) for index, value in enumerate(tensor.values)]
    numbers: list[float | None] = []
    for index, value in enumerate(tensor.values):
        fault, number = _number(value, tensor, feature)
        if fault:
            problems.add(f"{tensor.name}[{index}]", fault)
        numbers.append(number if number == number else None)  # noqa: PLR0124 - NaN is missing
    return numbers


def _level(value: object, tensor: Tensor, index: int, problems: Problems) -> Value:
    """A value of a category as it was written: a text, a truth value or a number."""
    fault, level = "", None
    try:
        text = value.decode() if isinstance(value, bytes) else value
    except UnicodeDecodeError:
        fault = "not valid UTF-8 text"
    else:
        fault = _level_fault(text, tensor)
        level = text if isinstance(text, str | int | float) else None
        if not fault and isinstance(level, int | float) and tensor.datatype == "FP32":
            level = _single(level)
    if fault:
        problems.add(f"{tensor.name}[{index}]", fault)
        return None
    return level


def _level_fault(value: object, tensor: Tensor) -> str:
    """What is wrong with a category's value, empty if nothing is."""
    if value is None or (isinstance(value, bool) and tensor.datatype in ("BYTES", "BOOL")):
        return ""
    if isinstance(value, str) and tensor.datatype == "BYTES":
        return _text_fault(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or tensor.datatype == "BOOL":
        return f"expected {_LEVELS.get(tensor.datatype, 'a number')} or null"
    if isinstance(value, int) and abs(value) > LARGEST_WHOLE:
        return "a number too large for a level"
    return _number_fault(value, tensor)


def _text_fault(text: str) -> str:
    """What is wrong with a text, empty if nothing is."""
    if len(text) > MAXIMUM_TEXT:
        return f"longer than {MAXIMUM_TEXT} characters"
    return "" if is_text(text) else "not valid UTF-8 text"


def _number(value: object, tensor: Tensor, feature: SchemaFeature) -> tuple[str, float]:
    """What is wrong with a number (empty if nothing is), and the number."""
    if value is None:
        return "", NAN
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "expected a number or null", NAN
    fault = _number_fault(value, tensor)
    if fault or value != value:  # noqa: PLR0124 - only NaN differs from itself
        return fault, NAN
    number = _single(value) if tensor.datatype == "FP32" else float(value)
    return _out_of_bounds(number, feature), number


def _single(value: float) -> float:
    number: float = _SINGLE.unpack(_SINGLE.pack(value))[0]
    return number


def _number_fault(value: float, tensor: Tensor) -> str:
    """Why a number is none of its datatype; empty if it is one, or missing."""
    if value != value:  # noqa: PLR0124 - only NaN differs from itself
        return "" if tensor.nan_is_missing else "NaN is not a number; send null if it is missing"
    bounds = INTEGER_BOUNDS.get(tensor.datatype)
    if bounds and not (isinstance(value, int) and bounds[0] <= value <= bounds[1]):
        return f"not an {tensor.datatype}"
    return "" if is_finite(value) and abs(value) <= LARGEST else "Infinity or a number too large to score"


def _out_of_bounds(number: float, feature: SchemaFeature) -> str:
    if feature.minimum is not None and number < feature.minimum:
        return f"below the minimum of {feature.minimum:g}"
    if feature.maximum is not None and number > feature.maximum:
        return f"above the maximum of {feature.maximum:g}"
    return ""

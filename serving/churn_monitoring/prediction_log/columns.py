"""A model's answers as columns, customer by customer. It must not know where rows belong or what files are like."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import numpy
import numpy.typing
import pyarrow

from churn_model.prediction_log.pseudonyms import HASH_BYTES
from churn_model.prediction_log.records import ModelNote, UnreadAnswer
from churn_monitoring.prediction_log.packed import NotPackedSo, PackedRecords, Places
from churn_monitoring.prediction_log.segments import Segment

CUSTOMER, KEY, TIME = "customer", "key", "time"
COLUMNS = pyarrow.schema(
    [
        (TIME, pyarrow.timestamp("us", tz="UTC")),
        ("request_id", pyarrow.string()),
        ("route", pyarrow.string()),
        (CUSTOMER, pyarrow.binary(HASH_BYTES)),
        (KEY, pyarrow.string()),
        ("model", pyarrow.string()),
        ("version", pyarrow.string()),
        ("digest", pyarrow.string()),
        ("served_by", pyarrow.string()),
        ("arm", pyarrow.string()),
        ("churn_probability", pyarrow.float64()),
        ("segment", pyarrow.int16()),
        ("action", pyarrow.string()),
        ("expected_value", pyarrow.float64()),
        ("milliseconds", pyarrow.float64()),
        ("instance", pyarrow.string()),
        ("sequence", pyarrow.int64()),
        ("position", pyarrow.int64()),
    ]
)
"""`customer` is a keyed hash by the key of that id, `arm` the side of a split; `instance`, `sequence` and `position`
are the order in which a process answered, whatever its clock said."""
_CUSTOMER_VALUES = 6
_DIGITS = 3


class Part(NamedTuple):
    """Rows of one model: `columns` are those of :data:`COLUMNS`, `features` those of the model, by name."""

    columns: list[pyarrow.Array]
    features: dict[str, pyarrow.Array]


def part(
    model: ModelNote,
    answers: Sequence[UnreadAnswer],
    times: Places,
    counts: Places,
    firsts: Places,
    segment: Segment,
) -> Part:
    """The customers of a model's answers. `times` are in microseconds since 1970, `counts` how many customers each
    answer is to, `firsts` the position of its first one in the segment.

    Raises:
        NotPackedSo: a customer's record is none.
    """
    owners = numpy.repeat(numpy.arange(len(answers)), counts)
    packed = PackedRecords([customer for answer in answers for customer in answer.customers])
    own, features = _customers(packed, model)
    milliseconds = numpy.round(numpy.array([answer.milliseconds for answer in answers]), _DIGITS)
    positions = firsts[owners] + numpy.arange(len(owners)) - (numpy.cumsum(counts) - counts)[owners]
    one_each = len(owners) == len(answers) and bool((counts == 1).all())
    many = None if one_each else pyarrow.array(owners)
    found: dict[str, Any] = {
        TIME: times[owners],
        "request_id": _spread(pyarrow.array([answer.request_id for answer in answers], pyarrow.string()), many),
        **{
            name: _texts(list(map(attrgetter(name), answers)), len(owners), many)
            for name in ("route", KEY, "served_by", "arm")
        },
        "model": _constant(model.name, len(owners)),
        "version": _constant(model.version, len(owners)),
        "digest": _constant(model.digest, len(owners)),
        "milliseconds": milliseconds[owners],
        "instance": _constant(segment.instance, len(owners)),
        "sequence": numpy.full(len(owners), segment.sequence),
        "position": positions,
        **own,
    }
    columns = [_typed(found[field.name], field.type) for field in COLUMNS]
    return Part(columns, features)


def _customers(packed: PackedRecords, model: ModelNote) -> tuple[dict[str, Any], dict[str, pyarrow.Array]]:
    """The customers' own columns and features, in the order in which a record has them."""
    _all(packed.arrays() == _CUSTOMER_VALUES)
    customer = packed.hashes(packed.values(), HASH_BYTES)
    _all(packed.arrays() == len(model.features))
    features: dict[str, pyarrow.Array] = {}
    for name, is_number in zip(model.features, model.numbers, strict=True):
        values = packed.values()
        if is_number:
            numbers = packed.numbers(values)
            features[name] = pyarrow.array(numbers, mask=values.missing | numpy.isnan(numbers))
        else:
            features[name] = packed.texts(values)
    probability, segment, action, expected = (packed.values() for _ in range(4))
    packed.end()
    _all(~(probability.missing | segment.missing))
    own = {
        CUSTOMER: customer,
        "churn_probability": packed.numbers(probability),
        "segment": packed.numbers(segment, "<i8"),
        "action": packed.texts(action),
        "expected_value": pyarrow.array(packed.numbers(expected), mask=expected.missing),
    }
    return own, features


def _all(sound: Any) -> None:
    if not sound.all():
        raise NotPackedSo


def _typed(values: Any, typed: pyarrow.DataType) -> pyarrow.Array:
    array = values if isinstance(values, pyarrow.Array) else pyarrow.array(values)
    return array if array.type == typed else array.cast(typed)


def _spread(values: pyarrow.Array, owners: pyarrow.Array | None) -> pyarrow.Array:
    """An answer's value for each of its customers."""
    return values if owners is None else values.take(owners)


def _texts(values: Sequence[str | None], rows: int, owners: pyarrow.Array | None) -> pyarrow.Array:
    """Texts that are mostly all the same."""
    if len(set(values)) == 1:
        return _constant(values[0], rows)
    return _spread(pyarrow.array(values, pyarrow.string()), owners)


def _constant(value: str | None, rows: int) -> pyarrow.Array:
    return pyarrow.repeat(pyarrow.scalar(value, pyarrow.string()), rows)

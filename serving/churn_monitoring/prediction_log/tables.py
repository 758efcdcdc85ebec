"""Answers as Parquet: one row a customer, one file a use case and hour, the same bytes whenever they are made again.

The columns are :data:`COLUMNS` and one `feature.<name>` for each feature that may be kept. It must not
know where files lie.
"""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import numpy
import numpy.typing
import pyarrow
import pyarrow.parquet

from churn_monitoring.prediction_log.columns import COLUMNS, CUSTOMER, KEY, TIME, Part, part
from churn_monitoring.prediction_log.packed import NotPackedSo
from churn_monitoring.prediction_log.reading import SegmentContent, another_version
from churn_monitoring.prediction_log.segments import Segment

__all__ = [
    "COLUMNS",
    "CUSTOMER",
    "FEATURE",
    "KEY",
    "OUTCOMES",
    "TIME",
    "Partition",
    "from_parquet",
    "is_answers_table",
    "is_kept_table",
    "parquet",
    "partitioned",
]
FEATURE = "feature."
OUTCOMES = "_outcomes"
"""The folder of what became of customers, beside the use cases of what they were answered."""
_OWN_TO_A_ROW = frozenset(
    {TIME, "request_id", CUSTOMER, "churn_probability", "expected_value", "milliseconds", "position"}
)
"""Columns whose values hardly ever come twice: to look for those that do costs more than it saves."""
_MICROSECONDS = 1_000_000
_HOUR = 3_600
_LATEST = 2.0**63


class Partition(NamedTuple):
    """Where rows belong, as folders that DuckDB, Spark and pandas understand."""

    usecase: str
    date: str
    hour: str

    def file(self, name: str) -> str:
        """The path of a file of this partition."""
        return f"use_case={self.usecase}/date={self.date}/hour={self.hour}/{name}.parquet"


def partitioned(content: SegmentContent, segment: Segment) -> dict[Partition, pyarrow.Table]:
    """A segment's customers by where they belong, in the order of writing; times are this machine's, in UTC.

    Raises:
        DataError: a customer's record is none that is known here.
    """
    try:
        parts = _parts(content, segment)
    except NotPackedSo:
        raise another_version(str(segment.path)) from None
    return {partition: _table(found) for partition, found in sorted(parts.items())}


def parquet(table: pyarrow.Table) -> bytes:
    """A table as the bytes of a file; the same table gives the same bytes."""
    sink = io.BytesIO()
    repeated = [name for name in table.column_names if name not in _OWN_TO_A_ROW]
    pyarrow.parquet.write_table(table, sink, compression="zstd", write_statistics=True, use_dictionary=repeated)
    return sink.getvalue()


def from_parquet(content: bytes) -> pyarrow.Table:
    """The table that :func:`parquet` wrote.

    Raises:
        pyarrow.ArrowException: it is none.
    """
    return pyarrow.parquet.read_table(io.BytesIO(content))


def is_kept_table(schema: pyarrow.Schema) -> bool:
    """Whether this is the schema of a table of customers that somebody here has kept: of what they were answered, or of
    what became of them."""
    kinds = {field.name: field.type for field in schema}
    customer, time = kinds.get(CUSTOMER), kinds.get(TIME)
    return (
        time is not None
        and pyarrow.types.is_timestamp(time)
        and customer in (COLUMNS.field(CUSTOMER).type, pyarrow.binary())
    )


def is_answers_table(schema: pyarrow.Schema) -> bool:
    """Whether this is the schema of a table of answers, which has features of any kind behind :data:`COLUMNS`."""
    kinds = {field.name: field.type for field in schema}
    return all(kinds.get(field.name) == field.type for field in COLUMNS)


def _parts(content: SegmentContent, segment: Segment) -> dict[Partition, list[Part]]:
    """What belongs together: a partition's answers, model by model."""
    answers, models = content.answers, content.models
    times = _microseconds([answer.time for answer in answers])
    counts = numpy.array([len(answer.customers) for answer in answers], numpy.int64)
    firsts = numpy.cumsum(counts) - counts
    identities = list(map(id, models))
    numbers = {identity: number for number, identity in enumerate(dict.fromkeys(identities))}
    keys = (times // (_HOUR * _MICROSECONDS)) * len(numbers)
    keys += numpy.array([numbers[identity] for identity in identities], numpy.int64)
    found: dict[Partition, list[Part]] = {}
    for key in numpy.unique(keys[counts > 0]):
        (these,) = numpy.nonzero(keys == key)
        first = int(these[0])
        own = answers if len(these) == len(answers) else [answers[place] for place in these.tolist()]
        partition = _partition(models[first].usecase, int(times[first]))
        made = part(models[first], own, times[these], counts[these], firsts[these], segment)
        found.setdefault(partition, []).append(made)
    return found


def _microseconds(times: Sequence[float]) -> numpy.typing.NDArray[numpy.int64]:
    found = numpy.rint(numpy.array(times, numpy.float64) * _MICROSECONDS)
    if not (numpy.abs(found) < _LATEST).all():
        raise ValueError("a time that is none")
    return found.astype(numpy.int64)


def _partition(usecase: str, time: int) -> Partition:
    moment = datetime.fromtimestamp(time // _MICROSECONDS, UTC)
    return Partition(usecase, f"{moment:%Y-%m-%d}", f"{moment:%H}")


def _table(parts: Sequence[Part]) -> pyarrow.Table:
    """The answers of all models of a file, in the order of writing. A feature that is a number to some of them and a
    category to others is a text."""
    kinds: dict[str, set[pyarrow.DataType]] = {}
    for each in parts:
        for name, values in each.features.items():
            kinds.setdefault(name, set()).add(values.type)
    typed = {name: found.pop() if len(found) == 1 else pyarrow.string() for name, found in sorted(kinds.items())}
    names = [*COLUMNS.names, *(f"{FEATURE}{name}" for name in typed)]
    tables = [
        pyarrow.table([*each.columns, *(_as(each, name, kind) for name, kind in typed.items())], names)
        for each in parts
    ]
    if len(tables) == 1:
        return tables[0]
    return pyarrow.concat_tables(tables).sort_by("position").combine_chunks()


def _as(found: Part, name: str, typed: pyarrow.DataType) -> pyarrow.Array:
    values = found.features.get(name)
    if values is None:
        return pyarrow.nulls(len(found.columns[0]), typed)
    if values.type == typed:
        return values
    return pyarrow.array([value if value is None else str(value) for value in values.to_pylist()], typed)

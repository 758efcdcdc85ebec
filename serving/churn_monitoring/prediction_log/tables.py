"""Answers as Parquet: one row a customer, one file a use case and hour, the same bytes whenever they are made again.

The columns are those of the module's schema and one `feature.<name>` for each feature that may be kept. It must not
know where files lie.
"""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

import pyarrow
import pyarrow.parquet

from churn_model.prediction_log.pseudonyms import HASH_BYTES
from churn_model.prediction_log.records import AnswerNote, CustomerNote, ModelNote
from churn_monitoring.prediction_log.reading import SegmentContent, customers_of
from churn_monitoring.prediction_log.segments import Segment

FEATURE = "feature."
CUSTOMER, KEY, TIME = "customer", "key", "time"
OUTCOMES = "_outcomes"
"""The folder of what became of customers, beside the use cases of what they were answered."""
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
_MICROSECONDS = 1_000_000
_HOUR = 3_600


class Partition(NamedTuple):
    """Where rows belong, as folders that DuckDB, Spark and pandas understand."""

    usecase: str
    date: str
    hour: str

    def file(self, name: str) -> str:
        """The path of a file of this partition."""
        return f"use_case={self.usecase}/date={self.date}/hour={self.hour}/{name}.parquet"


def partitioned(content: SegmentContent, segment: Segment) -> dict[Partition, pyarrow.Table]:
    """A segment's customers by where they belong, in the order of writing; times are this machine's, in UTC."""
    rows: dict[Partition, list[tuple[int, ModelNote, AnswerNote, CustomerNote]]] = {}
    for position, (model, answer, place) in enumerate(customers_of(content)):
        found = rows.setdefault(_partition(model.usecase, answer.time), [])
        found.append((position, model, answer, answer.customers[place]))
    return {partition: _table(found, segment) for partition, found in sorted(rows.items())}


def parquet(table: pyarrow.Table) -> bytes:
    """A table as the bytes of a file; the same table gives the same bytes."""
    sink = io.BytesIO()
    pyarrow.parquet.write_table(table, sink, compression="zstd", write_statistics=True)
    return sink.getvalue()


def from_parquet(content: bytes) -> pyarrow.Table:
    """The table that :func:`parquet` wrote.

    Raises:
        pyarrow.ArrowException: it is none.
    """
    return pyarrow.parquet.read_table(io.BytesIO(content))


def _partition(usecase: str, time: float) -> Partition:
    return _partition_of_hour(usecase, round(time * _MICROSECONDS) // (_HOUR * _MICROSECONDS))


@lru_cache(maxsize=64)  # a segment's customers are of an hour or two
def _partition_of_hour(usecase: str, hour: int) -> Partition:
    moment = datetime.fromtimestamp(hour * _HOUR, UTC)
    return Partition(usecase, f"{moment:%Y-%m-%d}", f"{moment:%H}")


def _table(rows: Sequence[tuple[int, ModelNote, AnswerNote, CustomerNote]], segment: Segment) -> pyarrow.Table:
    values = [
        (
            round(answer.time * _MICROSECONDS), answer.request_id, answer.route, customer.customer, answer.key,
            model.name, model.version, model.digest, answer.served_by, answer.arm, customer.probability,
            customer.segment, customer.action, customer.expected_value, round(answer.milliseconds, 3), segment.instance,
            segment.sequence, position,
        )
        for position, model, answer, customer in rows
    ]  # fmt: skip
    columns = [
        pyarrow.array(column, field.type) for column, field in zip(zip(*values, strict=True), COLUMNS, strict=True)
    ]
    features = _feature_columns([(model, customer) for _, model, _, customer in rows])
    return pyarrow.Table.from_arrays(
        [*columns, *features.values()], [*COLUMNS.names, *(f"{FEATURE}{name}" for name in features)]
    )


def _feature_columns(rows: Sequence[tuple[ModelNote, CustomerNote]]) -> dict[str, pyarrow.Array]:
    """The kept features of all models of a file; one that is a number to some and a category to others is a text."""
    models = {model.digest: model for model, _ in rows}
    kinds: dict[str, set[bool]] = {}
    for model in models.values():
        for name, number in zip(model.features, model.numbers, strict=True):
            kinds.setdefault(name, set()).add(number)
    places = {digest: {name: place for place, name in enumerate(model.features)} for digest, model in models.items()}
    found: dict[str, pyarrow.Array] = {}
    for name in sorted(kinds):
        values = [_value(customer, places[model.digest].get(name)) for model, customer in rows]
        numbers = kinds[name] == {True}
        typed = values if numbers else [value if value is None else str(value) for value in values]
        found[name] = pyarrow.array(typed, pyarrow.float64() if numbers else pyarrow.string())
    return found


def _value(customer: CustomerNote, place: int | None) -> Any:
    value = None if place is None else customer.values[place]
    return None if value != value else value  # noqa: PLR0124 - NaN

"""Tables of the prediction log as counts in the bins of a model's profile, a thousand customers a step.

Only what its own model answered counts. Somebody who is asked about again within a step counts once, and answers of the
scorecard are no answers of the model. It must not know what counts are held against.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy
import pyarrow
import pyarrow.compute

from churn_data.profile_effects import log_odds
from churn_data.profiles import category_bins, number_bins
from churn_model.schema import Schema
from churn_model.training_profile import ColumnProfile, TrainingProfile
from churn_monitoring.prediction_log.tables import CUSTOMER, FEATURE, TIME

STEP_ROWS = 1_000
SCORE, SEGMENT = "(score)", "(segment)"
"""What answers are called among columns, as no feature is."""
_ANSWERS = {SCORE: "churn_probability", SEGMENT: "segment"}
_DEGRADED = "degraded"
_MICROSECONDS = 1_000_000.0


class Column(NamedTuple):
    """Something that is watched: a feature, or an answer (``feature`` is false then). ``known`` are levels that the
    model has learnt."""

    name: str
    profile: ColumnProfile
    known: tuple[str, ...] = ()
    feature: bool = True


def columns_of(profile: TrainingProfile, schema: Schema) -> tuple[Column, ...]:
    """What the log shows of a model's customers: the features that may be kept, then score and segment."""
    levels = {feature.name: feature.categories for feature in schema.features}
    kept = [Column(name, profile.features[name], levels[name]) for name in schema.logged]
    return (
        *kept,
        Column(SCORE, profile.score, feature=False),
        Column(SEGMENT, profile.segments, profile.segments.levels, feature=False),
    )


@dataclass(frozen=True)
class Step:
    """Customers one after the other: ``counts`` by bin, of all columns one behind the other; ``rows`` by column how
    many were counted; of those whom the model answered the sum of the log-odds; first and last moment."""

    counts: numpy.ndarray
    rows: numpy.ndarray
    log_odds: float
    answered: int
    customers: int
    began: float
    ended: float


class Counted(NamedTuple):
    """A table's steps; ``others`` rows are of other models. By column the values that people may be shown: numbers that
    are not missing, and levels that nobody knew with how often each came."""

    steps: list[Step]
    others: int
    numbers: dict[str, numpy.ndarray]
    unseen: dict[str, dict[str, int]]


class _Read(NamedTuple):
    """A column of a table: its values, the bin of each, and which of them count."""

    column: Column
    values: Any
    bins: numpy.ndarray
    counts: numpy.ndarray


class TableCounter:
    """Counts for one model."""

    def __init__(self, columns: Sequence[Column], digest: str) -> None:
        self._columns = tuple(columns)
        self._digest = digest
        self.offsets = numpy.cumsum([0, *(len(column.profile.counts) for column in columns)])

    def count(self, table: pyarrow.Table) -> Counted:
        """Count a table of the log."""
        own = table.filter(pyarrow.compute.equal(table["digest"], self._digest))
        others = table.num_rows - own.num_rows
        own = own.take(_first_in_step(own[CUSTOMER]))
        answered = numpy.asarray(pyarrow.compute.not_equal(own["served_by"], _DEGRADED))
        read = [_read(column, own, answered) for column in self._columns]
        known = [each for each in read if each is not None and each.column.feature]
        return Counted(
            list(self._steps(own, read, answered)),
            others,
            {each.column.name: _known(each.values) for each in known if not each.column.profile.category},
            {each.column.name: _strange(each) for each in known if each.column.profile.category},
        )

    def _steps(self, table: pyarrow.Table, read: Sequence[_Read | None], answered: numpy.ndarray) -> Iterator[Step]:
        times = numpy.asarray(table[TIME].cast(pyarrow.int64())) / _MICROSECONDS
        odds = log_odds(numpy.asarray(table[_ANSWERS[SCORE]], dtype=float))
        for start in range(0, table.num_rows, STEP_ROWS):
            part = slice(start, start + STEP_ROWS)
            counts, rows = self._counts(read, part)
            answers = odds[part][answered[part]]
            yield Step(
                counts, rows, float(answers.sum()), len(answers), len(times[part]), float(times[part].min()),
                float(times[part].max()),
            )  # fmt: skip

    def _counts(self, read: Sequence[_Read | None], part: slice) -> tuple[numpy.ndarray, numpy.ndarray]:
        counts = numpy.zeros(self.offsets[-1], dtype=numpy.int64)
        rows = numpy.zeros(len(read), dtype=numpy.int64)
        for place, each in enumerate(read):
            if each is not None:
                own = slice(self.offsets[place], self.offsets[place + 1])
                counting = each.bins[part][each.counts[part]]
                counts[own] = numpy.bincount(counting, minlength=own.stop - own.start)
                rows[place] = len(counting)
        return counts, rows


def _read(column: Column, table: pyarrow.Table, answered: numpy.ndarray) -> _Read | None:
    """A column of a table; None where it has none of that kind. A feature that was a number to another model of the
    same hour stands there as texts."""
    name = f"{FEATURE}{column.name}" if column.feature else _ANSWERS[column.name]
    if name not in table.column_names:
        return None
    try:
        values = table[name].cast(pyarrow.string() if column.profile.category else pyarrow.float64()).combine_chunks()
    except pyarrow.ArrowInvalid:
        return None
    if column.profile.category:
        bins = category_bins(column.profile, values, column.known)
    else:
        bins = number_bins(column.profile, _numbers(values))
    return _Read(column, values, bins, numpy.ones_like(answered) if column.feature else answered)


def _numbers(values: Any) -> numpy.ndarray:
    found: numpy.ndarray = values.to_numpy(zero_copy_only=False).astype(float)
    return found


def _known(values: Any) -> numpy.ndarray:
    numbers = _numbers(values)
    known: numpy.ndarray = numbers[~numpy.isnan(numbers)]
    return known


def _strange(read: _Read) -> dict[str, int]:
    """The levels that nobody knew, with how often each came."""
    unseen = read.bins == len(read.column.profile.counts) - 1
    levels = pyarrow.compute.value_counts(read.values.filter(pyarrow.array(unseen)))
    return {each["values"].as_py(): each["counts"].as_py() for each in levels}


def _first_in_step(customers: pyarrow.ChunkedArray) -> numpy.ndarray:
    """The places at which customers come first in their thousand rows; who has no name is somebody else each time."""
    rows = len(customers)
    codes = numpy.asarray(customers.combine_chunks().dictionary_encode().indices.fill_null(-1))
    codes = numpy.where(codes < 0, rows + numpy.arange(rows), codes)
    steps = numpy.arange(rows) // STEP_ROWS
    return numpy.sort(numpy.unique(steps * (2 * rows + 1) + codes, return_index=True)[1])

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

from churn_data.profiles import category_bins, number_bins
from churn_model.schema import Schema
from churn_model.training_profile import ColumnProfile, TrainingProfile
from churn_monitoring.prediction_log.tables import CUSTOMER, FEATURE, TIME

STEP_ROWS = 1_000
SCORE, SEGMENT = "score", "segment"
_ANSWERS = {SCORE: "churn_probability", SEGMENT: "segment"}
_DEGRADED = "degraded"
_MICROSECONDS = 1_000_000.0
_LEAST = 1e-9


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


_Binned = tuple[numpy.ndarray, numpy.ndarray]
"""By row the bin, and whether it counts."""


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
        if not own.num_rows:
            return Counted([], others, {}, {})
        bins = [self._bins(column, own) for column in self._columns]
        answered = numpy.asarray(pyarrow.compute.not_equal(own["served_by"], _DEGRADED))
        answers = dict.fromkeys((SCORE, SEGMENT), answered)
        counted = [
            None if found is None else (found, answers.get(column.name, numpy.ones(own.num_rows, dtype=bool)))
            for column, found in zip(self._columns, bins, strict=True)
        ]
        numbers, unseen = self._shown(own, bins)
        return Counted(list(self._steps(own, counted, answered)), others, numbers, unseen)

    def _bins(self, column: Column, table: pyarrow.Table) -> numpy.ndarray | None:
        values = _values(column, table)
        if values is None:
            return None
        if column.profile.category:
            return category_bins(column.profile, values, column.known)
        return number_bins(column.profile, _numbers(values))

    def _steps(self, table: pyarrow.Table, counted: Sequence[_Binned | None], answered: numpy.ndarray) -> Iterator[Step]:
        times = numpy.asarray(table[TIME].cast(pyarrow.int64())) / _MICROSECONDS
        odds = _log_odds(numpy.asarray(table["churn_probability"], dtype=float))
        for start in range(0, table.num_rows, STEP_ROWS):
            part = slice(start, start + STEP_ROWS)
            counts, rows = (
                numpy.zeros(self.offsets[-1], dtype=numpy.int64),
                numpy.zeros(len(counted), dtype=numpy.int64),
            )
            for place, found in enumerate(counted):
                if found is not None:
                    bins, counts_here = found[0][part], found[1][part]
                    own = slice(self.offsets[place], self.offsets[place + 1])
                    counts[own] = numpy.bincount(bins[counts_here], minlength=own.stop - own.start)
                    rows[place] = counts_here.sum()
            by_model = answered[part]
            yield Step(
                counts, rows, float(odds[part][by_model].sum()), int(by_model.sum()), len(by_model),
                float(times[part].min()), float(times[part].max()),
            )  # fmt: skip

    def _shown(
        self, table: pyarrow.Table, bins: Sequence[numpy.ndarray | None]
    ) -> tuple[dict[str, numpy.ndarray], dict[str, dict[str, int]]]:
        numbers: dict[str, numpy.ndarray] = {}
        unseen: dict[str, dict[str, int]] = {}
        for column, found in zip(self._columns, bins, strict=True):
            if found is None or not column.feature:
                continue
            values = _values(column, table)
            if not column.profile.category:
                known = _numbers(values)
                numbers[column.name] = known[~numpy.isnan(known)]
                continue
            strange = found == len(column.profile.counts) - 1
            if strange.any():
                levels = pyarrow.compute.value_counts(values.filter(pyarrow.array(strange)))
                unseen[column.name] = {each["values"].as_py(): each["counts"].as_py() for each in levels}
        return numbers, unseen


def _values(column: Column, table: pyarrow.Table) -> Any:
    """A column's values as one array of its kind; None where the table has none. A feature that was a number to another
    model of the same hour stands there as texts."""
    name = (
        f"{FEATURE}{column.name}" if column.feature else {SCORE: "churn_probability", SEGMENT: "segment"}[column.name]
    )
    if name not in table.column_names:
        return None
    wanted = pyarrow.string() if column.profile.category else pyarrow.float64()
    try:
        values = table[name].cast(wanted).combine_chunks()
    except pyarrow.ArrowInvalid:
        return None
    return values


def _numbers(values: pyarrow.Array) -> numpy.ndarray:
    return values.to_numpy(zero_copy_only=False).astype(float)


def _log_odds(probabilities: numpy.ndarray) -> numpy.ndarray:
    kept = numpy.clip(probabilities, _LEAST, 1.0 - _LEAST)
    found: numpy.ndarray = numpy.log(kept / (1.0 - kept))
    return found


def _first_in_step(customers: pyarrow.ChunkedArray) -> numpy.ndarray:
    """The places at which customers come first in their thousand rows; who has no name is somebody else each time."""
    rows = len(customers)
    codes = numpy.asarray(customers.combine_chunks().dictionary_encode().indices.fill_null(-1))
    strangers = codes < 0
    codes = numpy.where(strangers, rows + numpy.arange(rows), codes)
    steps = numpy.arange(rows) // STEP_ROWS
    return numpy.sort(numpy.unique(steps * (2 * rows + 1) + codes, return_index=True)[1])

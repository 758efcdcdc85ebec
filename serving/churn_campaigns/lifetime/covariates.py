"""What models of time may know of a customer: numbers and levels, and nothing that is known only later.

A curve looks ahead with what is known today, so a feature must not tell the duration itself or grow with it: a sum over
a customer's life (all that was ever billed, orders so far) ended with those who left and goes on with the others. Two
rules find such features, each by the file alone: the rank correlation with the duration (`TELLS_DURATION`), and a mean
that grows with the duration about in proportion (`GROWS`). It must not know how curves are fitted.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy
import pandas

from churn_model.usecase import UseCase

TELLS_DURATION = 0.8
"""Rank correlation with the duration from which a feature is left out: all that was ever billed has 0.89 with tenure in
the public telecom sample, the next feature, the contract, 0.67."""
GROWS = 0.5
"""A number grows with the duration where its mean rises from each fifth of durations to the next, and from the first to
the last at least this share as many times as the duration itself: a count of events of constant rate rises as many
times, a count of the last year's stops after a year, a bill hardly changes."""
FIFTHS = 5
RARE = 0.005
"""Share of customers below which a level has no column of its own; it counts as the most frequent one."""
NOT_KNOWN = "(not known)"


@dataclass(frozen=True)
class Covariates:
    """Standardised numbers (median for missing ones) and one column a level but the most frequent. ``left_out`` says
    in words which features are not used."""

    numbers: Mapping[str, tuple[float, float, float]]
    levels: Mapping[str, tuple[str, ...]]
    left_out: tuple[str, ...]

    def matrix(self, frame: pandas.DataFrame) -> numpy.ndarray:
        """Float [customers, 1 + columns]; the first column is 1."""
        columns = [numpy.ones(len(frame))]
        for name, (fill, center, scale) in self.numbers.items():
            columns.append((frame[name].fillna(fill).to_numpy() - center) / scale)
        for name, levels in self.levels.items():
            texts = frame[name].fillna(NOT_KNOWN).to_numpy()
            columns.extend((texts == level).astype(float) for level in levels)
        return numpy.stack(columns, axis=1)


def choose_covariates(frame: pandas.DataFrame, months: numpy.ndarray, usecase: UseCase) -> Covariates:
    """Every feature but the duration, what tells the duration, and what is the same for everybody.

    Args:
        frame: the customers to learn from.
        months: how long each has been a customer.
        usecase: with features and `time`.
    """
    numbers: dict[str, tuple[float, float, float]] = {}
    levels: dict[str, tuple[str, ...]] = {}
    left_out: list[str] = []
    seen: set[bytes] = set()
    ranks = pandas.Series(months).rank()
    for feature in usecase.features:
        column = frame[feature.name].reset_index(drop=True)
        if usecase.time is not None and feature.name == usecase.time.column:
            continue
        likeness = _likeness(column, ranks)
        if likeness >= TELLS_DURATION:
            left_out.append(f"{feature.name} is not used: it tells the duration (rank correlation {likeness:.2f})")
        elif feature.type == "number" and _grows(column.to_numpy(dtype=float), months):
            left_out.append(f"{feature.name} is not used: it grows with the duration, so it is known only later")
        elif feature.type == "number":
            filled = column.fillna(column.median())
            if filled.std() > 0:
                numbers[feature.name] = float(column.median()), float(filled.mean()), float(filled.std())
        else:
            levels[feature.name] = _levels(column, seen)
    return Covariates(numbers, levels, tuple(left_out))


def _likeness(column: pandas.Series, ranks: pandas.Series) -> float:
    """Spearman's rank correlation, as a size; for levels the correlation ratio of the ranks."""
    known = column.notna()
    if column.dtype == float:
        ordered = column[known].rank()
        return abs(float(ordered.corr(ranks[known]))) if ordered.std() > 0 and ranks[known].std() > 0 else 0.0
    means = ranks.groupby(column.fillna(NOT_KNOWN)).transform("mean")
    return float(means.std() / ranks.std()) if ranks.std() > 0 else 0.0


def _grows(column: numpy.ndarray, months: numpy.ndarray) -> bool:
    """Whether a number's mean rises with the duration about in proportion (`GROWS`)."""
    known = ~numpy.isnan(column)
    values, durations = column[known], months[known]
    if len(values) < FIFTHS or values.min() < 0:
        return False
    fifths = numpy.array_split(numpy.argsort(durations, kind="stable"), FIFTHS)
    means = numpy.array([values[fifth].mean() for fifth in fifths])
    reached = numpy.array([durations[fifth].mean() for fifth in fifths])
    if not (numpy.diff(means) > 0).all() or reached[-1] < 2 * reached[0]:
        return False
    return bool(means[-1] * reached[0] >= GROWS * reached[-1] * means[0])


def _levels(column: pandas.Series, seen: set[bytes]) -> tuple[str, ...]:
    """Frequent levels but the first, without those that mark the same customers as a column before («no internet
    service» of six services): equal columns cannot be told apart."""
    shares = column.fillna(NOT_KNOWN).value_counts(normalize=True)
    chosen: list[str] = []
    for level in shares[shares >= RARE].index[1:]:
        marks = (column.fillna(NOT_KNOWN) == level).to_numpy().tobytes()
        if marks not in seen:
            seen.add(marks)
            chosen.append(str(level))
    return tuple(chosen)

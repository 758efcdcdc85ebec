"""How long each customer has been one, in months, and while how much of it somebody looked whether they leave.

A file of today's customers and of those who left lately has lost everybody who left before: of each customer only the
time since then was watched (left truncation, Kalbfleisch & Prentice 2002, chapter 1). It must not know where customers
come from or what is fitted to durations.
"""

from dataclasses import dataclass

import numpy
import pandas

from churn_model.usecase import TimeRule

SHORTEST = 0.01
"""Months that a duration of 0 counts as, since models of time begin above 0."""
MOMENTS = 3
"""Moments of the window that stand for the unknown one at which somebody left; the hazard hardly bends within it."""


@dataclass(frozen=True)
class DurationReader:
    """Reads durations as the use case says. Where everybody's is a whole number of units, the rest of a unit was cut
    off: half a unit is added, its mean if people join on any day (an assumption)."""

    rule: TimeRule
    shift: float

    @classmethod
    def of(cls, column: pandas.Series, rule: TimeRule) -> "DurationReader":
        """The clock of these customers' durations, in units of the rule; a missing one is NaN."""
        known = column.dropna()
        return cls(rule, 0.5 if bool((known == known.round()).all()) else 0.0)

    def months(self, column: pandas.Series) -> numpy.ndarray:
        """Durations in months, float [customers], above 0; NaN where not known."""
        months: numpy.ndarray = (column.to_numpy(dtype=float) + self.shift) * self.rule.months
        counted: numpy.ndarray = numpy.maximum(months, SHORTEST)
        return counted

    def since(self, column: numpy.ndarray) -> numpy.ndarray:
        """Durations from which on customers were observed, in months; 0, from the beginning, stays 0."""
        return numpy.where(column == 0, 0.0, column + self.shift) * self.rule.months


@dataclass(frozen=True)
class Watched:
    """Stretches of duration in which customers were watched.

    A customer has one, or several that share a weight of 1, where it is not known when in the window somebody left.
    ``customer`` is the position, int [stretches]; ``entry`` and ``until`` are months; ``left`` is 1 where it ended by
    leaving.
    """

    customer: numpy.ndarray
    entry: numpy.ndarray
    until: numpy.ndarray
    left: numpy.ndarray
    weight: numpy.ndarray


@dataclass(frozen=True)
class Durations:
    """Customers by duration: ``months`` until they left or were last seen, ``left`` 0 or 1, and since when they were
    watched: ``window``, the last so many months before the file was written (infinite: ever), or ``since``, a duration
    each customer; float [customers]."""

    months: numpy.ndarray
    left: numpy.ndarray
    window: float = numpy.inf
    since: numpy.ndarray | None = None

    def __len__(self) -> int:
        return len(self.months)

    def take(self, positions: numpy.ndarray) -> "Durations":
        """These customers."""
        since = None if self.since is None else self.since[positions]
        return Durations(self.months[positions], self.left[positions], self.window, since)

    def watched(self) -> Watched:
        """Since when each was at risk of being seen leaving.

        Who is still there was watched through the whole window. Who left did so at any moment of it with the same
        chance, if as many joined in each month of a window's length: so leavers stand there once a moment.
        """
        everybody = numpy.arange(len(self))
        if self.since is not None or numpy.isinf(self.window):
            entry = numpy.zeros(len(self)) if self.since is None else self.since
            return self._stretches(everybody, entry, numpy.ones(len(self)))
        stayed, gone = numpy.flatnonzero(self.left == 0), numpy.flatnonzero(self.left == 1)
        moments = (numpy.arange(MOMENTS) + 0.5) / MOMENTS * self.window
        begun = numpy.concatenate([self.months[stayed] - self.window, (self.months[gone][:, None] - moments).ravel()])
        weight = numpy.repeat([1.0, 1.0 / MOMENTS], [len(stayed), len(gone) * MOMENTS])
        return self._stretches(numpy.concatenate([stayed, numpy.repeat(gone, MOMENTS)]), begun, weight)

    def _stretches(self, customers: numpy.ndarray, entry: numpy.ndarray, weight: numpy.ndarray) -> Watched:
        until = self.months[customers]
        inside = numpy.clip(entry, 0.0, until * (1.0 - 1e-6))  # A stretch without length has no likelihood.
        return Watched(customers, inside, until, self.left[customers], weight)

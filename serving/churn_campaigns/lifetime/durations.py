"""How long each customer has been one, in months.

It must not know where customers come from or what is fitted to durations.
"""

from dataclasses import dataclass

import numpy
import pandas

from churn_model.usecase import TimeRule

SHORTEST = 0.01
"""Months that a duration of 0 counts as, since models of time begin above 0."""


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

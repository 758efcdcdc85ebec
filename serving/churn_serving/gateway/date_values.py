"""Dates of a customer's record as the numbers that rows hold: the days from each to the snapshot.

The rules are the model package's, so that a record gets the bits that the same customer gets in a file. It must not
know how records are decoded.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from churn_model.dates import DateRule, days_before, moment
from churn_model.not_known import date_text, known_date
from churn_model.schema import Schema

MAXIMUM_DATE = 64
"""Characters of a date, a time and its zone with it."""


class _Date(NamedTuple):
    place: int
    rule: DateRule
    snapshot: datetime | None
    snapshot_place: int


class ValuesWithDates:
    """Takes a record's values, snapshots after the features, and gives the features' alone, with days for dates."""

    def __init__(self, schema: Schema, values: Callable[[Any], Sequence[Any] | None]) -> None:
        self._values = values
        self._missing = schema.tokens
        self._features = len(schema.features)
        places = {name: place for place, name in enumerate((*schema.names, *schema.snapshot_columns))}
        self._dates = [
            _Date(place, rule, _fixed(rule), places.get(rule.snapshot_column, -1))
            for place, rule in ((place, feature.date) for place, feature in enumerate(schema.features))
            if rule is not None
        ]

    def __call__(self, features: Any) -> Sequence[Any] | None:
        """The values; None where a text is no date."""
        given = self._values(features)
        if given is None:
            return None
        values = list(given)
        try:
            for place, rule, fixed, snapshot_place in self._dates:
                snapshot = fixed or self._snapshot(given[snapshot_place], rule)
                text = known_date(given[place], rule.spelling, self._missing)
                values[place] = None if text is None else days_before(snapshot, text, rule.spelling)
        except (ValueError, TypeError):
            return None
        return values[: self._features]

    def _snapshot(self, given: Any, rule: DateRule) -> datetime:
        return moment(date_text(given, rule.snapshot_spelling, self._missing) or "", rule.snapshot_spelling)


def _fixed(rule: DateRule) -> datetime | None:
    return None if rule.snapshot_column else moment(rule.snapshot)

"""Dates of a customer's record as the numbers that rows hold: the days from each to the snapshot.

The rules are the model package's, so that a record gets the bits that the same customer gets in a file. It must not
know how records are decoded.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from churn_model.dates import DateRule, counted_text, days_before, moment
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
                snapshot = fixed or moment(
                    counted_text(given[snapshot_place], rule.snapshot_spelling).strip(), rule.snapshot_spelling
                )
                text = (counted_text(given[place], rule.spelling) or "").strip()
                values[place] = days_before(snapshot, text, rule.spelling) if text else None
        except (ValueError, AttributeError):
            return None
        return values[: self._features]


def _fixed(rule: DateRule) -> datetime | None:
    return None if rule.snapshot_column else moment(rule.snapshot)

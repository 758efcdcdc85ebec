"""The schema of a model: which features a record has, in which order, of which type.

It is the part of a package that every caller needs; it knows nothing of encoders or models. A row is a sequence in the
schema's order: numbers are floats with NaN for missing, categories are texts with None for missing.
"""

import hashlib
from collections.abc import Sequence
from functools import cached_property

import msgspec

from churn_model import spelling
from churn_model.dates import DateRule
from churn_model.names import name_fault
from churn_model.rules import ValueType
from churn_model.spelling import Levels, RowSpelling, numbers_of, tokens_of
from churn_model.usecase import DEFAULT_MISSING

Row = Sequence[float | str | None]
NAN = float("nan")
MAXIMUM_TEXT = spelling.MAXIMUM_TEXT
"""Characters of a category that a caller may send, on every way in. Levels that models learn are names of a few words;
the limit is what bounds a row's bytes on every way on."""


class SchemaFeature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A feature as the model learned it. ``categories`` are the levels seen in training, sorted; others are accepted
    and encoded as unseen. ``minimum`` and ``maximum`` bound what is accepted (None: unbounded). A number with ``date``
    is the days from a date to a snapshot; the date rule says how one is read."""

    name: str
    type: ValueType
    label: str = ""
    minimum: float | None = None
    maximum: float | None = None
    categories: tuple[str, ...] = ()
    date: DateRule | None = None


class Schema(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True, omit_defaults=True):
    """``id`` is the name of the customer id column; ``usecase`` the use case's name. ``missing`` are the texts that
    mean «not known», beside blank ones; numbers among them mean it in a number, too. ``logged`` are the features
    that may be kept beside an answer."""

    usecase: str
    id: str
    features: tuple[SchemaFeature, ...]
    missing: tuple[str, ...] = DEFAULT_MISSING
    logged: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no protocol can carry, so that such a package is never opened rather than never answered with.

        Raises:
            ValueError: a name is empty, too long or no text, or stands twice; or one that may be logged is none.
        """
        for index, feature in enumerate(self.features):
            fault = name_fault(feature.name)
            if fault:
                raise ValueError(f"the name of feature {index + 1} {fault}")
        if len(set(self.names)) != len(self.features):
            raise ValueError("two features have the same name")
        if not set(self.logged) <= set(self.names) or len(set(self.logged)) != len(self.logged):
            raise ValueError("what may be logged is no feature, or stands twice")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Feature names in row order."""
        return tuple(feature.name for feature in self.features)

    @cached_property
    def snapshot_columns(self) -> dict[str, str]:
        """Columns that are no features and yet needed to make days of dates, each with its spelling."""
        rules = [feature.date for feature in self.features if feature.date and feature.date.snapshot_column]
        return {
            rule.snapshot_column: rule.snapshot_spelling for rule in rules if rule.snapshot_column not in self.names
        }

    @cached_property
    def tokens(self) -> frozenset[str]:
        """`missing` with every way to write the numbers among them."""
        return tokens_of(self.missing)

    @cached_property
    def spelling(self) -> RowSpelling:
        """What makes rows of values however they are spelt."""
        levels = [Levels(f.categories, self.missing) if f.type == "category" else None for f in self.features]
        amounts = [place for place, f in enumerate(self.features) if f.type == "number" and f.date is None]
        return RowSpelling(levels, numbers_of(self.missing), amounts)

    @cached_property
    def hash(self) -> str:
        """sha256 (hex) of what a caller must get right: names, order, types, bounds and how
        dates are read; not the levels seen."""
        shape = [[f.name, f.type, _bound(f.minimum), _bound(f.maximum), *_date(f)] for f in self.features]
        return hashlib.sha256(msgspec.json.encode([self.usecase, self.id, shape])).hexdigest()


def _date(feature: SchemaFeature) -> list[DateRule]:
    return [] if feature.date is None else [feature.date]


def _bound(value: float | None) -> float | None:
    """A bound as it comes back from a file, where 0 and 0.0 are one number."""
    return None if value is None else float(value)


def row_to_json(row: Row) -> list[float | str | None]:
    """A row with ``None`` for every missing value, as JSON can hold it."""
    return [None if value is None or value != value else value for value in row]  # noqa: PLR0124 - NaN


def row_from_json(values: Sequence[float | str | None], schema: Schema) -> list[float | str | None]:
    """The row that :func:`row_to_json` wrote.

    Raises:
        ValueError: another length, or a value of the wrong type.
    """
    row: list[float | str | None] = []
    for value, feature in zip(values, schema.features, strict=True):
        if feature.type == "number":
            row.append(NAN if value is None else float(value))
        elif value is None or isinstance(value, str):
            row.append(value)
        else:
            raise ValueError(f"{feature.name}: expected a text")
    return row

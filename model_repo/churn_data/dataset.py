"""The customers that a training run works on: typed columns, labels and where they came from.

Plain data; it must not know how it was read or what is done with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy
import pandas

from churn_data.notices import Notice
from churn_data.snapshots import date_rule
from churn_model.schema import Row, Schema, SchemaFeature
from churn_model.usecase import UseCase


@dataclass(frozen=True)
class Source:
    """Where customers came from: the file's name (no folder), the SHA-256 (hex) of its bytes, whether they are
    simulated, and the key by which their ids are pseudonyms (empty: they are ids)."""

    name: str
    sha256: str
    simulated: bool
    hashed_by: str = ""

    @property
    def people(self) -> str:
        """What to call them, so that nobody takes simulated ones for evidence."""
        return "simulated customers" if self.simulated else "customers"


@dataclass(frozen=True)
class Origin:
    """The file that rows were read from, for whoever needs other columns of the same customers, and which of its rows
    they are, counted from 0; `numbers` of all its rows as people count them, by these places."""

    path: Path
    places: numpy.ndarray
    numbers: Sequence[int] = ()


@dataclass(frozen=True)
class Dataset:
    """Customers and whether they left.

    `frame` has one column a feature in the use case's order: float64 with NaN for numbers and for dates (days from each
    to the snapshot), objects (text or NaN) for categories. `churned` is 0 or 1 a row; `groups` numbers the customers,
    so rows of one customer share a number. `moments` are the days (of Python's calendar) as of which each row stands,
    where a column says so. `notices` are what reading found. `keys` are the texts by which the customer of each row is
    known again in other files, see `customer_keys`; `origin` is where the rows stand in the file.
    """

    usecase: UseCase
    frame: pandas.DataFrame
    churned: numpy.ndarray
    groups: numpy.ndarray
    source: Source
    moments: numpy.ndarray | None = None
    notices: tuple[Notice, ...] = ()
    keys: numpy.ndarray | None = None
    origin: Origin | None = None

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def churn_rate(self) -> float:
        """Share of customers who left, 0 to 1."""
        return float(self.churned.mean())

    @property
    def customer_count(self) -> int:
        """How many customers there are, by their ids: doubles under other ids count, for nobody knows which are."""
        return pandas.Series(self.groups if self.keys is None else self.keys).nunique()

    @property
    def repeats(self) -> bool:
        """Whether a customer has more than one row."""
        return len(numpy.unique(self.groups)) < len(self.groups)

    @property
    def customers(self) -> numpy.ndarray | None:
        """`groups` where a customer has more than one row, for measures that must not count rows as customers."""
        return self.groups if self.repeats else None

    @property
    def categories(self) -> list[str]:
        """Names of the category columns."""
        return [feature.name for feature in self.usecase.features if feature.type == "category"]

    def row_number(self, position: int) -> int | None:
        """The number that the row at a position has in its file, as a spreadsheet counts; None where nobody knows."""
        if self.origin is None or not len(self.origin.numbers):
            return None
        return int(self.origin.numbers[int(self.origin.places[position])])

    def take(self, positions: numpy.ndarray) -> "Dataset":
        """The rows at these positions, in that order."""
        return replace(
            self,
            frame=self.frame.iloc[positions].reset_index(drop=True),
            churned=self.churned[positions],
            groups=self.groups[positions],
            moments=None if self.moments is None else self.moments[positions],
            keys=None if self.keys is None else self.keys[positions],
            origin=None if self.origin is None else replace(self.origin, places=self.origin.places[positions]),
        )


def schema_of(dataset: Dataset) -> Schema:
    """The schema of a model trained on these customers: the use case's features and the levels that occur. A date is a
    number there, with what makes one of it."""
    features = tuple(
        SchemaFeature(
            name=feature.name,
            type="category" if feature.type == "category" else "number",
            label=f"days since {feature.words}" if feature.type == "date" else feature.words,
            minimum=feature.minimum,
            maximum=feature.maximum,
            categories=levels_of(dataset.frame[feature.name]) if feature.type == "category" else (),
            date=date_rule(feature, dataset.usecase) if feature.type == "date" else None,
        )
        for feature in dataset.usecase.features
    )
    usecase = dataset.usecase
    known = {feature.name for feature in features}  # what training left out of them is nowhere to be kept
    logged = tuple(name for name in dict.fromkeys(usecase.prediction_log.features) if name in known)
    return Schema(usecase=usecase.name, id=usecase.id, features=features, missing=usecase.missing, logged=logged)


def levels_of(column: pandas.Series) -> tuple[str, ...]:
    """The distinct texts of a category column, sorted."""
    return tuple(sorted(column.dropna().unique()))


def rows_of(frame: pandas.DataFrame) -> list[Row]:
    """The frame's rows as the scorer reads them: NaN for a missing number, None for a missing category."""
    columns: list[list[float | str | None]] = []
    for name in frame.columns:
        column = frame[name]
        if pandas.api.types.is_float_dtype(column):
            columns.append(column.tolist())
        else:
            columns.append([value if isinstance(value, str) else None for value in column])
    return list(zip(*columns, strict=True))

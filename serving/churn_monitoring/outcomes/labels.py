"""Reads who left and who stayed from a file of labels, into a table of pseudonyms: an id leaves this module as hashes
alone.

It must not know what was said before, nor what was answered.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pyarrow

from churn_data.cells import Cell, clean
from churn_data.customer_ids import require_whole_ids
from churn_data.errors import DataError, NoSuchColumn
from churn_data.labels import ValuesOfLabel
from churn_data.notices import Notices
from churn_data.tables import Chunk, Table, open_table
from churn_model.prediction_log.pseudonyms import HASH_BYTES, PseudonymKey
from churn_model.usecase import UseCase
from churn_monitoring.outcomes.database import Database
from churn_monitoring.outcomes.days import DayReader, number_of

SAID = "said"
"""The table that is made: `line` of the file, `key` (place among the keys), `customer` (hash), `churned`, `day`."""
OUTCOME_ON = "outcome_on"
"""The day on which a customer left, or on which it was seen that they had stayed."""
NONE = -1
_GIVEN = pyarrow.schema(
    [
        ("line", pyarrow.int64()),
        ("key", pyarrow.int16()),
        ("customer", pyarrow.binary(HASH_BYTES)),
        ("label", pyarrow.int32()),
        ("day", pyarrow.int32()),
    ]
)


@dataclass(frozen=True)
class LabelColumns:
    """Where the day of an outcome stands, and the day of whoever has none there (None: that is refused)."""

    day: str = OUTCOME_ON
    otherwise: date | None = None


@dataclass(frozen=True)
class Labels:
    """How many rows a file has, and how many of them say nothing."""

    rows: int
    empty: int


@dataclass
class _Texts:
    """The different texts of a column by number, with the first row of each and how often it occurs."""

    places: dict[str, int] = field(default_factory=dict)
    first: list[int] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)

    def codes(self, cells: Sequence[Cell], rows: Sequence[int]) -> list[int]:
        """The number of each cell's text; NONE of one that is missing."""
        return [NONE if cell is None else self._code(cell, row) for cell, row in zip(cells, rows, strict=True)]

    def _code(self, cell: str, row: int) -> int:
        place = self.places.setdefault(cell, len(self.places))
        if place == len(self.first):
            self.first.append(row)
            self.counts.append(0)
        self.counts[place] += 1
        return place

    def days(self, column: str, file: str, notices: Notices) -> list[int]:
        """The day of every text, in the order of numbers."""
        reader = DayReader(column, dict(zip(self.places, self.counts, strict=True)), file, notices)
        return [reader.read(text, row) for text, row in zip(self.places, self.first, strict=True)]


def read_labels(
    path: Path, usecase: UseCase, columns: LabelColumns, keys: Sequence[PseudonymKey], database: Database
) -> Labels:
    """Read a file of labels into the table :data:`SAID`, one row a key for each row that says something.

    Args:
        path: of any kind that `open_table` reads, with the use case's id and label and the day of the outcome.
        usecase: names id, label and missing cells. Where the label is a day, a row with one needs no other.
        columns: where the day stands.
        keys: by which customers are hashed, all that are known.
        database: where the table is made.

    Raises:
        DataError: one line that names file, column and row: no id, no label of the use case, no day, one of tomorrow.
        UseCaseError: the use case names no id.
    """
    notices = Notices(str(path))
    with open_table(path, notices=notices) as table:
        reader = _Reader(table, usecase, columns, keys, database)
        for chunk in table.chunks:
            reader.take(chunk)
        if not reader.rows:
            raise DataError(str(path), "has a header but no rows")
        reader.finish(notices)
    return Labels(reader.rows, reader.empty)


class _Reader:
    def __init__(
        self, table: Table, usecase: UseCase, columns: LabelColumns, keys: Sequence[PseudonymKey], database: Database
    ) -> None:
        self._file, self._usecase, self._columns = table.file, usecase, columns
        self._keys, self._database = keys, database
        self._missing = frozenset(usecase.missing)
        self._id, self._label = (_place(table, name) for name in (usecase.required_id(), usecase.label.column))
        self._day = _day_place(table, usecase, columns)
        self._labels, self._days = _Texts(), _Texts()
        self.rows = self.empty = 0

    def take(self, chunk: Chunk) -> None:
        ids, labels = (clean(chunk.columns[place], self._missing) for place in (self._id, self._label))
        days: Sequence[Cell] = [None] * len(chunk)
        if self._day is not None:
            days = clean(chunk.columns[self._day], self._missing)
        require_whole_ids(self._usecase.id, ids, self._file)
        self._require(ids, chunk.rows, self._usecase.id, "the id is missing")
        codes = self._labels.codes(labels, chunk.rows)
        says = [place for place, code in enumerate(codes) if code != NONE or "" in self._usecase.label.stayers]
        self.rows += len(chunk)
        self.empty += len(chunk) - len(says)
        rows = [chunk.rows[place] for place in says]
        found = self._days.codes([days[place] for place in says], rows)
        labels_said = [codes[place] for place in says]
        self._require_days(found, labels_said, rows)
        self._insert(rows, [str(ids[place]) for place in says], labels_said, found)

    def finish(self, notices: Notices) -> None:
        """Give the numbers of texts their meanings."""
        if self._usecase.label.is_date:
            left: list[int | None] = [*self._labels.days(self._usecase.label.column, self._file, notices)]
            churned = [True] * len(left)
        else:
            values = ValuesOfLabel(self._usecase.label, self._file)
            texts = zip(self._labels.places, self._labels.first, self._labels.counts, strict=True)
            churned = [bool(values.read(*each)) for each in texts]
            left = [None] * len(churned)
        days = self._days.days(self._columns.day, self._file, notices)
        otherwise = "NULL" if self._columns.otherwise is None else str(number_of(self._columns.otherwise))
        self._database.insert(
            "label_texts", _numbered(churned=pyarrow.array(churned, pyarrow.bool_()), left_on=_ints(left))
        )
        self._database.insert("day_texts", _numbered(on_day=_ints(days)))
        self._database.run(
            f"CREATE TABLE {SAID} AS SELECT line, key, customer, coalesce(churned, false) AS churned, "
            f"coalesce(left_on, on_day, {otherwise}) AS day "
            "FROM given LEFT JOIN label_texts ON label = label_texts.code LEFT JOIN day_texts ON day = day_texts.code"
        )
        self._database.run("DROP TABLE given")

    def _require(self, cells: Sequence[Cell], rows: Sequence[int], column: str, problem: str) -> None:
        if None in cells:
            raise DataError(self._file, problem, column=column, row=rows[list(cells).index(None)])

    def _require_days(self, days: Sequence[int], labels: Sequence[int], rows: Sequence[int]) -> None:
        """A row needs a day, unless its label is one or another is given for all."""
        if self._columns.otherwise is not None:
            return
        for day, label, row in zip(days, labels, rows, strict=True):
            if day == NONE and not (self._usecase.label.is_date and label != NONE):
                problem = "the date is missing (--outcome-on DAY says it for all rows without one)"
                raise DataError(self._file, problem, column=self._columns.day, row=row)

    def _insert(self, rows: Sequence[int], ids: Sequence[str], labels: Sequence[int], days: Sequence[int]) -> None:
        for place, key in enumerate(self._keys):
            hashes = [key.of(customer) for customer in ids]
            columns = [rows, [place] * len(rows), hashes, labels, days]
            arrays = [pyarrow.array(column, each.type) for column, each in zip(columns, _GIVEN, strict=True)]
            self._database.insert("given", pyarrow.Table.from_arrays(arrays, schema=_GIVEN))


def _place(table: Table, name: str) -> int:
    if name not in table.header:
        raise NoSuchColumn(table.file, name)
    return table.header.index(name)


def _day_place(table: Table, usecase: UseCase, columns: LabelColumns) -> int | None:
    if columns.day in table.header:
        return table.header.index(columns.day)
    if columns.otherwise is None and not usecase.label.is_date:
        problem = "no such column in the header (--outcome-on DAY says it for all rows, --date-column names another)"
        raise DataError(table.file, problem, column=columns.day, row=1)
    return None


def _numbered(**columns: pyarrow.Array) -> pyarrow.Table:
    count = len(next(iter(columns.values())))
    return pyarrow.table({"code": _ints(range(count)), **columns})


def _ints(values: Iterable[int | None]) -> pyarrow.Array:
    return pyarrow.array(list(values), pyarrow.int32())

"""Reads a campaign's file of customers and works out, chunk by chunk, what is needed to decide about each.

Of a million customers only a few numbers each are kept. It must not know budgets or what is decided.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy

from churn_campaigns.campaign.group_names import group_names
from churn_campaigns.campaign.learning import Answers, Measured
from churn_campaigns.campaign.orders import Rules
from churn_campaigns.campaign.problem import Floats, Integers
from churn_data.cells import Cell, clean, numbers
from churn_data.dataset import rows_of
from churn_data.errors import DataError, NoSuchColumn, glimpse
from churn_data.leavers_left_in import LeaversLeftIn
from churn_data.notices import Notices
from churn_data.number_texts import NumberColumn
from churn_data.schema_cells import row_ids
from churn_data.schema_columns import SchemaColumns
from churn_data.tables import Chunk, Table, open_table
from churn_model.column_actions import customer_values, risk_bands
from churn_model.column_rows import ColumnRows
from churn_model.package import Package
from churn_model.rules import ActionRule, Label
from churn_model.schema import SchemaFeature

if TYPE_CHECKING:
    import pandas

YES, NO = frozenset({"yes", "true", "1"}), frozenset({"no", "false", "0"})
Flags = numpy.typing.NDArray[numpy.bool_]


@dataclass(frozen=True)
class Customers:
    """What is known of each customer, by column, in the file's order.

    ``probability`` of churn, ``segment`` 1 to 4, ``risk`` as position in :data:`~churn_model.rules.RISKS`, ``value`` in
    money. ``measured`` by action id, for measured actions alone. ``consent`` by column. ``days_since`` the last contact
    and ``last_year``'s number of contacts: NaN where the file does not say. ``groups``: by feature that the use case
    names as such, text. ``refused``: who has said that they want no contact at all (None: nobody).
    """

    ids: list[str]
    probability: Floats
    segment: Integers
    risk: Integers
    value: Floats
    measured: Mapping[str, Answers]
    consent: Mapping[str, Flags]
    days_since: Floats
    last_year: Floats
    groups: Mapping[str, numpy.ndarray] = field(default_factory=dict)
    refused: Flags | None = None

    def __len__(self) -> int:
        return len(self.ids)


def read_campaign_customers(
    path: Path,
    package: Package,
    rules: Rules,
    measured: Mapping[str, Measured],
    advance: Callable[[float], None],
    label: Label | None = None,
) -> Customers:
    """Read and score every customer of a file.

    Args:
        path: CSV or Parquet with id, features and the columns that the actions' rules look at.
        package: the model that scores.
        rules: the actions.
        measured: by action id, for actions whose effect has been measured customer by customer.
        advance: told how many rows are done with each chunk.
        label: where the file has its column, whoever listens is told how many have left already.

    Raises:
        DataError: one line that names file, row and column, among others for a customer who is there twice.
    """
    with open_table(path) as table:
        reader = CustomerReader(table, package, rules)
        leavers = LeaversLeftIn(table, label, rules.missing)
        parts = []
        for chunk in leavers.seen(table.chunks):
            parts.append(reader.read(chunk, measured))
            advance(len(chunk.rows))
        leavers.tell(Notices(table.file))
    if not parts:
        raise DataError(str(path), "has a header but no rows")
    return joined(parts)


def values_of(frame: "pandas.DataFrame", package: Package) -> Floats:
    """What keeping each customer is worth, by the package's value rule: float [customers]."""
    table = package.description.actions
    return numpy.array([table.value(row) for row in rows_of(frame)], dtype=float)


def joined(parts: Sequence[Customers]) -> Customers:
    """The customers of several parts (one at least) as one table, in their order."""
    first = parts[0]

    def of(name: str) -> numpy.ndarray:
        return numpy.concatenate([getattr(part, name) for part in parts])

    return Customers(
        ids=[customer for part in parts for customer in part.ids],
        probability=of("probability"),
        segment=of("segment"),
        risk=of("risk"),
        value=of("value"),
        measured={key: _joined_answers([part.measured[key] for part in parts]) for key in first.measured},
        consent={key: numpy.concatenate([part.consent[key] for part in parts]) for key in first.consent},
        days_since=of("days_since"),
        last_year=of("last_year"),
        groups={key: numpy.concatenate([part.groups[key] for part in parts]) for key in first.groups},
        refused=None if first.refused is None else of("refused"),
    )


def _joined_answers(parts: Sequence[Answers]) -> Answers:
    return Answers(*(numpy.concatenate(columns) for columns in zip(*map(astuple, parts), strict=True)))


def require_campaign_model(package: Package, file: str) -> None:
    """Return if a campaign can be planned by this model at all.

    Raises:
        DataError: it knows no ids, or not what customers are worth.
    """
    if not package.manifest.schema.id:
        raise DataError(file, "a campaign needs ids of customers; name their column by `id` in the use case")
    if not package.description.actions.knows_value:
        problem = "a campaign needs what customers are worth; name a column by `value.column` in the use case"
        raise DataError(file, f"{problem} and train again")


class CustomerReader:
    """Turns chunks of a table into customers."""

    def __init__(self, table: Table, package: Package, rules: Rules) -> None:
        self._table, self._package, self._rules = table, package, rules
        self._schema = package.manifest.schema
        require_campaign_model(package, table.file)
        self._reader = SchemaColumns(table, self._schema, rules.missing)
        for action in rules.actions:
            for name, key in self._columns_of(action):
                self._require(name, f'action "{action.id}" ({key})')
        self._refusals = rules.contacts.do_not_contact_column
        if self._refusals:
            self._require(self._refusals, "`contacts.do_not_contact_column`")
        self._rows_of_ids: dict[str, int] = {}

    def read(self, chunk: Chunk, measured: Mapping[str, Measured]) -> Customers:
        """The customers of one chunk, scored."""
        texts, rows = self._reader.read(chunk)
        ids = self._ids(clean(texts.to_pylist(), self._rules.missing), chunk)
        answers = self._package.scorer.score(rows)
        probability = numpy.array(answers.probabilities, dtype=float)
        table = self._package.description.actions
        value = customer_values(table, rows)
        assert value is not None  # noqa: S101 - `require_campaign_model` has looked
        columns = dict(zip(self._schema.names, rows.columns, strict=True))
        frame = feature_frame(self._named(rows), self._schema.features) if measured else None
        return Customers(
            ids=ids,
            probability=probability,
            segment=numpy.array(answers.segments, dtype=int),
            risk=risk_bands(table, probability),
            value=value,
            measured={key: model.answer(frame, ids, probability) for key, model in measured.items()}
            if frame is not None
            else {},
            consent={each.consent: self._yes(chunk, each.consent) for each in self._rules.actions if each.consent},
            days_since=self._count(chunk, self._rules.contacts.days_since_column),
            last_year=self._count(chunk, self._rules.contacts.last_year_column),
            groups={name: group_names(columns[name]) for name in self._rules.groups if name in columns},
            refused=self._yes(chunk, self._refusals) if self._refusals else None,
        )

    def features(self, chunk: Chunk) -> "pandas.DataFrame":
        """The features of one chunk, as training holds them."""
        return feature_frame(self._named(self._reader.read(chunk)[1]), self._schema.features)

    def _named(self, rows: ColumnRows) -> dict[str, list[float | Cell]]:
        """Features by name."""
        return dict(zip(self._schema.names, rows.values(), strict=True))

    def _columns_of(self, action: ActionRule) -> Iterable[tuple[str, str]]:
        if action.consent:
            yield action.consent, "consent"
        if action.rest_days:
            yield self._rules.contacts.days_since_column, "rest_days"
        if action.yearly_limit is not None:
            yield self._rules.contacts.last_year_column, "yearly_limit"

    def _require(self, name: str, who: str) -> None:
        if name not in self._table.header:
            raise NoSuchColumn(self._table.file, name, f", {who} needs it")

    def _cells(self, chunk: Chunk, name: str) -> list[Cell]:
        return clean(chunk.columns[self._table.header.index(name)], self._rules.missing)

    def _ids(self, cells: Sequence[Cell], chunk: Chunk) -> list[str]:
        ids = row_ids(self._schema, {self._schema.id: cells}, chunk.rows, self._table.file)
        for customer, row in zip(ids, chunk.rows, strict=True):
            first = self._rows_of_ids.setdefault(customer, row)
            if first != row:
                problem = f"the same customer as in row {first}"
                raise DataError(self._table.file, problem, column=self._schema.id, row=row)
        return ids

    def _count(self, chunk: Chunk, name: str) -> Floats:
        if name not in self._table.header:
            return numpy.full(len(chunk.rows), numpy.nan)
        cells = self._cells(chunk, name)
        written = NumberColumn(self._table.decimal)
        found = numbers(cells, chunk.rows, self._table.file, name, minimum=0.0, written=written)
        return numpy.array(found, dtype=float)

    def _yes(self, chunk: Chunk, name: str) -> Flags:
        given: list[bool] = []
        for cell, row in zip(self._cells(chunk, name), chunk.rows, strict=True):
            word = "no" if cell is None else cell.lower()
            if word not in YES | NO:
                raise DataError(self._table.file, f'"{glimpse(word)}" is neither yes nor no', column=name, row=row)
            given.append(word in YES)
        return numpy.array(given, dtype=bool)


def feature_frame(
    columns: Mapping[str, Sequence[float | Cell]], features: Sequence[SchemaFeature]
) -> "pandas.DataFrame":
    """Features as training holds them: floats with NaN, and objects that are text or NaN."""
    import pandas

    typed = {}
    for feature in features:
        values = columns[feature.name]
        if feature.type == "number":
            typed[feature.name] = pandas.Series(numpy.array(values, dtype=float))
        else:
            typed[feature.name] = pandas.Series([numpy.nan if v is None else v for v in values], dtype=object)
    return pandas.DataFrame(typed)

"""A file's customers by column, as a model's schema wants them: what scores a million of them reads.

Each different text is thought about once a chunk, numbers by Arrow where they are plain. It must not know models or
what is done with the rows.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import Any

import numpy
import pyarrow
import pyarrow.compute
from numpy.typing import NDArray

from churn_data.cells import LARGEST, Cell, clean, numbers
from churn_data.csv_head import suggestion
from churn_data.customer_ids import NEEDED
from churn_data.errors import DataError, NoSuchColumn, glimpse
from churn_data.notices import Notices, listed
from churn_data.schema_cells import needed_columns, written_numbers
from churn_data.snapshots import date_numbers, snapshots_of
from churn_data.tables import Chunk, Table
from churn_model.column_rows import CategoryColumn, ColumnRows
from churn_model.dates import DateRule
from churn_model.schema import Schema, SchemaFeature
from churn_model.spelling import MAXIMUM_TEXT, Levels, tokens_of

_TOLD = 8
"""Lines about levels that training never saw: columns in which most customers have one, and all others together."""
_REMEMBERED = 100_000
"""Different texts of a column whose meaning is kept from chunk to chunk."""


class SchemaColumns:
    """Reads chunks of one table for one schema, and counts what training never saw and what is missing."""

    def __init__(self, table: Table, schema: Schema, missing: Iterable[str]) -> None:
        """Look for the columns.

        Args:
            table: as opened.
            schema: what means «not known» in a feature is the model's own, as at every door of a server.
            missing: texts that mean it in this file beside: as ids, and as words where a number or a date is expected,
                which no caller could send.

        Raises:
            NoSuchColumn: one is not there.
        """
        self._file, self._schema = table.file, schema
        for name in needed_columns(schema):
            if name not in table.header:
                raise NoSuchColumn(table.file, name, f", the model needs it{suggestion(name, table.header)}")
        self._places = {name: table.header.index(name) for name in needed_columns(schema)}
        own, others = schema.tokens, tokens_of(missing)
        self._no_ids = own | others
        self._missing = own.union(text for text in others if not any(map(str.isdigit, text)))
        self._written = written_numbers(schema, table.decimal)
        self._found: dict[str, dict[Cell, tuple[str | None, bool]]] = {name: {} for name in schema.names}
        self.unseen: Counter[str] = Counter()
        self.missing: Counter[str] = Counter()
        self._examples: dict[str, tuple[str, int]] = {}
        self._hashes: list[NDArray[numpy.int64]] = []
        self._rows: list[Sequence[int]] = []

    def read(self, chunk: Chunk) -> tuple[pyarrow.Array, ColumnRows]:
        """Ids as texts, and rows.

        Raises:
            DataError: names the first bad cell of a column.
        """
        pairs = zip(self._schema.features, self._schema.spelling.levels, strict=True)
        columns = [
            self._amounts(feature, chunk) if levels is None else self._categories(feature.name, levels, chunk)
            for feature, levels in pairs
        ]
        return self._ids(chunk), ColumnRows(columns)

    def tell(self, notices: Notices) -> None:
        """Say what was found in the whole file."""
        most = [name for name, _ in (+self.unseen).most_common()]
        told = set(most if len(most) <= _TOLD else most[: _TOLD - 1])
        for feature in self._schema.features:
            name = feature.name
            for kind, text in self._written[name].findings() if name in self._written else ():
                notices.tell(kind, text, name)
            if name in told:
                example, row = self._examples[name]
                meant = suggestion(example, feature.categories)
                rows = f"{self.unseen[name]:,} customer{'' if self.unseen[name] == 1 else 's'}"
                text = f'{rows} with a level that training never saw, such as "{glimpse(example)}" in row {row}{meant}'
                notices.tell("unseen levels", text, name)
        others = most[len(told) :]
        if others:
            shown = listed([f'"{glimpse(name)}" ({self.unseen[name]:,})' for name in others])
            text = f"{len(others)} more columns have levels that training never saw: {shown}; --json counts all"
            notices.tell("unseen levels", text)
        if self._hashes:
            hashes = numpy.concatenate(self._hashes)
            order = hashes.argsort(kind="stable")
            again = order[1:][hashes[order[1:]] == hashes[order[:-1]]]
            if len(again):
                rows = f"{len(again):,} row{' is' if len(again) == 1 else 's are'}"
                first = next(islice(chain.from_iterable(self._rows), int(again.min()), None))
                text = f"{rows} of customers who were there before, row {first} is the first"
                notices.tell("duplicate ids", text, self._schema.id)

    def _ids(self, chunk: Chunk) -> pyarrow.Array:
        if not self._schema.id:
            return pyarrow.array([str(row) for row in chunk.rows], pyarrow.string())
        ids = pyarrow.compute.utf8_trim_whitespace(chunk.arrays[self._places[self._schema.id]])
        texts: list[Cell] = ids.to_pylist()
        if None in texts or "" in texts or not self._no_ids.isdisjoint(texts):
            cells = clean(texts, self._no_ids)
            row = chunk.rows[cells.index(None)]
            raise DataError(self._file, f"the id is missing; {NEEDED}", column=self._schema.id, row=row)
        self._rows.append(chunk.rows)
        self._hashes.append(numpy.fromiter(map(hash, texts), numpy.int64, len(texts)))
        return ids

    def _amounts(self, feature: SchemaFeature, chunk: Chunk) -> NDArray[numpy.float64]:
        values = (
            self._numbers(feature, chunk) if feature.date is None else self._days(feature.name, feature.date, chunk)
        )
        self.missing[feature.name] += int(numpy.isnan(values).sum())
        return values

    def _days(self, name: str, rule: DateRule, chunk: Chunk) -> NDArray[numpy.float64]:
        wanted = filter(None, (name, rule.snapshot_column))
        cells = {each: clean(chunk.arrays[self._places[each]].to_pylist(), self._missing) for each in wanted}
        snapshots = snapshots_of(rule, cells, chunk.rows, self._file)
        return numpy.array(date_numbers(cells[name], snapshots, chunk.rows, self._file, name, rule), dtype=float)

    def _numbers(self, feature: SchemaFeature, chunk: Chunk) -> NDArray[numpy.float64]:
        array = chunk.arrays[self._places[feature.name]]
        written = self._written[feature.name]
        values, unknown = _plain_numbers(array) if written.takes_plain else None, self._schema.spelling.unknown
        if values is not None and unknown:
            values = numpy.where(numpy.isin(values, list(unknown)), math.nan, values)
        if values is None or not _within(values, feature):
            cells = clean(array.to_pylist(), self._missing)
            bounds = (feature.minimum, feature.maximum)
            values = numbers(cells, chunk.rows, self._file, feature.name, *bounds, written=written, unknown=unknown)
        return values

    def _categories(self, name: str, levels: Levels, chunk: Chunk) -> CategoryColumn:
        encoded = chunk.arrays[self._places[name]].dictionary_encode()
        texts: list[Cell] = [*encoded.dictionary.to_pylist(), None]
        places = encoded.indices.fill_null(len(texts) - 1) if encoded.null_count else encoded.indices
        codes = places.to_numpy(zero_copy_only=False)
        meanings = [self._meaning(text, name, levels, chunk) for text in texts]
        counts = numpy.bincount(codes, minlength=len(texts)).tolist()
        for place, (text, (level, known), count) in enumerate(zip(texts, meanings, counts, strict=True)):
            if count and level is None:
                self.missing[name] += count
            elif count and not known:
                self.unseen[name] += count
                if name not in self._examples:
                    self._examples[name] = (text or "", chunk.rows[int((codes == place).argmax())])
        return CategoryColumn(codes, [level for level, _ in meanings])

    def _meaning(self, text: Cell, name: str, levels: Levels, chunk: Chunk) -> tuple[str | None, bool]:
        remembered = self._found[name]
        meaning = remembered.get(text)
        if meaning is None:
            problem = _text_fault(text or "")
            if problem:
                row = chunk.rows[chunk.arrays[self._places[name]].to_pylist().index(text)]
                raise DataError(self._file, problem, column=name, row=row)
            meaning = levels.find(text)
            if len(remembered) < _REMEMBERED:
                remembered[text] = meaning
        return meaning


def _text_fault(text: str) -> str:
    if len(text.strip()) > MAXIMUM_TEXT:
        return f"is longer than {MAXIMUM_TEXT} characters, which no level may be"
    return "holds a zero byte (NUL), which no text has" if "\0" in text else ""


def _plain_numbers(array: pyarrow.Array) -> NDArray[numpy.float64] | None:
    """Texts that Arrow reads as numbers, NaN for blank ones; None if it does not read all."""
    trimmed = pyarrow.compute.utf8_trim_whitespace(array)
    known = pyarrow.compute.if_else(pyarrow.compute.equal(trimmed, ""), pyarrow.scalar(None, pyarrow.string()), trimmed)
    try:
        values: Any = pyarrow.compute.cast(known, pyarrow.float64())
    except pyarrow.ArrowInvalid:
        return None
    read: NDArray[numpy.float64] = values.to_numpy(zero_copy_only=False)
    return read


def _within(values: NDArray[numpy.float64], feature: SchemaFeature) -> bool:
    """Whether all known numbers are finite and within the feature's bounds; what is not is named by a slower reader."""
    if not len(values) or numpy.isnan(values).all():
        return True
    least, most = float(numpy.nanmin(values)), float(numpy.nanmax(values))
    low = -LARGEST if feature.minimum is None else feature.minimum
    high = LARGEST if feature.maximum is None else feature.maximum
    return bool(low <= least and most <= high and max(-least, most) <= LARGEST)


def texts_of(levels: Sequence[str], codes: NDArray[Any]) -> pyarrow.DictionaryArray:
    """The texts at places in `levels`, each different one held once."""
    return pyarrow.DictionaryArray.from_arrays(
        pyarrow.array(codes, pyarrow.int32()), pyarrow.array(levels, pyarrow.string())
    )

"""Opens a file of customers and reads it as text, chunk by chunk; refuses what is not a table.

Every cell arrives as text or None, so that one set of rules (cells.py) decides what it means. It must not know use
cases.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from churn_data.cells import Cell
from churn_data.csv_head import CsvHead, read_head
from churn_data.dialects import FORM, Decimal, FileForm
from churn_data.errors import DataError
from churn_data.files import require_file
from churn_data.notices import Notices, unheard
from churn_data.readable_files import Readable, readable
from churn_data.transposed import MOST_FIELDS, require_upright

if TYPE_CHECKING:
    import pyarrow

CHUNK_ROWS = 20_000


class _Rows(Protocol):
    def rows(self, start: int, count: int) -> Sequence[int]: ...


class Chunk:
    """Some rows of a table, by column; `start` is the number of the first among the file's customers, from 0."""

    def __init__(self, arrays: "Sequence[pyarrow.Array]", start: int, source: _Rows) -> None:
        self.arrays = arrays
        self.start = start
        self._source = source

    def __len__(self) -> int:
        return len(self.arrays[0])

    @cached_property
    def columns(self) -> list[Sequence[Cell]]:
        """The texts of every column, None where Parquet has no value."""
        return [array.to_pylist() for array in self.arrays]

    @property
    def rows(self) -> Sequence[int]:
        """The numbers that a spreadsheet shows (header = row 1)."""
        return self._source.rows(self.start, len(self))


@dataclass(frozen=True)
class Table:
    """An opened table: its header, and its rows as a stream that can be read once. `row_count` is None for CSV;
    `decimal` is the decimal sign where a column alone does not tell."""

    file: str
    header: tuple[str, ...]
    chunks: Iterator[Chunk]
    row_count: int | None
    decimal: Decimal = "."


@contextmanager
def open_table(
    path: Path, chunk_rows: int = CHUNK_ROWS, *, notices: Notices | None = None, row_group: int | None = None
) -> Iterator[Table]:
    """Open a table for the block: what kind of file it is the content says; text is delimited in the form that
    `reading_as` says, or that is recognised.

    Args:
        path: of the file.
        chunk_rows: how many rows a chunk has at most.
        notices: told what was recognised, and what is left out.
        row_group: of a Parquet file the one to read; None: all.

    Raises:
        DataError: no such file, or not a table; later, from `chunks`, a row that is broken.
    """
    require_file(path)
    heard = notices if notices is not None else Notices(str(path))
    with readable(path, heard) as found:
        try:
            opened = _parquet(found.path, heard, chunk_rows, row_group) if found.kind == "parquet" else None
            with opened or _text(found, heard, chunk_rows) as table:
                yield table
        except DataError as error:
            raise error.of(heard.file) if error.file == str(found.path) else error from None


@contextmanager
def _parquet(path: Path, heard: Notices, chunk_rows: int, row_group: int | None) -> Iterator[Table]:
    from churn_data.parquet_tables import ParquetRows
    from churn_data.row_sieve import Sieve

    parquet = ParquetRows(path, chunk_rows, row_group, heard)
    try:
        header = _checked_header(heard.file, parquet.names)
        if parquet.begins and parquet.count <= MOST_FIELDS:
            _require_upright(header, parquet.batches(header, whole=True), heard.file)
        sieve = Sieve(parquet, header, ".", heard, lambda: parquet.batches(header, whole=True), parquet.before)
        left = sieve.batches(parquet.batches(header), first=parquet.begins, last=parquet.ends)
        yield Table(heard.file, header, _chunks(left, sieve, chunk_rows), parquet.count)
    finally:
        parquet.close()


def _require_upright(header: tuple[str, ...], batches: "Iterator[list[pyarrow.Array]]", file: str) -> None:
    """Refuse a table on its side. Where pandas turned it, the names that were its columns come last."""
    try:
        rows = [
            [text or "" for text in row]
            for batch in batches
            for row in zip(*(each.to_pylist() for each in batch), strict=True)
        ]
    except DataError:
        return  # whoever reads the rows will be told
    first = -1 if header[-1].startswith("__index_level_") else 0
    order = [first % len(header), *(place for place in range(len(header)) if place != first % len(header))]
    require_upright(
        [header[place] for place in order], [[row[place] for place in order] for row in rows], file, parquet=True
    )


@contextmanager
def _text(found: Readable, heard: Notices, chunk_rows: int) -> Iterator[Table]:
    from churn_data.csv_tables import CsvRows
    from churn_data.row_sieve import Sieve

    form = FORM.get()
    head = read_head(found.path, FileForm(",", form.decimal, "utf-8") if found.written_here else form, heard)
    rows = CsvRows(found.path, head, heard)
    sieve = Sieve(rows, head.header, head.decimal, heard, lambda: _all_rows(found.path, head))
    try:
        chunks = _chunks(sieve.batches(rows.batches()), sieve, chunk_rows)
        yield Table(heard.file, head.header, chunks, None, head.decimal)
    finally:
        rows.close()


def _all_rows(path: Path, head: CsvHead) -> "Iterator[list[pyarrow.Array]]":
    from churn_data.csv_tables import CsvRows

    rows = CsvRows(path, head, Notices(str(path), unheard))
    try:
        yield from rows.batches()
    finally:
        rows.close()


def _chunks(batches: "Iterator[list[pyarrow.Array]]", source: _Rows, chunk_rows: int) -> Iterator[Chunk]:
    start = 0
    for arrays in batches:
        count = len(arrays[0])
        for offset in range(0, count, chunk_rows):
            yield Chunk([array.slice(offset, chunk_rows) for array in arrays], start + offset, source)
        start += count


def _checked_header(file: str, names: Iterable[str]) -> tuple[str, ...]:
    header = tuple(name.strip() for name in names)
    if not header:
        raise DataError(file, "is empty, a header was expected in row 1")
    for position, name in enumerate(header):
        if not name:
            raise DataError(file, f"field {position + 1} of the header has no name", row=1)
        if name in header[:position]:
            first = header.index(name) + 1
            raise DataError(
                file, f"name occurs twice in the header (fields {first} and {position + 1})", column=name, row=1
            )
    return header

"""Reads a CSV or Parquet file as text, chunk by chunk, and refuses what is not a table.

Every cell arrives as text or None, so that one set of rules (cells.py) decides what it means. It must not know use
cases.
"""

import csv
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from churn_data.cells import Cell
from churn_data.errors import DataError, glimpse

if TYPE_CHECKING:
    import pyarrow
    import pyarrow.parquet

CHUNK_ROWS = 20_000
WRONG_DELIMITERS = {";": "semicolon", "\t": "tab", "|": "bar"}


@dataclass(frozen=True)
class Chunk:
    """Some rows of a table, by column; `rows` are the numbers that a spreadsheet shows (header = row 1)."""

    columns: list[Sequence[Cell]]
    rows: list[int]


@dataclass(frozen=True)
class Table:
    """An opened table: its header, and its rows as a stream that can be read once. `row_count` is None for CSV."""

    file: str
    header: tuple[str, ...]
    chunks: Iterator[Chunk]
    row_count: int | None


def file_sha256(path: Path) -> str:
    """Hex SHA-256 of the file's bytes: the data hash.

    Raises:
        DataError: the file is not there or cannot be read.
    """
    _require_file(path)
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def open_table(path: Path, chunk_rows: int = CHUNK_ROWS) -> Iterator[Table]:
    """Open a table for the block, Parquet when the name ends with `.parquet` or `.pq`, else CSV.

    Raises:
        DataError: no such file, or not a table; later, from `chunks`, a row that is broken.
    """
    _require_file(path)
    if is_parquet(path):
        with _parquet_file(path) as parquet:
            header = _checked_header(str(path), parquet.schema_arrow.names)
            chunks = _parquet_chunks(parquet, header, str(path), chunk_rows)
            yield Table(str(path), header, chunks, parquet.metadata.num_rows)
    else:
        # Broken bytes become lone surrogates, which lets a check name row and column instead of a byte offset.
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
            records = _csv_records(stream, str(path))
            header = _checked_header(str(path), next(records, (0, []))[1])
            yield Table(str(path), header, _csv_chunks(records, header, str(path), chunk_rows), None)


def is_parquet(path: Path) -> bool:
    """Whether the name says Parquet."""
    return path.suffix.lower() in (".parquet", ".pq")


def _require_file(path: Path) -> None:
    if not path.exists():
        raise DataError(str(path), "no such file")
    if not path.is_file():
        raise DataError(str(path), "is not a file")


def _csv_records(stream: TextIO, file: str) -> Iterator[tuple[int, list[str]]]:
    """Records with their row number; a blank line counts as a row and is skipped, as a spreadsheet does."""
    row = 0
    lines = _Lines(stream)
    reader = csv.reader(lines, strict=True)
    while True:
        row += 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise DataError(file, f"is not valid CSV ({error})", row=row) from None
        if lines.broken:
            _refuse_broken_text(file, record, row)
        if record:
            yield row, record


class _Lines:
    """Lines of a stream; remembers whether one since the last look held broken UTF-8."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.broken = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = next(self._stream)
        if not line.isascii() and _is_broken(line):
            self.broken = True
        return line


def _is_broken(text: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in text)


def _refuse_broken_text(file: str, record: list[str], row: int) -> None:
    position = next((index for index, cell in enumerate(record) if _is_broken(cell)), 0)
    raise DataError(file, f"field {position + 1} is not valid UTF-8", row=row)


def _csv_chunks(
    records: Iterator[tuple[int, list[str]]], header: Sequence[str], file: str, chunk_rows: int
) -> Iterator[Chunk]:
    while block := list(islice(records, chunk_rows)):
        for row, record in block:
            if len(record) != len(header):
                problem = f"{_count(len(record), 'field')} where the header has {len(header)}"
                raise DataError(file, problem, row=row)
        columns: list[Sequence[Cell]] = list(zip(*(record for _, record in block), strict=True))
        yield Chunk(columns, [row for row, _ in block])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _checked_header(file: str, names: Iterable[str]) -> tuple[str, ...]:
    header = tuple(name.strip() for name in names)
    if not header:
        raise DataError(file, "is empty, a header was expected in row 1")
    if len(header) == 1:
        for delimiter, word in WRONG_DELIMITERS.items():
            if delimiter in header[0]:
                raise DataError(file, f"fields seem to be separated by {word}s, commas were expected", row=1)
    for position, name in enumerate(header):
        if not name:
            raise DataError(file, f"field {position + 1} of the header has no name", row=1)
        if name in header[:position]:
            first = header.index(name) + 1
            raise DataError(
                file, f"name occurs twice in the header (fields {first} and {position + 1})", column=name, row=1
            )
    return header


def _parquet_file(path: Path) -> "pyarrow.parquet.ParquetFile":
    import pyarrow
    import pyarrow.parquet

    try:
        return pyarrow.parquet.ParquetFile(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(str(path), f"is not a Parquet file ({_first_line(error)})") from None


def _parquet_chunks(
    parquet: "pyarrow.parquet.ParquetFile", header: Sequence[str], file: str, chunk_rows: int
) -> Iterator[Chunk]:
    import pyarrow

    row = 2
    try:
        for batch in parquet.iter_batches(batch_size=chunk_rows):
            columns: list[Sequence[Cell]] = [
                _as_text(column, file, name) for name, column in zip(header, batch.columns, strict=True)
            ]
            if batch.num_rows:
                yield Chunk(columns, list(range(row, row + batch.num_rows)))
            row += batch.num_rows
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(file, f"is a broken Parquet file ({_first_line(error)})", row=row) from None


def _as_text(column: "pyarrow.Array", file: str, name: str) -> list[Cell]:
    import pyarrow

    try:
        if pyarrow.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        return column.cast(pyarrow.string()).to_pylist()  # type: ignore[no-any-return]
    except pyarrow.ArrowException:
        problem = f"holds {glimpse(str(column.type))}, text, numbers or dates were expected"
        raise DataError(file, problem, column=name) from None


def _first_line(error: BaseException) -> str:
    return glimpse(str(error).split("\n")[0])

"""Writes tables as CSV, Parquet or XLSX, by the path's ending; a file appears whole or not at all.

It must not know what is in the columns, nor how it came about.
"""

import csv
import os
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TextIO

from churn_data.errors import DataError
from churn_data.formulas import FormulaCount
from churn_data.readable_files import is_parquet
from churn_data.spreadsheets import is_spreadsheet, spreadsheet_rows

Kind = Literal["text", "number", "whole number"]
Columns = Sequence[tuple[str, Kind]]
Write = Callable[[Sequence[Sequence[Any]]], None]
"""Appends rows, given as columns in the order of the header."""
ENDINGS = ("", ".csv", ".parquet", ".pq", ".xlsx")
"""Of the tables that are written here."""


def require_ending(path: Path, written: Sequence[str] = ENDINGS) -> None:
    """Return if a file's ending is one that is written, or it has none (CSV).

    Raises:
        DataError: it promises something else.
    """
    if path.suffix.lower() not in written:
        *others, last = filter(None, written)
        raise DataError(str(path), f"{path.suffix} is not written; {', '.join(others)} and {last} are")


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Another path to write to in the block, which takes the place of `path` when the block has succeeded. If it fails
    nothing is left behind, and a file that was there before is untouched.

    Raises:
        DataError: the folder is not there or cannot be written to.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        reason = f" ({error.strerror or error})"
        if not path.parent.exists():
            folder = shlex.quote(str(path.parent))
            reason = f": there is no folder {folder} (mkdir -p {folder} makes it)"
        raise DataError(str(path), f"cannot be written{reason}") from None
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def csv_rows(path: Path, header: Iterable[str]) -> Iterator[Write]:
    """What appends to a new CSV file in the block."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(_Lines(stream))
        writer.writerow(header)
        yield lambda columns: writer.writerows(zip(*columns, strict=True))


class _Lines:
    """Ends lines with a line feed alone. Python's writer ends them with the two characters, for it quotes what is in a
    line's end and no other: a lone carriage return in a text would be a new row to every reader."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, line: str) -> None:
        """Append what the writer makes of one row."""
        self._stream.write(f"{line[:-2]}\n")


@contextmanager
def table_file(path: Path, columns: Columns) -> Iterator[Write]:
    """What appends to a new table with these columns, chunk by chunk, in the block.

    Raises:
        DataError: the folder is not there or cannot be written to.
    """
    require_ending(path)
    names = [name for name, _ in columns]
    with whole_file(path) as temporary:
        rows = _parquet_rows(temporary, columns) if is_parquet(path) else _text_rows(path, temporary, names)
        with rows as write:
            yield write


def write_table(path: Path, columns: Mapping[str, Sequence[Any]]) -> None:
    """Write a table that is there as a whole; in Parquet the values decide a column's type.

    Raises:
        DataError: the folder is not there or cannot be written to.
    """
    require_ending(path)
    with whole_file(path) as temporary:
        if is_parquet(path):
            import pyarrow
            import pyarrow.parquet

            pyarrow.parquet.write_table(pyarrow.table(columns), str(temporary))
            return
        with _text_rows(path, temporary, list(columns)) as write:
            write(list(columns.values()))


@contextmanager
def _text_rows(path: Path, temporary: Path, header: Sequence[str]) -> Iterator[Write]:
    if is_spreadsheet(path):
        with spreadsheet_rows(temporary, header) as write:
            yield write
        return
    formulas = FormulaCount()
    with csv_rows(temporary, header) as write:

        def counted(columns: Sequence[Sequence[Any]]) -> None:
            for column in columns:
                formulas.add(column)
            write(columns)

        yield counted
    formulas.tell(path)


@contextmanager
def _parquet_rows(path: Path, columns: Columns) -> Iterator[Write]:
    import pyarrow
    import pyarrow.parquet

    types = {"text": pyarrow.string(), "number": pyarrow.float64(), "whole number": pyarrow.int64()}
    schema = pyarrow.schema([(name, types[kind]) for name, kind in columns])
    with pyarrow.parquet.ParquetWriter(str(path), schema) as writer:
        yield lambda values: writer.write_table(
            pyarrow.table(dict(zip(schema.names, values, strict=True)), schema=schema)
        )

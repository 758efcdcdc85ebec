"""Reads a text file record by record, slowly: to number rows as a spreadsheet does, and to name what is wrong.

Arrow reads tables quickly and says little of rows; whenever a row must be named, the file is read again by this module.
"""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn, TextIO

from churn_data.csv_quoting import USUAL, Quoting
from churn_data.dialects import Encoding
from churn_data.errors import DataError
from churn_data.file_ends import bytes_of


def numbered_records(
    path: Path, encoding: Encoding, delimiter: str, quoting: Quoting = USUAL, file: str = ""
) -> Iterator[tuple[int, list[str]]]:
    """Records with their row numbers (header = row 1); a blank line counts as a row and is skipped, as a spreadsheet
    does.

    Raises:
        DataError: a record that is not CSV, or not text of the encoding, by its row.
    """
    # Broken bytes become lone surrogates, which lets a check name row and column instead of a byte offset.
    errors = "surrogateescape" if encoding.codec == "utf-8" else "replace"
    with (
        bytes_of(path, encoding) as raw,
        io.TextIOWrapper(raw, encoding=encoding.codec, errors=errors, newline="") as text,
    ):
        yield from _records(_Lines(text), file or str(path), delimiter, quoting, encoding)


def _records(
    lines: "_Lines", file: str, delimiter: str, quoting: Quoting, encoding: Encoding
) -> Iterator[tuple[int, list[str]]]:
    row = 0
    reader = quoting.records(lines, delimiter, strict=True)
    while True:
        row += 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise DataError(file, _said(error), row=row) from None
        if lines.broken:
            _refuse_broken_text(file, record, row, encoding)
        if record:
            yield row, record


def _said(error: csv.Error) -> str:
    if "unexpected end of data" in str(error):
        return "a quote that opens in this row is never closed; close it, or double it where it belongs to the text"
    return f"is not valid CSV ({error})"


class _Lines:
    """Lines of a stream; remembers whether one since the last look held broken UTF-8."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.broken = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = next(self._stream)
        if not line.isascii() and is_broken(line):
            self.broken = True
        return line


def is_broken(text: str) -> bool:
    """Whether bytes that are not UTF-8 were read into the text."""
    return any("\udc80" <= character <= "\udcff" for character in text)


def _refuse_broken_text(file: str, record: list[str], row: int, encoding: Encoding) -> NoReturn:
    position = next((index for index, cell in enumerate(record) if is_broken(cell)), 0)
    problem = f"field {position + 1} is not valid {encoding.words}; name another encoding by --encoding"
    raise DataError(file, problem, row=row)

"""Spreadsheets (XLSX): real ones out, and back in as text, for people who work with nothing else.

openpyxl is known to this module alone. It must not know what is in the columns.
"""

import csv
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import ZipFile

from churn_data.errors import DataError, glimpse

ROWS = 1_048_576
"""What a sheet holds, its header included."""
MAXIMUM_UNPACKED = 1 << 30
MAXIMUM_WHOLE = {"sharedStrings.xml": 256 << 20, "styles.xml": 64 << 20, "workbook.xml": 64 << 20, ".rels": 64 << 20}
"""Bytes of what is read as a whole, unlike the rows of a sheet, by the ending of its name: texts, formats, the rest."""
MAXIMUM_CELLS = 100_000_000
"""A full sheet of nearly a hundred columns; one cell at the far corner would make 17 thousand million."""
TOP = 30
"""Rows of a sheet, at most, that are looked at before it is read."""
_MOST_COLUMNS = 5_000
_WIDEST = 60
_NARROWEST = 10


def is_spreadsheet(path: Path) -> bool:
    """Whether the name says XLSX."""
    return path.suffix.lower() == ".xlsx"


@contextmanager
def as_text_file(path: Path) -> Iterator[Path]:
    """The file itself, or, of a spreadsheet, its first sheet as a private CSV file for the block; errors name the
    spreadsheet.

    Raises:
        DataError: it is not a spreadsheet.
    """
    if not is_spreadsheet(path) or not path.is_file():
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="churn-") as folder:  # created with mode 0700
        copy = Path(folder) / f"{path.stem}.csv"
        with copy.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows(spreadsheet_records(path))
        try:
            yield copy
        except DataError as error:
            raise error.of(str(path)) if error.file == str(copy) else error from None


@contextmanager
def spreadsheet_rows(path: Path, header: Sequence[str]) -> Iterator[Callable[[Sequence[Sequence[Any]]], None]]:
    """What appends rows, given as columns, to a new spreadsheet in the block; its header stays in sight.

    Raises:
        DataError: there are more rows than a sheet holds.
    """
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet = book.create_sheet("customers")
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(header))}1"
    for place, name in enumerate(header, 1):
        sheet.column_dimensions[get_column_letter(place)].width = min(_WIDEST, max(_NARROWEST, len(name) + 2))

    def cell(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        # Text stays text, or "=1+1" would be computed and "0012" lose its zeros.
        written = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value))
        written.data_type = "s"
        return written

    count = 1
    sheet.append([cell(name) for name in header])

    def write(columns: Sequence[Sequence[Any]]) -> None:
        nonlocal count
        for row in zip(*columns, strict=True):
            count += 1
            if count > ROWS:
                problem = f"{ROWS - 1} customers are as many as a spreadsheet holds; CSV and Parquet hold more"
                raise DataError("spreadsheet", problem)
            sheet.append([cell(value) for value in row])

    try:
        yield write
    except BaseException:  # Ctrl-C too: the library keeps an unfinished sheet open in a temporary file.
        sheet.close()
        raise
    book.save(path)


@dataclass(frozen=True)
class Sheet:
    """One of a workbook's: how many cells it has, as far as it says so, and, where there are several, the texts of its
    first rows."""

    cells: int
    top: Sequence[Sequence[str]] = ()


def sheets_of(path: Path) -> dict[str, Sheet]:
    """The sheets by name.

    Raises:
        DataError: it is not a spreadsheet, or broken.
    """
    from openpyxl import load_workbook

    try:
        with path.open("rb") as stream:
            _require_bounded(stream, str(path))
            book = load_workbook(stream, read_only=True)
            several = len(book.worksheets) > 1
            sheets = {
                sheet.title: Sheet(
                    (sheet.max_row or 0) * (sheet.max_column or 0), list(_first_rows(sheet)) if several else ()
                )
                for sheet in book.worksheets
            }
            book.close()
    except DataError:
        raise
    except Exception as problem:  # noqa: BLE001 - what a library makes of broken bytes: of XML, numbers, references
        raise DataError(str(path), f"is not a spreadsheet (XLSX): {glimpse(str(problem))}") from None
    return sheets


def _first_rows(sheet: Any) -> Iterator[list[str]]:
    for row in sheet.iter_rows(max_row=TOP, max_col=_MOST_COLUMNS, values_only=True):
        yield [_text(value) for value in row]


def spreadsheet_records(path: Path, sheet: str | None = None) -> Iterator[list[str]]:
    """The rows of a sheet, the first unless it is named, as texts, header first; empty texts for empty cells.

    Raises:
        DataError: it is not a spreadsheet, it is broken, or it unpacks to more than any has.
    """
    from openpyxl import load_workbook

    try:
        with path.open("rb") as stream:
            _require_bounded(stream, str(path))
            book = load_workbook(stream, read_only=True, data_only=True)
            read = book.worksheets[0] if sheet is None else book[sheet]
            for row in _bounded(read.iter_rows(values_only=True), str(path)):
                yield [_text(value) for value in row]
            book.close()
    except DataError:
        raise
    except Exception as problem:  # noqa: BLE001 - what a library makes of broken bytes: of XML, numbers, references
        raise DataError(str(path), f"is not a spreadsheet (XLSX): {glimpse(str(problem))}") from None


def _bounded(rows: Iterator[Sequence[Any]], file: str) -> Iterator[Sequence[Any]]:
    cells = 0
    for row in rows:
        cells += len(row) or 1
        if cells > MAXIMUM_CELLS:
            raise DataError(file, f"has more than {MAXIMUM_CELLS:,} cells; CSV and Parquet hold more")
        yield row


def _require_bounded(stream: BinaryIO, file: str) -> None:
    """A few kilobytes may unpack to gigabytes. What a part says of its size binds: no more of it is ever unpacked."""
    with ZipFile(stream) as archive:
        parts = archive.infolist()
    if sum(part.file_size for part in parts) > MAXIMUM_UNPACKED:
        raise DataError(file, f"unpacks to more than {MAXIMUM_UNPACKED >> 30} GiB; CSV and Parquet hold more")
    for ending, limit in MAXIMUM_WHOLE.items():
        if any(part.file_size > limit for part in parts if part.filename.endswith(ending)):
            raise DataError(file, f"its {ending} unpacks to more than {limit >> 20} MiB; CSV and Parquet hold more")
    stream.seek(0)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        # A spreadsheet knows no day without a time.
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)

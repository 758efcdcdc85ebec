"""Files that are no plain table as private files that are: unpacked, a sheet as text, JSON as text, Arrow as Parquet.

Which way is taken the content says, not the name. It must not know columns.
"""

import csv
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from churn_data.dialects import FORM
from churn_data.errors import DataError, glimpse
from churn_data.file_kinds import Kind, kind_of
from churn_data.notices import Notices
from churn_data.unpacking import room_of, unpack, unzip

_TABLES = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".pq", ".xlsx")
_DEEPEST = 3
"""How often a file may be packed."""


@dataclass(frozen=True)
class Readable:
    """A file that is read as what `kind` says; `written_here` if it is CSV in UTF-8 that was made here."""

    path: Path
    kind: Literal["text", "parquet"]
    written_here: bool


def is_parquet(path: Path) -> bool:
    """Whether the name says Parquet."""
    return path.suffix.lower() in (".parquet", ".pq")


@contextmanager
def readable(path: Path, notices: Notices) -> Iterator[Readable]:
    """The file itself, or a private one made of it for the block.

    Raises:
        DataError: it is no table, broken, or an archive of several.
    """
    with ExitStack() as stack:
        file, kind = path, kind_of(path)
        written_here, room = False, room_of(path)
        for _ in range(_DEEPEST):
            if kind in ("text", "parquet"):
                break
            # Created with mode 0700: nobody else reads customers.
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="churn-")))
            file, written_here = _converted(file, kind, folder, room, notices), kind in ("json", "spreadsheet")
            try:
                kind = kind_of(file)
            except DataError as error:
                raise error.of(str(path)) from None
        if kind not in ("text", "parquet"):
            raise DataError(str(path), "is packed several times: unpack it first")
        if kind == "text" and file == path and is_parquet(path):
            raise DataError(
                str(path), "is not a Parquet file, whatever its name says: text has to be called .csv or .txt"
            )
        if kind == "parquet" and file == path and not is_parquet(path):
            notices.tell("format", "read as Parquet, whatever its name says")
        yield Readable(file, "parquet" if kind == "parquet" else "text", written_here)


def _converted(path: Path, kind: Kind, folder: Path, room: int, notices: Notices) -> Path:
    try:
        if kind == "spreadsheet":
            return _as_text(_sheet(path, notices), folder)
        if kind == "json":
            from churn_data.json_records import json_table

            return _as_text(json_table(path, notices), folder)
        if kind == "arrow":
            return _as_parquet(path, folder, notices)
        return _unpacked(path, kind, folder, room, notices)
    except DataError as error:
        raise error.of(notices.file) from None


def _unpacked(path: Path, kind: Kind, folder: Path, room: int, notices: Notices) -> Path:
    target = folder / "table"
    if kind == "zip":
        name = unzip(path, _is_table, target, room)
        notices.tell("format", f"a ZIP archive, of which {glimpse(name)} is read")
    else:
        notices.tell("format", f"unpacked ({kind})")
        unpack(path, kind, target, room)
    return target


def _is_table(name: str) -> bool:
    return Path(name).suffix.lower() in _TABLES and not name.startswith(("__MACOSX/", "."))


def _sheet(path: Path, notices: Notices) -> Iterator[list[str]]:
    from churn_data.sheets import choose_sheet
    from churn_data.spreadsheets import sheets_of, spreadsheet_records

    return spreadsheet_records(path, choose_sheet(sheets_of(path), FORM.get().sheet, path, notices))


def _as_text(records: Iterable[Sequence[str]], folder: Path) -> Path:
    target = folder / "table"
    with target.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(records)
    return target


def _as_parquet(path: Path, folder: Path, notices: Notices) -> Path:
    import pyarrow
    import pyarrow.parquet

    target = folder / "table"
    notices.tell("format", "read as an Arrow file")
    try:
        with (
            pyarrow.OSFile(str(path)) as stream,
            pyarrow.ipc.open_file(stream) as reader,
            pyarrow.parquet.ParquetWriter(str(target), reader.schema) as writer,
        ):
            for place in range(reader.num_record_batches):
                writer.write_batch(reader.get_batch(place))
    except (pyarrow.ArrowException, OSError) as error:
        problem = f"is a broken Arrow file ({glimpse(str(error).split(chr(10))[0])})"
        raise DataError(str(path), problem) from None
    return target

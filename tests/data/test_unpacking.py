"""Packed files that would fill a disk or a memory are refused in a line, whatever has packed them."""

import bz2
import gzip
import io
import lzma
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pyarrow
import pytest

from churn_data import spreadsheets, unpacking
from churn_data.errors import DataError
from churn_data.tables import open_table

MEBIBYTE = 1 << 20
TEXT = "id,left\n" + "\n".join(f"c{row},{row % 2}" for row in range(50)) + "\n"
FULL = TEXT.encode() + b"c99,1\n" * (MEBIBYTE // 2)


def zipped(content: bytes, name: str = "customers.csv") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(name, content)
    return stream.getvalue()


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstandard": lambda content: bytes(pyarrow.compress(content, "zstd", asbytes=True)),
    "ZIP": zipped,
    "gzip in gzip": lambda content: gzip.compress(gzip.compress(content)),
    "gzip in bzip2": lambda content: bz2.compress(gzip.compress(content)),
}


def read(path: Path) -> int:
    with open_table(path) as table:
        return sum(len(chunk) for chunk in table.chunks)


@pytest.mark.parametrize("kind", PACKED)
def test_what_unpacks_to_more_than_a_table_does_is_refused(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "FREE_OF_DOUBT", MEBIBYTE)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    path = tmp_path / "customers.csv.packed"
    path.write_bytes(PACKED[kind](FULL))
    assert len(FULL) > unpacking.room_of(path)
    with pytest.raises(DataError) as caught:
        read(path)
    problem = "unpacks to more than 200 times its size and 1 MiB, which no table does: unpack it first if it is one"
    assert str(caught.value) == f"{path}: {problem}"
    assert list(tmp_path.iterdir()) == [path]
    path.write_bytes(PACKED[kind](TEXT.encode()))
    assert read(path) == 50


def test_what_wants_more_memory_than_any_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "XZ_MEMORY", 16 * MEBIBYTE)
    path = tmp_path / "customers.csv.xz"
    path.write_bytes(lzma.compress(TEXT.encode(), preset=9))
    with pytest.raises(DataError, match="wants more than 16 MiB of memory to be unpacked: unpack it first"):
        read(path)


def test_several_streams_of_xz_are_one_file(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv.xz"
    half = TEXT.index("c25")
    path.write_bytes(lzma.compress(TEXT[:half].encode()) + bytes(8) + lzma.compress(TEXT[half:].encode()) + bytes(4))
    assert read(path) == 50
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match="broken or cut off"):
        read(path)


def test_no_room_is_called_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "customers.csv.gz"
    path.write_bytes(gzip.compress(TEXT.encode()))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(unpacking, "_write", full)
    with pytest.raises(
        DataError, match=r"unpacks to more than there is room for in .*: set TMPDIR, or unpack it first"
    ):
        read(path)


@pytest.mark.parametrize("part", ["sharedStrings.xml", "styles.xml"])
def test_a_spreadsheet_whose_texts_fill_the_memory_is_refused(
    part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for line in TEXT.split():
        sheet.append(line.split(","))
    path = tmp_path / "customers.xlsx"
    book.save(path)
    with zipfile.ZipFile(path, "a") as packed:
        if "xl/sharedStrings.xml" not in packed.namelist():  # as most programs write one
            packed.writestr("xl/sharedStrings.xml", "<sst/>")
    assert read(path) == 50
    monkeypatch.setitem(spreadsheets.MAXIMUM_WHOLE, part, 0)
    with pytest.raises(DataError, match=rf"its {part} unpacks to more than 0 MiB; CSV and Parquet hold more"):
        read(path)

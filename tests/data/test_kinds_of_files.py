"""Customers in any kind of file: read for what its bytes are, whatever it is called, or named with what makes a table
of it; never taken for text with delimiters."""

import bz2
import gzip
import io
import json
import lzma
import re
import sqlite3
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import openpyxl
import pandas
import pyarrow
import pyarrow.parquet
import pytest

from churn_data.errors import DataError
from churn_data.notices import Notices
from churn_data.tables import open_table
from churn_data.whole_tables import read_cells

NAMES = ["id", "tenure", "plan", "left"]
ROWS = [[f"c{row}", row / 4, ["basic", "plus", None][row % 3], row % 2 == 0] for row in range(30)]
RECORDS = [dict(zip(NAMES, row, strict=True)) for row in ROWS]
TEXT = "\n".join([",".join(NAMES), *(f"{n},{t},{p or ''},{str(left).lower()}" for (n, t, p, left) in ROWS)])
TABLE = pyarrow.Table.from_pylist(RECORDS)


def parquet(table: pyarrow.Table, **options: object) -> bytes:
    stream = io.BytesIO()
    pyarrow.parquet.write_table(table, stream, **options)
    return stream.getvalue()


def arrow(table: pyarrow.Table) -> bytes:
    stream = io.BytesIO()
    with pyarrow.ipc.new_file(stream, table.schema) as writer:
        writer.write_table(table)
    return stream.getvalue()


def archive(**files: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        for name, text in files.items():
            packed.writestr(name.replace("_", "."), text)
    return stream.getvalue()


def workbook(*, cover: bool = False) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    if cover:
        sheet.append(["Customers of 2026"])
        sheet = book.create_sheet("data")
    for row in [NAMES, *ROWS]:
        sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def lines(records: Sequence[Mapping[str, object]]) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


READ: dict[str, tuple[str, bytes, list[str]]] = {
    "JSON lines": ("c.jsonl", lines(RECORDS), ["read as JSON"]),
    "JSON lines called CSV": ("c.csv", lines(RECORDS), ["read as JSON"]),
    "JSON array": ("c.json", json.dumps(RECORDS, indent=1).encode(), ["read as JSON"]),
    "JSON in an answer": (
        "c.json",
        json.dumps({"page": 1, "total": 30, "data": RECORDS}).encode(),
        ['read as one JSON document: customers are the objects in "data"'],
    ),
    "JSON under one name": (
        "c.json",
        json.dumps({"policies": RECORDS}, indent=2).encode(),
        ['read as one JSON document: customers are the objects in "policies"'],
    ),
    "JSON of a frame": (
        "c.json",
        json.dumps({name: {str(row): each[name] for row, each in enumerate(RECORDS)} for name in NAMES}).encode(),
        ["read as one JSON document: customers are values by column and row"],
    ),
    "JSON of a frame, split": (
        "c.json",
        json.dumps({"columns": NAMES, "data": [[each[name] for name in NAMES] for each in RECORDS]}).encode(),
        ['read as one JSON document: customers are the lists in "data"'],
    ),
    "gzip": ("c.csv.gz", gzip.compress(TEXT.encode()), ["unpacked (gzip)"]),
    "gzip called CSV": ("c.csv", gzip.compress(TEXT.encode()), ["unpacked (gzip)"]),
    "bzip2": ("c.csv.bz2", bz2.compress(TEXT.encode()), ["unpacked (bzip2)"]),
    "xz": ("c.csv.xz", lzma.compress(TEXT.encode()), ["unpacked (xz)"]),
    "zstandard": ("c.csv.zst", pyarrow.compress(TEXT.encode(), "zstd", asbytes=True), ["unpacked (zstandard)"]),
    "ZIP": ("c.zip", archive(customers_csv=TEXT, README="x"), ["a ZIP archive, of which customers.csv is read"]),
    "JSON in gzip": ("c.json.gz", gzip.compress(lines(RECORDS)), ["unpacked (gzip)", "read as JSON"]),
    "Parquet called CSV": ("c.csv", parquet(TABLE), ["read as Parquet, whatever its name says"]),
    "Arrow": ("c.arrow", arrow(TABLE), ["read as an Arrow file"]),
    "spreadsheet": ("c.xlsx", workbook(), ['a spreadsheet, of which "Sheet" is read']),
    "spreadsheet called CSV": ("c.csv", workbook(), ['a spreadsheet, of which "Sheet" is read']),
    "spreadsheet with a cover": (
        "c.xlsx",
        workbook(cover=True),
        ['a spreadsheet, of which "data" is read, the largest of 2 sheets; --sheet names another: "Sheet"'],
    ),
}


def read(path: Path) -> tuple[dict[str, list[str | None]], list[int], list[str]]:
    said: list[str] = []
    cells = read_cells(path, [], Notices(str(path), said.append), as_written=["id"])
    columns = {name: list(column) for name, column in cells.columns.items()}
    return columns, list(cells.rows), [line.removeprefix(f"{path}: ") for line in said]


@pytest.mark.parametrize("name", READ)
def test_every_kind_is_read_as_the_same_customers(name: str, tmp_path: Path) -> None:
    called, content, expected = READ[name]
    path = tmp_path / called
    path.write_bytes(content)
    columns, rows, said = read(path)
    plain = tmp_path / "plain.csv"
    plain.write_text(TEXT)
    assert (list(columns), rows) == (NAMES, list(range(2, 32)))
    known = read(plain)[0]
    assert [columns["id"], columns["plan"]] == [known["id"], known["plan"]]
    assert [float(cell or "nan") for cell in columns["tenure"]] == [float(cell or "nan") for cell in known["tenure"]]
    assert [str(cell).lower() for cell in columns["left"]] == known["left"]
    assert said == expected
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted({called, "plain.csv"})


def sqlite(folder: Path) -> bytes:
    connection = sqlite3.connect(folder / "database")
    connection.execute("CREATE TABLE customers (id TEXT)")
    connection.commit()
    connection.close()
    content = (folder / "database").read_bytes()
    (folder / "database").unlink()
    return content


def stata() -> bytes:
    stream = io.BytesIO()
    pandas.DataFrame({"id": ["c1", "c2"], "left": [0, 1]}).to_stata(stream, write_index=False, version=114)
    return stream.getvalue()


REFUSED: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "HTML": (lambda _: b"<html><body><table><tr><td>id</td></tr></table>", "is an HTML page, as some systems call an"),
    "HTML without a head": (lambda _: b"\n<TABLE border=1><TR>", "is an HTML page"),
    "XML": (lambda _: b'<?xml version="1.0"?>\n<customers/>', "is XML: export the table as CSV, e.g. python -c"),
    "SQL dump": (
        lambda _: (
            b"-- MySQL dump\n\nDROP TABLE IF EXISTS `c`;\nCREATE TABLE `c` (id int);\nINSERT INTO `c` VALUES (1);\n"
        ),
        "is an SQL dump: load it into its database and export the table, e.g. psql",
    ),
    "pg_dump": (
        lambda _: b"--\n-- PostgreSQL\n--\nSET x = 0;\nCOPY public.c (id, left) FROM stdin;\n",
        "is an SQL dump",
    ),
    "old Excel": (
        lambda _: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500),
        "is a workbook of Excel's old form (.xls)",
    ),
    "SQLite": (sqlite, "is a SQLite database: export the table, e.g. sqlite3 -header -csv customers.csv"),
    "Stata": (
        lambda _: stata(),
        "is a Stata file: write the table as CSV there, or by pandas.read_stata('customers.csv').to_csv(",
    ),
    "R": (lambda _: gzip.compress(b"RDX3\nX\n\0\0\0\x03"), "is an R file: write the frame in R by write.csv(customers"),
    "SPSS": (lambda _: b"$FL2@(#) SPSS DATA FILE", "is an SPSS file: write the table as CSV there, or by"),
    "SAS": (lambda _: bytes(12) + b"\xc2\xea\x81\x60\xb3\x14" + bytes(99), "is a SAS file: write the table as CSV"),
    "ARFF": (
        lambda _: b"% a comment\n@RELATION churn\n@attribute id numeric\n@data\n1\n",
        "is an ARFF file: open it in Weka and save it as CSV",
    ),
    "PDF": (lambda _: b"%PDF-1.7\n", "is a PDF: export the table as CSV or Parquet"),
    "encrypted Parquet": (lambda _: b"PARE" + bytes(99) + b"PARE", "is encrypted Parquet: write it without encryption"),
    "Parquet cut in half": (
        lambda _: parquet(TABLE)[:400],
        "begins as Parquet and has no end, it was cut off: copy it once more",
    ),
    "gzip cut in half": (
        lambda _: gzip.compress(TEXT.encode())[:99],
        "is compressed by gzip and broken or cut off",
    ),
    "ZIP cut in half": (lambda _: archive(a_csv=TEXT)[:99], "is a ZIP archive or .xlsx that is broken or cut off"),
    "ZIP of two": (lambda _: archive(a_csv="x", b_csv="y"), "is a ZIP archive that holds 2 tables (a.csv, b.csv), one"),
    "ZIP of none": (lambda _: archive(a_png="x"), "is a ZIP archive that holds no table, one was expected"),
    "fixed width": (
        lambda _: b"id     tenure  left\nc1          3   yes\nc2         12    no\n",
        "columns of fixed width, padded with blanks: make it CSV, e.g. python -c",
    ),
    "blanks between fields": (
        lambda _: b"id tenure left\nc1 3 yes\nc2 12 no\n",
        'its fields are separated by blanks: say so by --delimiter " "',
    ),
    "JSON that breaks off": (lambda _: lines(RECORDS)[:-9], "line 30 is not valid JSON"),
    "JSON in one object": (
        lambda _: json.dumps({"customers": RECORDS, "users": RECORDS}, indent=1).encode(),
        "begins an object over several lines: an array of customers or one a line was expected, e.g. jq -c",
    ),
    "OpenDocument": (
        lambda _: archive(mimetype="application/vnd.oasis.opendocument.spreadsheet", content_xml="<a/>"),
        "is an OpenDocument sheet: save it as CSV or .xlsx, e.g. soffice --headless --convert-to csv",
    ),
    "binary workbook": (
        lambda _: archive(**{"xl/workbook_bin": "x"}),
        "is a binary workbook (.xlsb): save it as .xlsx, e.g. soffice --headless --convert-to csv customers.csv",
    ),
    "Apple Numbers": (
        lambda _: archive(**{"Index/Document_iwa": "x"}),
        "is a sheet of Apple Numbers: export it as CSV",
    ),
    "ORC": (lambda _: b"ORC" + bytes(50) + b"ORC\x1a", "is an ORC file: write it as Parquet, e.g. python -c"),
    "JSON of no objects": (lambda _: b'{"id": "c1"}\n[1, 2]\n', "line 2 is no object of JSON, a customer was expected"),
    "JSON array that breaks off": (lambda _: json.dumps(RECORDS).encode()[:-9], "is not valid JSON"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_called_what_it_is(name: str, tmp_path: Path) -> None:
    make, said = REFUSED[name]
    path = tmp_path / "customers.csv"
    path.write_bytes(make(tmp_path))
    with pytest.raises(DataError) as caught:
        read(path)
    assert re.match(rf"{re.escape(str(path))}(: |, ){re.escape(said)}", str(caught.value)), caught.value
    assert "\n" not in str(caught.value)
    assert [each.name for each in tmp_path.iterdir()] == ["customers.csv"]


@pytest.mark.parametrize("name", ["PARENT", "PAR1", "ORCID", "BZh", "Rar", "BEGIN", "SET"])
def test_a_column_may_be_called_as_other_files_begin(name: str, tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text(TEXT.replace("id,", f"{name},", 1))
    assert list(read(path)[0]) == [name, *NAMES[1:]]


NESTED = [
    {"id": f"c{row}", "contract": {"fee": row, "since": {"year": 2020}}, "tags": ["a"], "left": bool(row % 2)}
    for row in range(9)
]


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_objects_become_columns_and_lists_are_left_out(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"c.{kind}"
    path.write_bytes(lines(NESTED) if kind == "jsonl" else parquet(pyarrow.Table.from_pylist(NESTED)))
    columns, _, said = read(path)
    assert list(columns) == ["id", "contract.fee", "contract.since.year", "left"]
    assert columns["contract.fee"] == list(map(str, range(9)))
    assert any("columns of their own, named object.field" in line for line in said)
    assert [line for line in said if 'column "tags": left out: ' in line]


def test_columns_of_parquet_without_single_values_are_left_out(tmp_path: Path) -> None:
    table = pyarrow.table(
        {
            "id": ["a", "b"],
            "map": pyarrow.array([[("k", 1)], []], pyarrow.map_(pyarrow.string(), pyarrow.int64())),
            "bytes": [b"\xff\x00", b"\xfe"],
            "texts": [b"basic", b"plus"],
            "nothing": pyarrow.nulls(2),
            "wait": pyarrow.array([90, 5], pyarrow.duration("s")),
        }
    )
    path = tmp_path / "c.parquet"
    path.write_bytes(parquet(table))
    columns, _, said = read(path)
    assert {name: column for name, column in columns.items() if name != "id"} == {
        "texts": ["basic", "plus"],
        "nothing": [None, None],
        "wait": ["90", "5"],
    }
    assert len(said) == 2
    for name, line in zip(["map", "bytes"], said, strict=True):
        assert f'column "{name}": left out: holds ' in line


def test_parquet_without_rows_says_so(tmp_path: Path) -> None:
    path = tmp_path / "c.parquet"
    path.write_bytes(parquet(TABLE.slice(0, 0)))
    with pytest.raises(DataError, match=r"c\.parquet: has a header but no rows$"):
        read(path)


def test_text_called_parquet_is_named(tmp_path: Path) -> None:
    path = tmp_path / "c.parquet"
    path.write_text(TEXT)
    with pytest.raises(DataError, match="is not a Parquet file, whatever its name says"):
        read(path)


def test_a_broken_row_of_an_unpacked_file_is_named_under_the_files_name(tmp_path: Path) -> None:
    path = tmp_path / "c.csv.gz"
    path.write_bytes(gzip.compress(TEXT.replace("c20,", "c20,1,").encode()))
    with pytest.raises(DataError) as caught, open_table(path) as table:
        list(table.chunks)
    assert str(caught.value) == f"{path}, row 22: 5 fields where the header has 4"

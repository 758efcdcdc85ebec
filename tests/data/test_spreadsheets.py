"""Spreadsheets are real ones, and what is written as text stays text."""

import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from churn_data import spreadsheets
from churn_data.errors import DataError
from churn_data.spreadsheets import as_text_file
from churn_data.tables import open_table
from churn_data.written_files import table_file, write_table

COLUMNS: dict[str, list[Any]] = {
    "id": ["007", "=1+1", "line\nbreak"],
    "net": [1.5, 2.0, None],
    "note": ["a\x07b", "", "2026-01-31"],
}


def test_cells_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    write_table(path, COLUMNS)
    sheet = openpyxl.load_workbook(path).active
    assert sheet is not None
    assert [[cell.value for cell in row] for row in sheet] == [
        ["id", "net", "note"], ["007", 1.5, "ab"], ["=1+1", 2, None], ["line\nbreak", None, "2026-01-31"],
    ]  # fmt: skip
    assert sheet["A3"].data_type == "s"
    assert sheet.freeze_panes == "A2"
    with as_text_file(path) as text, open_table(text) as table:
        (chunk,) = table.chunks
        assert table.header == ("id", "net", "note")
        assert [str(cell) for cell in chunk.columns[0]] == COLUMNS["id"]
        assert [str(cell) for cell in chunk.columns[1]][:2] == ["1.5", "2"]
    assert not text.exists()


def test_chunks_make_one_sheet(tmp_path: Path) -> None:
    with table_file(tmp_path / "scores.xlsx", [("id", "text"), ("p", "number")]) as write:
        write([["a"], [0.5]])
        write([["b"], [0.25]])
    sheet = openpyxl.load_workbook(tmp_path / "scores.xlsx").active
    assert sheet is not None
    assert [[cell.value for cell in row] for row in sheet] == [["id", "p"], ["a", 0.5], ["b", 0.25]]


def test_other_files_are_left_as_they_are(tmp_path: Path) -> None:
    with as_text_file(tmp_path / "plan.csv") as path:
        assert path == tmp_path / "plan.csv"


def test_what_is_no_spreadsheet_is_refused_under_its_name(tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    path.write_text("id,net\n")
    with pytest.raises(DataError, match=r"plan\.xlsx: is not a spreadsheet"), as_text_file(path):
        pass


SHEET = "xl/worksheets/sheet1.xml"
LAUGHS = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 11))
BROKEN = {
    "an element without an end": (SHEET, b"</sheetData>", b"</sheet"),
    "a number that is none": (SHEET, b"<v>1.5</v>", b"<v>zz</v>"),
    "a text that is not there": (SHEET, b"<v>1.5</v>", b"<v>1.5</v></c><c t='s'><v>99999</v>"),
    "a place that is none": (SHEET, b'r="A1"', b'r="!!"'),
    "entities that grow tenfold": (
        SHEET, b"<worksheet", f'<!DOCTYPE a [<!ENTITY e0 "xxxxxxxxxx">{LAUGHS}]><worksheet a="&e10;"'.encode(),
    ),
    "a workbook cut off": ("xl/workbook.xml", b"</workbook>", b""),
}  # fmt: skip


def _tampered(path: Path, part: str, old: bytes, new: bytes) -> None:
    sound = path.with_name("sound.xlsx")
    write_table(sound, COLUMNS)
    with zipfile.ZipFile(sound) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            assert name != part or old in content
            target.writestr(name, content.replace(old, new, 1) if name == part else content)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_spreadsheet_is_bad_input(tmp_path: Path, name: str) -> None:
    path = tmp_path / "plan.xlsx"
    _tampered(path, *BROKEN[name])
    with pytest.raises(DataError, match=r"plan\.xlsx: is not a spreadsheet"), as_text_file(path):
        pass


def test_what_unpacks_without_end_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheets, "MAXIMUM_UNPACKED", 1 << 20)
    _tampered(tmp_path / "plan.xlsx", SHEET, b"<sheetData>", b" " * (1 << 20) + b"<sheetData>")
    with pytest.raises(DataError, match=r"plan\.xlsx: unpacks to more than"), as_text_file(tmp_path / "plan.xlsx"):
        pass


def test_a_cell_in_the_far_corner_makes_no_full_sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheets, "MAXIMUM_CELLS", 50)
    _tampered(tmp_path / "plan.xlsx", SHEET, b'<row r="4"', b'<row r="1048576"')
    with pytest.raises(DataError, match=r"plan\.xlsx: has more than 50 cells"), as_text_file(tmp_path / "plan.xlsx"):
        pass


def test_more_rows_than_a_sheet_holds_are_refused_and_leave_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheets, "ROWS", 3)
    with pytest.raises(DataError, match="2 customers are as many as a spreadsheet holds"):
        write_table(tmp_path / "plan.xlsx", COLUMNS)
    assert not list(tmp_path.iterdir())

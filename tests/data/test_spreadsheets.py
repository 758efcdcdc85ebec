"""Spreadsheets are real ones, and what is written as text stays text."""

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


def test_more_rows_than_a_sheet_holds_are_refused_and_leave_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheets, "ROWS", 3)
    with pytest.raises(DataError, match="2 customers are as many as a spreadsheet holds"):
        write_table(tmp_path / "plan.xlsx", COLUMNS)
    assert not list(tmp_path.iterdir())

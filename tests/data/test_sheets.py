"""Workbooks of several sheets: customers are read from the one that has them, and the others are named."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import openpyxl
import pytest

from churn_cli.main import main
from churn_data.dialects import FileForm, reading_as
from churn_data.errors import DataError
from churn_data.notices import Notices
from churn_data.whole_tables import read_cells

Rows = Sequence[Sequence[object]]
CUSTOMERS: Rows = [["id", "tenure", "Churn"], *([f"c{row}", row * 7 % 31, int(row % 3 == 0)] for row in range(60))]
DICTIONARY: Rows = [
    [None, None, None], [None, "Variable", "Description"],
    *([None, name, f"{name} of a customer"] for name in ["id", "tenure", "Churn", *map(str, range(200))]),
]  # fmt: skip
ORDERS: Rows = [["order", "customer", "closed"], *([row, f"c{row % 60}", row % 2] for row in range(90))]
PLAIN: Rows = [["order", "customer", "amount"], *([row, f"c{row % 60}", row] for row in range(90))]


def workbook(folder: Path, **sheets: Rows) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    path = folder / "customers.xlsx"
    book.save(path)
    return path


def read(path: Path) -> tuple[list[str], list[str]]:
    said: list[str] = []
    cells = read_cells(path, [], Notices(str(path), said.append))
    return list(cells.columns), [line.removeprefix(f"{path}: ") for line in said]


CHOSEN: dict[str, tuple[Mapping[str, Rows], str]] = {
    "below a longer dictionary": (
        {"Dict": DICTIONARY, "Data": CUSTOMERS},
        'of which "Data" is read, for its column "Churn"; --sheet names another: "Dict"',
    ),
    "beside more of something else": (
        {"Orders": PLAIN, "Data": CUSTOMERS},
        'of which "Data" is read, for its column "Churn"; --sheet names another: "Orders"',
    ),
    "beside what else can be closed": (
        {"Data": CUSTOMERS, "Orders": ORDERS},
        'of which "Data" is read, for its column "Churn"; --sheet names another: "Orders"',
    ),
    "the larger of two": (
        {"2023": CUSTOMERS[:40], "2024": CUSTOMERS},
        'of which "2024" is read, the largest of 2 sheets; --sheet names another: "2023"',
    ),
    "below a title": (
        {"Orders": PLAIN, "Data": [["Churn of our customers"], [], *CUSTOMERS]},
        'of which "Data" is read, for its column "Churn"; --sheet names another: "Orders"',
    ),
}


@pytest.mark.parametrize("kind", CHOSEN)
def test_the_sheet_with_who_left_is_read(kind: str, tmp_path: Path) -> None:
    sheets, said = CHOSEN[kind]
    columns, lines = read(workbook(tmp_path, **sheets))
    assert (columns, lines[0]) == (["id", "tenure", "Churn"], f"a spreadsheet, {said}")


def test_a_sheet_can_be_named(tmp_path: Path) -> None:
    path = workbook(tmp_path, Orders=PLAIN, Data=CUSTOMERS)
    with reading_as(FileForm(sheet="orders ")):
        assert read(path) == (["order", "customer", "amount"], ['a spreadsheet, of which "Orders" is read'])
    with (
        reading_as(FileForm(sheet="Kunden")),
        pytest.raises(DataError, match=r'xlsx: has no sheet "Kunden" \(found: "Orders", "Data"\)$'),
    ):
        read(path)


def test_the_starter_trains_on_the_sheet_that_was_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = workbook(tmp_path, Old=CUSTOMERS, New=CUSTOMERS)
    assert main(["init", "--data", str(path), "--sheet", "Old"]) == 0
    assert re.search(r"churn train .*--data customers\.xlsx --sheet Old\n", capsys.readouterr().out)

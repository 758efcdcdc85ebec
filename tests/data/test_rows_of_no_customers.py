"""What stands in tables of customers and is none: sums, titles, names of groups, notes, headers once more. It is left
out and said with its row, and the rows of the customers keep their numbers."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_data.dataset import rows_of, schema_of
from churn_data.errors import DataError
from churn_data.notices import Notices
from churn_data.schema_columns import SchemaColumns
from churn_data.sources import read_customers
from churn_data.tables import open_table
from churn_data.whole_tables import read_cells
from churn_model.usecase import Feature, Label, UseCase

HEADER = ["id", "tenure", "fee", "plan", "calls", "left"]
CUSTOMERS = [
    [f"c{row}", str(row % 60), f"{20 + row * 1.25:.2f}", ("basic", "plus", "pro")[row % 3], str(row % 4), "ny"[row % 2]]
    for row in range(40)
]
SUMS = ["780", "1775.00", "", "60"]
MEANS = ["19.5", "44.38", "", "1.5"]
USECASE = UseCase(
    "shop",
    Label("left", "y", "n"),
    "id",
    features=(
        Feature("tenure", "number"),
        Feature("fee", "number"),
        Feature("plan", "category"),
        Feature("calls", "number"),
    ),
)


def lines_of(rows: Sequence[Sequence[str]], delimiter: str = ",") -> list[str]:
    return [delimiter.join(row) for row in rows]


def write(folder: Path, lines: Sequence[str]) -> Path:
    path = folder / "customers.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def read(path: Path) -> tuple[list[str], list[int], list[str]]:
    """Ids, rows and what was said."""
    said: list[str] = []
    cells = read_cells(path, [], Notices(str(path), said.append), as_written=["id"])
    assert list(cells.columns) == HEADER
    return (
        [str(cell) for cell in cells.columns["id"]],
        list(cells.rows),
        [line.removeprefix(str(path)) for line in said],
    )


CONSOLES: dict[str, tuple[list[str], int]] = {
    "psql": ([" | ".join(HEADER), "-+-".join("----" for _ in HEADER), *lines_of(CUSTOMERS, " | "), "(40 rows)"], 3),
    "mysql": (
        [
            RULE := "+".join(["", *("----" for _ in HEADER), ""]),
            *(f"| {line} |" for line in lines_of([HEADER], " | ")),
            RULE,
            *(f"| {line} |" for line in lines_of(CUSTOMERS, " | ")),
            RULE,
            "40 rows in set (0.00 sec)",
        ],
        4,
    ),
    "markdown": ([f"| {line} |" for line in lines_of([HEADER, [":---:"] * len(HEADER), *CUSTOMERS], " | ")], 3),
}


@pytest.mark.parametrize("kind", CONSOLES)
def test_what_a_console_prints_is_a_table(kind: str, tmp_path: Path) -> None:
    lines, first = CONSOLES[kind]
    ids, rows, said = read(write(tmp_path, lines))
    assert (ids, rows) == (IDS, [*range(first, first + 40)])
    assert f": row {first - 1} is a line under the header: it is left out" in said


IDS = [row[0] for row in CUSTOMERS]
TABLE = lines_of([HEADER, *CUSTOMERS])
OTHERS: dict[str, tuple[list[str], int, list[str]]] = {
    "total": ([*TABLE, f"Total,{','.join(SUMS)},"], 2, ['row 42 ("Total"): sums of the columns']),
    "total that has a label": ([*TABLE, f"TOTAL,{','.join(SUMS)},n"], 2, ['row 42 ("TOTAL"): sums of the columns']),
    "sums above": ([TABLE[0], f"Summe:,{','.join(SUMS)},", *TABLE[1:]], 3, ['row 2 ("Summe:"): sums of the columns']),
    "total in another column": ([*TABLE, ",780,1775,Σ all,60,"], 2, ['row 42 ("Σ all"): sums of the columns']),
    "sums without a word": ([*TABLE, f",{','.join(SUMS)},"], 2, ["row 42: sums of the columns"]),
    "sums and means": (
        [*TABLE, f"Gesamt,{','.join(SUMS)},", f"Durchschnitt,{','.join(MEANS)},"],
        2,
        ['row 42 ("Gesamt"): sums of the columns', 'row 43 ("Durchschnitt"): sums of the columns'],
    ),
    "sums, a blank row and a note": (
        [*TABLE, f"Итого,{','.join(SUMS)},", ",,,,,", "Source: CRM of 2026,,,,,"],
        2,
        ['row 42 ("Итого"): sums of the columns', "row 43: no value in any column", "row 44: notes below the table"],
    ),
    "note of one field": ([*TABLE, "", "Exported on 2026-10-01 by the CRM"], 2, ["row 43: notes below the table"]),
    "count of rows": ([*TABLE, "(40 rows affected)"], 2, ["row 42: notes below the table"]),
    "titles": (
        ["Customers of Q3 2026", "Created: 2026-10-01", "", *TABLE],
        5,
        ["rows 1 to 2 above the header in row 4: titles"],
    ),
    "titles as wide as the table": (
        ["Customers of Q3,,,,,", ",,,,,", *TABLE],
        4,
        ["rows 1 to 2 above the header in row 3: titles"],
    ),
    "comments": (["# crm 4.2", "# a, b", *TABLE], 4, ["rows 1 to 2 above the header in row 3: comments"]),
    "a console's line": (
        [TABLE[0], ",".join("-" * len(name) for name in HEADER), *TABLE[1:], "", "(40 rows affected)"],
        3,
        ["row 2 is a line under the header: it is left out", "row 44: notes below the table"],
    ),
    "blank lines above": (["", "", *TABLE], 4, []),
    "a blank line below the header": ([TABLE[0], "", *TABLE[1:]], 3, []),
    "groups": (["Customer,Contract,,,Service,Target", *TABLE], 3, ["row 1 above the header in row 2: names of groups"]),
    "groups by name": (
        ["Who,What,What,What,How,So", *TABLE],
        3,
        ["row 1 above the header in row 2: names of groups of columns: they are left out"],
    ),
    "titles, groups and sums": (
        ["Customers of Q3 2026", "Customer,Contract,,,Service,", *TABLE, f"Total,{','.join(SUMS)},"],
        4,
        ["row 1 above the header in row 2: titles", "row 2 above the header in row 3: names", 'row 44 ("Total"): sums'],
    ),
    "numbers of columns above their names": (
        [",X1,X2,X3,X4,Y", *TABLE],
        3,
        ['row 2 names the columns, row 1 only numbers them: they are called "left" and so'],
    ),
    "units": ([TABLE[0], ",months,EUR,,count,", *TABLE[1:]], 3, ["row 2 describes the columns, no customer"]),
    "groups and units": (
        ["Customer,Contract,,,Service,Target", TABLE[0], ",months,EUR,,count,", *TABLE[1:]],
        4,
        ["row 1 above the header in row 2: names of groups", "row 3 describes the columns, no customer"],
    ),
}
"""A file's lines, the row of its first customer, and what is said."""


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_customer_is_left_out_and_said(name: str, tmp_path: Path) -> None:
    lines, first, expected = OTHERS[name]
    ids, rows, said = read(write(tmp_path, lines))
    assert (ids, rows) == (IDS, list(range(first, first + len(IDS))))
    assert len(said) == len(expected)
    assert all(text in line for text, line in zip(expected, said, strict=True)), said


@pytest.mark.parametrize("name", OTHERS)
def test_training_and_scoring_leave_out_the_same(name: str, tmp_path: Path) -> None:
    path = write(tmp_path, OTHERS[name][0])
    dataset = read_customers(path, USECASE)
    assert len(dataset) == len(IDS)
    with open_table(path, chunk_rows=7) as table:
        columns = SchemaColumns(table, schema_of(dataset), [])
        chunks = [columns.read(chunk) for chunk in table.chunks]
    assert [each for ids, _ in chunks for each in ids.to_pylist()] == IDS
    assert [row for _, rows in chunks for row in rows] == rows_of(dataset.frame)


def test_headers_of_files_put_together_are_left_out_and_rows_keep_their_numbers(tmp_path: Path) -> None:
    lines = [*TABLE[:11], TABLE[0], *TABLE[11:31], TABLE[0], *TABLE[31:]]
    ids, rows, said = read(write(tmp_path, lines))
    assert (ids, rows) == (IDS, [*range(2, 12), *range(13, 33), *range(34, 44)])
    assert said == [": rows 12, 33: the header once more, as in files put together, left out"]
    lines[40] = lines[40].replace(",n", ",perhaps").replace(",y", ",perhaps")
    with pytest.raises(DataError, match=r'column "left", row 41: "perhaps" is not a label'):
        read_customers(write(tmp_path, lines), USECASE)


@given(dropped=st.lists(st.integers(0, len(CUSTOMERS)), min_size=1, max_size=12), size=st.integers(1, 50))
def test_whatever_is_left_out_every_customer_has_the_number_of_the_row(
    tmp_path_factory: pytest.TempPathFactory, dropped: list[int], size: int
) -> None:
    lines = TABLE[1:]
    for place in sorted(dropped, reverse=True):
        lines.insert(place, TABLE[0] if place % 2 else ",,,,,")
    path = write(tmp_path_factory.mktemp("rows"), [TABLE[0], *lines])
    with open_table(path, chunk_rows=size) as table:
        found = [pair for chunk in table.chunks for pair in zip(chunk.columns[0], chunk.rows, strict=True)]
    assert found == [(line.split(",")[0], row) for row, line in enumerate(lines, 2) if line.startswith("c")]


@pytest.mark.parametrize(
    ("last", "told"),
    [
        (
            "Total,81,175.00,pro,6,n",
            ['row 42 is called "Total" but does not sum up its columns: it stays a customer; take it'],
        ),
        ("Total SE,12,99.50,pro,2,n", []),
        ("c41,780,1775.00,pro,60,n", []),
    ],
    ids=["other numbers", "a company of that name", "somebody's numbers"],
)
def test_a_word_or_numbers_alone_make_no_sums(last: str, told: list[str], tmp_path: Path) -> None:
    ids, _, said = read(write(tmp_path, [*TABLE, last]))
    assert ids == [*IDS, last.split(",", 1)[0]]
    assert len(said) == len(told)
    assert all(text in line for text, line in zip(told, said, strict=True))


def test_decimal_commas_and_thousands_add_up_too(tmp_path: Path) -> None:
    rows = [[*row[:2], row[2].replace(".", ","), *row[3:]] for row in CUSTOMERS]
    path = write(tmp_path, lines_of([HEADER, *rows, ["Summe", "780", "1.775,00", "", "60", ""]], ";"))
    ids, _, said = read(path)
    assert ids == IDS
    assert any('row 42 ("Summe"): sums of the columns' in line for line in said)


@pytest.mark.parametrize("row_group", [None, 3], ids=["the file", "its last row group"])
def test_sums_in_parquet_are_no_customer_either(row_group: int | None, tmp_path: Path) -> None:
    table = pyarrow.table(list(map(list, zip(*CUSTOMERS, ["Total", *SUMS, None], strict=True))), names=HEADER)
    path = tmp_path / "customers.parquet"
    pyarrow.parquet.write_table(table, path, row_group_size=12)
    with open_table(path, row_group=row_group) as opened:
        found = [pair for chunk in opened.chunks for pair in zip(chunk.columns[0], chunk.rows, strict=True)]
    assert found == list(zip(IDS, range(2, 42), strict=True))[0 if row_group is None else 36 :]


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (TABLE[1:], "row 1: the first row is a customer like those below it; put a row with the columns' names above"),
        (["-1", *["1", "-1", "-1"] * 9], "row 1: the first row is a customer like those below it; put a row with the"),
        ([*TABLE, "c41,3"], "row 42: 2 fields where the header has 6"),
        ([*TABLE, "c41"], "row 42: 1 field where the header has 6"),
        ([*TABLE[:9], "Note: this one is odd", *TABLE[9:]], "row 10: 1 field where the header has 6"),
        (
            [*TABLE[:9], 'c8,"8,30.00,pro,0,n', *TABLE[10:]],
            "row 10: a quote that opens in this row is never closed; close it, or double it where it belongs to the",
        ),
    ],
    ids=["no header", "labels alone", "cut off", "cut off early", "a note in between", "an open quote"],
)
def test_what_cannot_be_told_apart_is_refused_by_its_row(lines: list[str], problem: str, tmp_path: Path) -> None:
    path = write(tmp_path, lines)
    with pytest.raises(DataError) as caught:
        read_cells(path, [], Notices(str(path)))
    assert str(caught.value).startswith(f"{path}, {problem}")


def test_names_under_merged_cells_get_their_group_in_front(tmp_path: Path) -> None:
    lines = ["Customer,,Jan,,Feb,,Left", "id,plan,use,bill,use,bill,churn"]
    lines += [f"c{row},pro,{row},{row * 2},{row},7,{'yn'[row % 2]}" for row in range(30)]
    path = write(tmp_path, lines)
    said: list[str] = []
    cells = read_cells(path, [], Notices(str(path), said.append))
    assert list(cells.columns) == ["id", "plan", "Jan use", "Jan bill", "Feb use", "Feb bill", "churn"]
    more = "names of groups of columns, which go in front of names that occur more than once"
    assert said == [f"{path}: row 1 above the header in row 2: {more}"]


def quoted(rows: Sequence[Sequence[str]], kind: str) -> list[str]:
    plan = 'the "pro", extended'
    rows = [[plan if cell == "pro" else cell for cell in row] for row in rows]
    doubled = [[f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row] for row in rows]
    if kind == "blanks before quotes":
        return lines_of(doubled, "; ")
    if kind == "apostrophes":
        return [",".join(f"'{cell}'" for cell in row) for row in rows]
    wrapped = [f'"{line.replace(chr(34), chr(34) * 2)}"' for line in lines_of(doubled)]
    return wrapped if kind == "rows in quotes" else [",".join(HEADER), *wrapped[1:]]


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("blanks before quotes", "blanks stand before quotes: they are taken off"),
        ("apostrophes", "texts stand in apostrophes: they are taken off"),
        ("rows in quotes", "each row stands in quotes as a whole: they are taken off"),
        ("rows in quotes below a header", "each row stands in quotes as a whole: they are taken off"),
    ],
)
def test_unusual_quotes_are_taken_off(kind: str, told: str, tmp_path: Path) -> None:
    lines = quoted([HEADER, *CUSTOMERS], kind)
    path = write(tmp_path, [*lines[:20], "", *lines[20:]])
    said: list[str] = []
    dataset = read_customers(path, USECASE, said.append)
    usual = tmp_path / "usual.csv"
    usual.write_text("\n".join(TABLE))
    expected = read_customers(usual, USECASE).frame.replace({"plan": {"pro": 'the "pro", extended'}})
    assert dataset.frame.equals(expected)
    assert f"{path}: {told}" in said
    assert list(read_cells(path, [], Notices(str(path))).rows) == [*range(2, 21), *range(22, 43)]

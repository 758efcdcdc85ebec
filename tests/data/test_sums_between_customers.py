"""Sums of groups of customers, between them and below, wherever a file's blocks end: left out and said, and the rows of
the customers keep their numbers."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from churn_data import csv_tables
from churn_data.notices import Notices
from churn_data.tables import open_table
from churn_data.whole_tables import read_cells

HEADER = "id,region,tenure,fee,left"
GROUPS = {"North": 14, "South": 1, "East": 22, "West": 5}


def customers(region: str, count: int) -> list[list[str]]:
    return [
        [f"{region[0]}{row}", region, str((row * 37 + 5 * count) % 61), f"{20 + row * 1.25:.2f}", "ny"[row % 2]]
        for row in range(count)
    ]


def sums(word: str, rows: Sequence[Sequence[str]], column: int = 0) -> list[str]:
    cells = [word, ""] if column == 0 else ["", word]
    return [*cells, str(sum(int(row[2]) for row in rows)), f"{sum(float(row[3]) for row in rows):.2f}", ""]


def report(column: int = 0, *, halves: bool = False) -> tuple[list[list[str]], list[int], list[int]]:
    """Rows of a report with the sums of each region, those of two regions if `halves`, and of all; the numbers of the
    customers' rows and of the others."""
    rows: list[list[str]] = []
    everybody: list[list[str]] = []
    half: list[list[str]] = []
    for number, (region, count) in enumerate(GROUPS.items()):
        group = customers(region, count)
        everybody += group
        half += group
        rows += [*group, sums(f"Summe {region}", group, column)]
        if halves and number % 2:
            rows.append(sums("Subtotal", half, column))
            half = []
    rows.append(sums("Gesamtsumme", everybody, column))
    own = [row for row, cells in enumerate(rows, 2) if cells[0] and cells[1]]
    return rows, own, [row for row in range(2, len(rows) + 2) if row not in own]


def written(folder: Path, rows: Sequence[Sequence[str]], *below: str) -> Path:
    path = folder / "customers.csv"
    path.write_text("\n".join([HEADER, *map(",".join, rows), *below]) + "\n", encoding="utf-8")
    return path


def read(path: Path) -> tuple[list[str], list[int], list[str]]:
    """Ids, rows and what was said."""
    said: list[str] = []
    cells = read_cells(path, [], Notices(str(path), said.append), as_written=["id"])
    return [str(cell) for cell in cells.columns["id"]], list(cells.rows), said


@pytest.mark.parametrize("halves", [False, True], ids=["regions", "regions and halves"])
@pytest.mark.parametrize("column", [0, 1], ids=["as ids", "behind ids"])
def test_sums_of_groups_are_no_customers(column: int, halves: bool, tmp_path: Path) -> None:
    rows, own, others = report(column, halves=halves)
    ids, found, said = read(written(tmp_path, rows))
    assert (ids, found) == ([rows[row - 2][0] for row in own], own)
    named = [line for line in said if "sums of the columns, no customer, left out" in line]
    assert len(named) == len(said)
    told = {int(row) for line in named for row in line.split(" (")[0].partition(": row")[2].strip("s ").split(", ")}
    assert told == set(others)


@pytest.mark.parametrize("size", [60, 97, 128, 250, 400, 999])
def test_it_does_not_matter_where_blocks_end(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, own, _ = report(halves=True)
    path = written(tmp_path, rows, ",,,,", "Source: the CRM of 2026,,,,", "exported on a Monday")
    expected = read(path)
    assert expected[1] == own
    monkeypatch.setattr(csv_tables, "BLOCK_BYTES", size)
    assert read(path) == expected


@pytest.mark.parametrize("straddling", [1, 2, 3, 4], ids=["total", "blank", "note", "second note"])
def test_what_is_below_the_last_customer_may_lie_in_two_blocks(straddling: int, tmp_path: Path) -> None:
    group = [[*cells[:1], "x" * 100_000, *cells[2:]] for cells in customers("North", 80)]
    below = ["", ",".join(sums("Total", group)), ",,,,", "Source: the CRM of 2026,,,,", "* as of today: all,,,,"]
    lines = [HEADER, *map(",".join, group)]
    before = len("\n".join(lines)) + 1 + sum(len(line) + 1 for line in below[1:straddling])
    group[0][1] += "x" * (csv_tables.BLOCK_BYTES * 2 - before - 3)
    path = written(tmp_path, group, *below[1:])
    ids, rows, said = read(path)
    assert (ids, rows) == ([cells[0] for cells in group], list(range(2, 82)))
    assert len(said) == 3, said


def test_row_groups_leave_out_the_same(tmp_path: Path) -> None:
    rows, own, _ = report(halves=True)
    table = pyarrow.table([list(column) for column in zip(*rows, strict=True)], names=HEADER.split(","))
    path = tmp_path / "customers.parquet"
    pyarrow.parquet.write_table(table, path, row_group_size=9)
    found: list[int] = []
    for group in range(pyarrow.parquet.read_metadata(path).num_row_groups):
        with open_table(path, row_group=group) as opened:
            found += [row for chunk in opened.chunks for row in chunk.rows]
    assert found == own


@pytest.mark.parametrize("name", ["Total SE", "Media Markt", "Average Joe"])
def test_customers_by_such_names_stay(name: str, tmp_path: Path) -> None:
    group = customers("North", 30)
    group[12][0] = name
    ids, rows, said = read(written(tmp_path, [*group, sums("Total", group)]))
    assert (ids, rows) == ([cells[0] for cells in group], list(range(2, 32)))
    assert [line for line in said if 'row 32 ("Total"): sums' in line] == said


def test_a_group_is_no_customer_where_numbers_are_rounded_german(tmp_path: Path) -> None:
    rows, own, _ = report()
    german = [[cell.replace(".", ",") for cell in cells] for cells in rows]
    german[-1][3] = f"{float(rows[-1][3]):,.0f}".replace(",", ".")
    path = tmp_path / "customers.csv"
    path.write_text("\n".join([HEADER.replace(",", ";"), *map(";".join, german)]) + "\n")
    assert read(path)[1] == own

"""What programs leave behind in files and cells: guards of spreadsheets, characters of web pages, marks of an end,
lines of a merge. Each is read as what was meant, or named by its column and row."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from churn_data.dataset import Dataset, rows_of, schema_of
from churn_data.errors import DataError
from churn_data.sources import read_customers
from churn_data.starter import Wishes, starter_usecase
from churn_data.tables import open_table
from churn_model.usecase import Feature, Label, UseCase
from tests.data.one_column import ROWS, started, written

LEVELS = ("basic", "plus", "pro")
READ: dict[str, tuple[Callable[[int], str], Callable[[int], float | str | None], str]] = {
    "guarded numbers": (lambda row: f'="{row % 50}"', lambda row: float(row % 50), "guards that make a spreadsheet"),
    "guarded and quoted": (lambda row: f'"=""{row % 50}"""', lambda row: float(row % 50), "guards that make"),
    "apostrophes": (lambda row: f"'{row % 50}.50", lambda row: row % 50 + 0.5, "guards that make a spreadsheet"),
    "guarded levels": (
        lambda row: f'="{LEVELS[row // 5 % 3]}"' if row % 2 else LEVELS[row // 5 % 3],
        lambda row: LEVELS[row // 5 % 3],
        'guards that make a spreadsheet keep texts, as ="12" and \'12 have them, are taken off',
    ),
    "characters of HTML": (
        lambda row: '"R&amp;D"' if row // 4 % 2 else '"caf&eacute; &#39;x&#39;"',
        lambda row: "R&D" if row // 4 % 2 else "café 'x'",
        "texts are written as in a web page: ",
    ),
    "blank cells of HTML": (
        lambda row: f'"{row % 50}&nbsp;"' if row % 2 else '"&nbsp;"',
        lambda row: float(row % 50) if row % 2 else None,
        '"&nbsp;" is read as a blank',
    ),
    "full-width digits": (
        lambda row: str(row % 50).translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)}),
        lambda row: float(row % 50),
        "are read as numbers",
    ),
}


def plain(dataset: Dataset) -> list[float | str | None]:
    return [None if value != value else value for value in dataset.frame["x"].tolist()]  # noqa: PLR0124 - NaN


@pytest.mark.parametrize("kind", READ)
def test_what_an_export_puts_around_a_value_is_no_part_of_it(kind: str, tmp_path: Path) -> None:
    cell, meant, said = READ[kind]
    dataset, _, lines = started(written(tmp_path, cell))
    assert plain(dataset) == [meant(row) for row in range(ROWS)]
    assert [line for line in lines if 'column "x": ' in line and said in line], lines


def test_a_guard_of_ids_and_names_is_taken_off_in_every_kind_of_file(tmp_path: Path) -> None:
    path = written(tmp_path, lambda row: str(row % 50))
    header, *rows = path.read_text().splitlines()
    guarded = [f'="00{row[1:].replace(";", chr(34) + ";", 1)}' for row in rows]
    path.write_text("\n".join([f'="id"{header.removeprefix("id")}', *guarded]) + "\n")
    assert started(path)[0].usecase.id == "id"
    table = pyarrow.table({"id": [f'="00{row}"' for row in range(ROWS)], "x": [f"'{row}.5" for row in range(ROWS)]})
    pyarrow.parquet.write_table(table, tmp_path / "t.parquet")
    ids: list[list[str]] = []
    for each in (path, tmp_path / "t.parquet"):
        with open_table(each) as opened:
            ids.append([cell for chunk in opened.chunks for cell in chunk.columns[0] if cell])
    assert ids == [[f"00{row}" for row in range(ROWS)]] * 2


@pytest.mark.parametrize("text", ["'t Hooft", "'12'", "O'Brien", "=SUM(A1)", '="a"&"b"', "AT&T", "a&b;c&unheard;", "'"])
def test_what_only_looks_like_it_stays(text: str, tmp_path: Path) -> None:
    quoted = '"' + text.replace('"', '""') + '"'
    dataset, _, _ = started(written(tmp_path, lambda row: quoted if row // 4 % 2 else "other"))
    assert set(dataset.frame["x"]) == {text, "other"}


_MARK, _ZEROS = (
    "the mark of an end (Ctrl-Z) behind the last row is left out",
    "zero bytes (NUL) behind the last row: left",
)
ENDS: dict[str, tuple[bytes, str]] = {
    "a mark": (b"\n\x1a", _MARK),
    "a mark behind a row": (b"\x1a", _MARK),
    "a mark on a line": (b"\n\x1a\r\n", _MARK),
    "zero bytes": (b"\n" + b"\0" * 5000, f"5,000 {_ZEROS} out; was the file written to its end?"),
    "zero bytes behind a row": (b"\0" * 7, f"7 {_ZEROS}"),
    "blocks of them": (b"\n" + b"\0" * (3 << 20), f"3,145,728 {_ZEROS}"),
}


@pytest.mark.parametrize("kind", ENDS)
def test_what_stands_behind_the_end_of_a_file_is_told_and_left_out(kind: str, tmp_path: Path) -> None:
    behind, said = ENDS[kind]
    path = written(tmp_path, lambda row: str(row % 50))
    path.write_bytes(path.read_bytes().rstrip(b"\n") + behind)
    dataset, _, lines = started(path)
    assert len(dataset) == ROWS
    assert [line for line in lines if line.startswith(f"{path}: {said}")], lines


ODD: dict[str, tuple[Callable[[list[str]], list[str]], str]] = {
    "a merge": (
        lambda rows: [*rows[:50], "<<<<<<< HEAD", *rows[50:52], "=======", *rows[52:54], ">>>>>>> theirs", *rows[54:]],
        ", row 51: a line of a merge that nobody has finished (<<<<<<<): keep one side of it",
    ),
    "a merge of headers": (
        lambda rows: ["<<<<<<< HEAD", rows[0], "=======", rows[0], ">>>>>>> theirs", *rows[1:]],
        ", row 1: a line of a merge that nobody has finished (<<<<<<<): keep one side of it",
    ),
    "the rest of a merge": (
        lambda rows: [*rows[:700], "=======", *rows[700:]],
        ", row 701: a line of a merge that nobody has finished (=======): keep one side of it",
    ),
    "zero bytes": (
        lambda rows: [*rows[:50], "\0" * 40, *rows[50:]],
        ", row 51: holds 40 zero bytes (NUL), as where a file was not written to its end: export it again",
    ),
}


@pytest.mark.parametrize("kind", ODD)
def test_a_line_that_is_nobodys_row_is_named(kind: str, tmp_path: Path) -> None:
    spoil, said = ODD[kind]
    path = written(tmp_path, lambda row: str(row % 50))
    header, *rows = path.read_text().splitlines()
    path.write_text("\n".join(spoil([header, *rows * 5])) + "\n")
    usecase = UseCase("n", Label("churn", "yes"), "id", features=(Feature("x", "number"),))
    for read in (lambda: starter_usecase(path, Wishes(), lambda _: None), lambda: read_customers(path, usecase)):
        with pytest.raises(DataError) as caught:
            read()
        assert str(caught.value).startswith(f"{path}{said}")


def test_files_put_together_with_their_marks_are_one(tmp_path: Path) -> None:
    path = written(tmp_path, lambda row: str(row % 50))
    second = path.read_bytes().replace(b"\nc", b"\nd").replace(b";3;", b";4;")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes() + b"\xef\xbb\xbf" + second)
    dataset, _, lines = started(path)
    assert len(dataset) == 2 * ROWS
    assert any("row 202: the header once more, as in files put together, left out" in line for line in lines), lines


@pytest.mark.parametrize(("sign", "name"), [("，", "full-width commas"), ("；", "full-width semicolons")])  # noqa: RUF001
def test_full_width_signs_separate_fields(sign: str, name: str, tmp_path: Path) -> None:
    dataset, _, lines = started(written(tmp_path, lambda row: str(row % 50), delimiter=sign))
    assert plain(dataset) == [float(row % 50) for row in range(ROWS)]
    assert any(line.endswith(f": fields are separated by {name}") for line in lines)


def _quoted(value: object) -> str:
    return '"' + json.dumps(value).replace('"', '""') + '"'


SAID: dict[str, tuple[str, Callable[[int], str], str]] = {
    "spellings": (
        "x",
        lambda row: ("Month-to-month", "month to month", "One year", "ONE YEAR", "two")[row % 20 % 5],
        (
            'levels that seem to be one and stay several: "month to month" (40 rows) beside "Month-to-month" (40 '
            'rows); "One year" (40 rows) beside "ONE YEAR" (40 rows); write each in one way if they mean the same'
        ),
    ),
    "widths": (
        "x",
        lambda row: ("Ｂａｓｉｃ", "Basic", "Plus", "Plus")[row % 4],  # noqa: RUF001
        'stay several: "Ｂａｓｉｃ" (50 rows) beside "Basic" (50 rows)',  # noqa: RUF001
    ),
    "currencies": (
        "x",
        lambda row: f"{'€' if row % 10 == 0 else '$'}{row % 50 + 1}",
        'left out: amounts in several currencies, such as "$2" (180 rows), "€1" (20 rows): convert all of them to one',
    ),
    "per cent at times": (
        "x",
        lambda row: f"{row % 50}%" if row % 10 else f"{row % 50 / 100}",
        'left out: amounts in several units, such as "1%" (180 rows), "0.1" (16 rows): convert all of them to one',
    ),
    "speeds": (
        "x",
        lambda row: ("100 Mbps", "1 Gbps", "250 Mbps", "50 Mbps")[row % 4],
        'such as "100 Mbps" (150 rows), "1 Gbps" (50 rows): convert all of them to one, kept as a category of 4 levels',
    ),
    "objects": (
        "x",
        lambda row: _quoted({"plan": LEVELS[row // 5 % 3], "seats": row % 7}),
        "left out: it holds objects of JSON (plan, seats), a single value was expected: make each of these a column",
    ),
    "lists": (
        "x",
        lambda row: _quoted(LEVELS[: row // 5 % 4]),
        "left out: it holds lists of JSON, a single value was expected: make columns of what counts in them",
    ),
    "days as a spreadsheet counts them": (
        "start_date",
        lambda row: str(44927 - row) if row % 7 == 0 else (date(2023, 1, 1) - timedelta(row)).strftime("%d/%m/%Y"),
        'left out: dates in two forms, "01/07/2022" (171 rows) and "44731" (29), a day as a spreadsheet counts it',
    ),
}


@pytest.mark.parametrize("kind", SAID)
def test_what_is_not_converted_is_said(kind: str, tmp_path: Path) -> None:
    name, cell, said = SAID[kind]
    _, _, lines = started(written(tmp_path, cell, name))
    assert [line for line in lines if f'column "{name}": ' in line and said in line], lines


@pytest.mark.parametrize("levels", [("A+", "A-", "A"), ("C", "C++", "C#"), ("<5", ">5", "5"), ("yes", "no", "maybe")])
def test_levels_that_signs_tell_apart_draw_no_remark(levels: tuple[str, ...], tmp_path: Path) -> None:
    _, _, lines = started(written(tmp_path, lambda row: levels[row // 4 % 3]))
    assert not [line for line in lines if "seem to be one" in line]


def test_a_few_amounts_in_another_currency_are_refused_by_their_row(tmp_path: Path) -> None:
    path = written(tmp_path, lambda row: f"{row % 50 + 1} {'EUR' if row % 50 == 7 else 'USD'}")
    with pytest.raises(DataError) as caught:
        read_customers(path, UseCase("n", Label("churn", "yes"), "id"))
    assert str(caught.value).startswith(
        f'{path}, column "x", row 9: "8 EUR" is not a number (196 numbers, 4 not); the column has amounts in several '
        'currencies, such as "1 USD" (196 rows), "8 EUR" (4 rows): convert all of them to one'
    )


TYPES = {
    "decimals": pyarrow.array([row % 50 for row in range(ROWS)]).cast(pyarrow.decimal128(30, 2)),
    "coded texts": pyarrow.array([LEVELS[row // 5 % 3] for row in range(ROWS)]).dictionary_encode(),
    "lengths of time": pyarrow.array([timedelta(seconds=row % 50) for row in range(ROWS)], pyarrow.duration("ns")),
    "and in milliseconds": pyarrow.array([timedelta(seconds=row % 50) for row in range(ROWS)], pyarrow.duration("ms")),
}


@pytest.mark.parametrize("kind", TYPES)
def test_types_of_parquet_mean_what_they_say(kind: str, tmp_path: Path) -> None:
    churn = ["no" if row % 3 else "yes" for row in range(ROWS)]
    calls = [row * 7 % 31 for row in range(ROWS)]
    table = pyarrow.table({"id": [f"c{row}" for row in range(ROWS)], "x": TYPES[kind], "calls": calls, "churn": churn})
    path = tmp_path / "t.parquet"
    pyarrow.parquet.write_table(table, path)
    expected = [LEVELS[row // 5 % 3] if kind == "coded texts" else float(row % 50) for row in range(ROWS)]
    assert plain(started(path)[0]) == expected


@pytest.mark.parametrize("ids", ["in a column", "in the index"])
def test_parquet_on_its_side_is_called_so_and_the_way_to_turn_it_is_right(
    ids: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pandas

    upright = pandas.read_csv(written(tmp_path, lambda row: str(row % 50)), sep=";", dtype=str)
    turned = upright.set_index("id").T
    (turned.reset_index() if ids == "in a column" else turned).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(DataError, match="lies on its side: the first column holds names of columns") as caught:
        starter_usecase(tmp_path / "t.parquet", Wishes(), lambda _: None)
    command = str(caught.value).partition('python -c "')[2].removesuffix('"')
    monkeypatch.chdir(tmp_path)
    exec(command, {})
    again, _, _ = started(tmp_path / "customers.csv")
    assert rows_of(again.frame) == rows_of(started(written(tmp_path, lambda row: str(row % 50)))[0].frame)
    assert schema_of(again).names == ("x", "calls")

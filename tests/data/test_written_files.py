"""What is written as CSV is read again bit for bit, whichever hand wrote it."""

import tempfile
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from churn_data.arrow_files import arrow_file
from churn_data.guarded_cells import without_guard
from churn_data.notices import telling
from churn_data.tables import open_table
from churn_data.written_files import Columns, table_file, write_table

AWKWARD = ("\r", "\n", "\r\n", '"', ",", ";", "|", "\t", " ", "\0", "\ufeff", "\x85", "\u2028", "=", "'", "a", "é")
TEXTS = st.lists(st.sampled_from(AWKWARD), max_size=5).map("".join) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=5
)
NUMBERS = st.sampled_from((0.5, 2.0, -1234.25, 0.1))
ROWS = st.lists(st.tuples(TEXTS, NUMBERS, TEXTS), min_size=1, max_size=8)
COLUMNS: Columns = [("id", "text"), ("p", "number"), ("note", "text")]


def _columns(rows: list[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _read(path: Path) -> list[list[str | None]]:
    with open_table(path) as table:
        chunks = list(table.chunks)
    return [[cell for chunk in chunks for cell in chunk.columns[place]] for place in range(len(table.header))]


@settings(max_examples=60)
@given(ROWS)
@example([("a\rVICTIM", 1.0, "")])
@example([("\ufeff", 1.0, "\ufeff")])
@example([("\0", 0.5, "x"), ("", 2.0, "\r")])
def test_every_text_comes_back_and_both_writers_write_the_same_bytes(rows: list[tuple[str, float, str]]) -> None:
    # A guard, as '=1 and ="1" have it, is taken off by whoever reads, whoever has written it.
    assume(all(without_guard(text) == text for name, _, note in rows for text in (name, note)))
    columns = _columns(rows)
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{name}.csv" for name in ("whole", "parts", "arrow", "coded")]
        write_table(paths[0], dict(zip(("id", "p", "note"), columns, strict=True)))
        with table_file(paths[1], COLUMNS) as write:
            write(columns)
        with arrow_file(paths[2], COLUMNS) as append:
            append([pyarrow.array(columns[0]), pyarrow.array(columns[1]), pyarrow.array(columns[2])])
        with arrow_file(paths[3], COLUMNS) as append:
            append([pyarrow.array(column).dictionary_encode() for column in columns])
        first, *others = [path.read_bytes() for path in paths]
        assert all(other == first for other in others)
        ids, numbers, notes = _read(paths[0])
    assert (ids, notes) == (columns[0], columns[2])
    assert [float(number or "nan") for number in numbers] == columns[1]


@settings(max_examples=30)
@given(st.lists(TEXTS | st.none(), min_size=1, max_size=8))
@example(["", None, "a"])
def test_one_column_alone_loses_no_row(texts: list[str | None]) -> None:
    assume(set(texts[0] or "a") - set("-=+:| "))  # else it is a line that consoles draw under a header
    with tempfile.TemporaryDirectory() as folder:
        whole, arrow = Path(folder) / "whole.csv", Path(folder) / "arrow.csv"
        write_table(whole, {"id": texts})
        with arrow_file(arrow, [("id", "text")]) as append:
            append([pyarrow.array(texts, pyarrow.string())])
        assert arrow.read_bytes() == whole.read_bytes()
        # CSV knows no difference between an empty text and none; readers take both for missing.
        assert _read(whole) == [[text or "" for text in texts]]


@pytest.mark.parametrize("text", ["\ufeff", "", "a\0"], ids=["mark", "nothing", "zero"])
def test_a_missing_text_is_an_empty_one(tmp_path: Path, text: str) -> None:
    path = tmp_path / "plan.csv"
    write_table(path, {"id": [text, None], "p": [1.5, 2.0]})
    assert _read(path) == [[text, ""], ["1.5", "2.0"]]


RISKY = ["=cmd|'/c calc'!A0", "-2+3", "@SUM(1)", "\t=1", "\N{FULLWIDTH EQUALS SIGN}1", "+1", "-5.5", "a=b", "", None]


def _written_by(hand: str, path: Path) -> None:
    if hand == "whole":
        write_table(path, {"id": RISKY})
    elif hand == "parts":
        with table_file(path, [("id", "text")]) as write:
            write([RISKY[:3]])
            write([RISKY[3:]])
    elif hand == "arrow":
        with arrow_file(path, [("id", "text")]) as append:
            append([pyarrow.array(RISKY[:3])])
            append([pyarrow.array(RISKY[3:])])
    else:  # among its different texts are some that no row has
        with arrow_file(path, [("id", "text")]) as append:
            for places in (range(3), range(3, len(RISKY))):
                coded = pyarrow.array(places, pyarrow.int32())
                append([pyarrow.DictionaryArray.from_arrays(coded, pyarrow.array(RISKY))])


@pytest.mark.parametrize("hand", ["whole", "parts", "arrow", "coded"])
def test_texts_that_a_spreadsheet_would_compute_stay_and_are_told_of(tmp_path: Path, hand: str) -> None:
    heard: list[str] = []
    with telling(heard.append):
        _written_by(hand, tmp_path / "plan.csv")
    told = "plan.csv: 5 texts begin as a formula does and would be computed by a spreadsheet"
    assert [line[: len(told)] for line in heard] == [told]
    assert _read(tmp_path / "plan.csv") == [[text or "" for text in RISKY]]


def test_parquet_has_plain_texts_and_numbers_whatever_arrays_they_come_in(tmp_path: Path) -> None:
    path = tmp_path / "plan.parquet"
    with arrow_file(path, [("id", "text"), ("p", "number")]) as append:
        append([pyarrow.array(values).dictionary_encode() for values in (["a", None, "a"], [1.5, 2.0, 1.5])])
    table = pyarrow.parquet.read_table(path)
    assert table.schema.types == [pyarrow.string(), pyarrow.float64()]
    assert table.to_pydict() == {"id": ["a", None, "a"], "p": [1.5, 2.0, 1.5]}


@pytest.mark.parametrize("name", ["plan.xlsx", "plan.parquet"])
def test_where_a_cell_says_that_it_is_text_nothing_is_told(tmp_path: Path, name: str) -> None:
    heard: list[str] = []
    with telling(heard.append):
        write_table(tmp_path / name, {"id": RISKY})
    assert not heard

"""What a column says is read as it is meant, or said in one line: by `churn init`, in training and in scoring alike."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from churn_data.dialects import FileForm, reading_as
from churn_data.errors import DataError
from churn_data.notices import Notices
from churn_data.number_texts import NumberColumn
from churn_data.schema_columns import SchemaColumns
from churn_data.sources import read_customers
from churn_data.tables import open_table
from churn_model.schema import Schema, SchemaFeature
from churn_model.usecase import Feature, Label, UseCase
from tests.data.one_column import ROWS, started, written

NUMBERS: dict[str, tuple[Callable[[int], str], float, str]] = {
    "accountants": (lambda row: f"({row},000.50)" if row % 2 else f"{row}.25", -1000.5, '"(1,000.50)"'),
    "sap": (lambda row: f"{row}.000,50-" if row % 2 else f"{row},25", -1000.5, '"1.000,50-"'),
    "thousands": (lambda row: f"{row / 10:.1f}K", 100, '"0.0K"'),
    "millions": (lambda row: f"{row / 10:.1f}M", 100_000, '"0.0M"'),
    "data": (lambda row: f"{row / 10:.1f} GB" if row % 3 else f"{row} MB", 0.1, "GB"),
    "minutes": (lambda row: f"{row:02d}:30", 90, "seconds"),
    "hours": (lambda row: f"{row:02d}:00:30", 3630, "seconds"),
    "contract": (lambda row: ("1 year", "12 months", "1 month")[row % 3], 12, "months"),
    "years and months": (lambda row: f"{row % 50 // 12}y {row % 50 % 12}m", 1, '"0y 0m" are read as numbers, 0 months'),
    "years and months, none of them zero": (
        lambda row: (
            " ".join(f"{many}{unit}" for many, unit in zip(divmod(row % 50, 12), "ym", strict=True) if many) or "0"
        ),
        1,
        "months",
    ),
    "years and months in words": (lambda row: f"{row % 50 // 12} years, {row % 50 % 12} months", 1, "months"),
    "years and months in Spanish": (lambda row: f"{row % 50 // 12} años y {row % 50 % 12} meses", 1, "months"),
    "periods of ISO 8601": (lambda row: f"P{row % 50 // 12}Y{row % 50 % 12}M", 1, "months"),
    "months and days": (lambda row: f"{row % 50}m 0d", 1, "months"),
    "minutes and seconds": (lambda row: f"{row}m {row % 60}s", 61, "seconds"),
    "days and minutes": (lambda row: f"{row}d 3h 5m", 86400 + 11100, "seconds"),
    "times of ISO 8601": (lambda row: f"PT{row}H{row % 60}M", 3660, "seconds"),
    "weeks and days": (lambda row: f"{row} weeks 2 days", 9, "days"),
    "arabic": (lambda row: str(row % 50).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")), 1, "numbers"),
}


@pytest.mark.parametrize("kind", NUMBERS)
def test_numbers_as_people_write_them(kind: str, tmp_path: Path) -> None:
    cell, second, said = NUMBERS[kind]
    dataset, text, lines = started(written(tmp_path, cell))
    assert 'name: "x", type: number' in text
    assert dataset.frame["x"].iloc[1] == pytest.approx(second)
    assert [line for line in lines if '"x": texts such as' in line and said in line]


def test_contracts_of_twelve_m_are_no_millions(tmp_path: Path) -> None:
    dataset, text, _ = started(written(tmp_path, lambda row: ("12M", "24M", "1M")[row % 5 % 3]))
    assert 'name: "x", type: category' in text
    assert set(dataset.frame["x"]) == {"1M", "12M", "24M"}


def test_two_notations_in_one_column_are_called_so(tmp_path: Path) -> None:
    path = written(tmp_path, lambda row: f"{row + 1}.234,50" if row % 2 else f"{row + 1},234.50")
    _, text, lines = started(path)
    reason = 'numbers in two notations, such as "101,234.50" (100 rows) and "100.234,50" (100 rows): write all of them'
    assert any(f'column "x": left out: {reason}' in line for line in lines), lines
    assert '# - {name: "x"' in text
    usecase = UseCase("n", Label("churn", "yes"), "id", features=(Feature("x", "number"),))
    with pytest.raises(
        DataError, match=r'column "x", row \d: ".*" is not a number .*the column has numbers in two nota'
    ):
        read_customers(path, usecase)


FAULTY: dict[str, tuple[Callable[[int], str], str]] = {
    "notes": (
        lambda row: f"see note {row}" if row % 8 == 0 else f"{row / 4}",
        'left out: numbers but for 25 of 200 rows, such as "see note 96": correct them, or list under `missing`',
    ),
    "a word": (
        lambda row: "pending" if row % 2 else str(row % 90),
        'numbers but for 100 of 200 rows, such as "pending", kept as a category of 46 levels',
    ),
    "units at times": (
        lambda row: f"{row % 41} mo" if row % 2 else str(row % 41),
        'left out: amounts in several units, such as "1 mo" (100 rows), "2" (97 rows): convert all of them to one',
    ),
    "two currencies": (
        lambda row: f"{'$€'[row % 2]}{row}",
        'left out: amounts in several currencies, such as "$0" (100 rows), "€1" (100 rows): convert all of them to one',
    ),
}
REMARKS: dict[str, tuple[str, Callable[[int], str], str]] = {
    "nines": (
        "x",
        lambda row: "999" if row % 2 else str(row % 41),
        "999 (100 rows) far from all others (0 to 40): if that means «not known», list it under `missing`",
    ),
    "below zero": (
        "age",
        lambda row: "-7" if row == 30 else str(row % 41),
        "-7 (1 row) below 0, which nothing called so can be: correct that",
    ),
    "far away and below zero": (
        "age",
        lambda row: "-7" if row == 30 else "2016" if row % 20 == 0 else str(row % 41),
        "list it under `missing`; -7 (1 row) below 0, which nothing called so can be: correct that",
    ),
    "a star on a scale": (
        "nps",
        lambda row: "*" if row % 5 == 0 else str(row % 11),
        'numbers but for 40 of 200 rows, such as "*", kept as a category of 12 levels',
    ),
    "no date": (
        "last_visit",
        lambda row: "1900-01-01" if row % 2 else f"2024-01-{row % 29 + 1:02d}",
        '"1900-01-01" (100 rows) may mean that there is none: list it under `missing` then',
    ),
    "german months": (
        "beginn",
        lambda row: f"{row % 28 + 1}. {('Januar', 'März', 'Mai', 'Oktober')[row % 4]} 2023",
        "left out: dates with a month in words that are not English, such as",
    ),
    "spanish months": (
        "alta",
        lambda row: f"{row % 28 + 1} de {('enero', 'marzo', 'mayo', 'octubre')[row % 4]} de 2023",
        "left out: dates with a month in words that are not English, such as",
    ),
}


@pytest.mark.parametrize("kind", REMARKS)
def test_what_may_mean_something_else_is_said(kind: str, tmp_path: Path) -> None:
    name, cell, said = REMARKS[kind]
    _, _, lines = started(written(tmp_path, cell, name))
    assert [line for line in lines if f'column "{name}": ' in line and said in line], lines


ORDINARY: dict[str, tuple[str, Callable[[int], str]]] = {
    "a capped limit": ("limit", lambda row: str(min(row * 9, 999))),
    "a balance": ("balance", lambda row: str(row % 50 - 3)),
    "dates of birth": ("born", lambda row: f"19{row % 71:02d}-01-01"),
    "a scale with an open end": ("seats", lambda row: str(row % 11) if row % 11 < 10 else "10 or more"),
}


@pytest.mark.parametrize("kind", ORDINARY)
def test_what_is_ordinary_draws_no_remark(kind: str, tmp_path: Path) -> None:
    name, cell = ORDINARY[kind]
    _, _, lines = started(written(tmp_path, cell, name))
    words = ("far from", "below 0", "numbers but for", "may mean")
    assert not [line for line in lines if any(word in line for word in words)], lines


CODES: dict[str, Callable[[int], str]] = {
    "levels": lambda row: ("1", "2", "3", "4 or more")[row % 4],
    "of letters that may be units": lambda row: f"{row % 5 + 1}m {row % 7}y",
    "of letters": lambda row: f"A{row % 40}" if row % 5 else str(row % 40),
}


@pytest.mark.parametrize("kind", FAULTY)
def test_numbers_with_too_many_faults_are_called_so(kind: str, tmp_path: Path) -> None:
    cell, said = FAULTY[kind]
    _, _, lines = started(written(tmp_path, cell))
    assert any(f'column "x": {said}' in line for line in lines), lines


@pytest.mark.parametrize("kind", CODES)
def test_codes_and_levels_are_no_numbers_with_faults(kind: str, tmp_path: Path) -> None:
    dataset, _, lines = started(written(tmp_path, CODES[kind]))
    assert not [line for line in lines if "numbers but for" in line]
    assert dataset.frame["x"].iloc[1] == CODES[kind](1)


THOUSANDS: dict[str, tuple[Callable[[int], str], float, str]] = {
    "beside hundreds": (lambda row: f"{987 + row % 50 * 20 + row:,}".replace(",", "."), 1008, "thousands, as"),
    "millions": (lambda row: f"{1_234_567 + row % 50:,}".replace(",", "."), 1234568, 'as "1.234.567" shows'),
    "perhaps": (lambda row: f"{1.001 + row / 1000:.3f}", 1.002, 'behind it, such as "1.001": read as decimals; if'),
}


@pytest.mark.parametrize("delimiter", ["\t", ","], ids=["tabs", "commas"])
@pytest.mark.parametrize("kind", THOUSANDS)
def test_dots_for_thousands_where_the_delimiter_says_nothing(kind: str, delimiter: str, tmp_path: Path) -> None:
    cell, second, said = THOUSANDS[kind]
    dataset, _, lines = started(written(tmp_path, cell, delimiter=delimiter))
    assert dataset.frame["x"].iloc[1] == second
    assert [line for line in lines if said in line], lines


LONE: dict[str, tuple[str, float, str]] = {
    "commas": (",", 1.076, "read as decimals; if the points are for thousands, say --decimal ,"),
    "tabs": ("\t", 1.076, "read as decimals; if the points are for thousands, say --decimal ,"),
    "semicolons": (";", 1076, "read as thousands, as semicolons between fields go with decimal commas; if they are"),
}


@pytest.mark.parametrize("delimiter", LONE)
def test_a_lone_number_that_may_be_two_is_not_guessed_in_silence(delimiter: str, tmp_path: Path) -> None:
    sign, meant, said = LONE[delimiter]
    path = tmp_path / "customers.csv"
    path.write_text(f"id{sign}x\nc1{sign}1.076\n")
    schema = Schema("shop", "id", (SchemaFeature("x", "number"),))
    lines: list[str] = []
    for form, value in ((FileForm(), meant), (FileForm(decimal="."), 1.076), (FileForm(decimal=","), 1076)):
        with reading_as(form), open_table(path, notices=Notices(str(path), lines.append)) as table:
            reader = SchemaColumns(table, schema, ())
            assert [[*row] for chunk in table.chunks for row in reader.read(chunk)[1]] == [[value]]
        if form == FileForm():
            problem = f'numbers with a point all have three digits behind it, such as "1.076": {said}'
            assert [line for line in lines if problem in line], lines
            lines.clear()
    assert not [line for line in lines if "three digits" in line]


START = date(2024, 3, 1)
SPELT = ("%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d %b %Y", "%Y%m%d")


def day(row: int) -> date:
    return START - timedelta(days=row * 11 % 700)


def epoch(row: int) -> int:
    return int(datetime(day(row).year, day(row).month, day(row).day, 9, tzinfo=UTC).timestamp())


DATES: dict[str, tuple[str, Callable[[int], str], str]] = {
    "several spellings": ("x", lambda row: day(row).strftime(SPELT[row % 5]), "dates, read as"),
    "no end": (
        "x",
        lambda row: day(row).isoformat() if row % 3 == 1 else "9999-12-31",
        '"9999-12-31" 133 times is',
    ),
    "no end, german": ("x", lambda row: f"{day(row):%d.%m.%Y}" if row % 3 == 1 else "31.12.9999", "133 times is"),
    "not known": ("x", lambda row: day(row).isoformat() if row % 5 else "n/a", '"n/a" 40 times is read as missing'),
    "month": ("x", lambda row: f"{day(row):%b-%y}", "dates, read as month-year"),
    "quarter": ("x", lambda row: f"Q{(day(row).month + 2) // 3} {day(row).year}", "the first day of a quarter"),
    "week": ("x", lambda row: f"{day(row):%G-W%V}", "the first day of a week"),
    "seconds": ("created_at", lambda row: str(epoch(row)), "count seconds since 1970 (Unix time), read as dates"),
    "milliseconds": ("last_login_ms", lambda row: str(epoch(row) * 1000 + row), "milliseconds since 1970"),
    "excel": ("start_serial", lambda row: str((day(row) - date(1899, 12, 30)).days), "days as Excel does"),
    "compact with gaps, as pandas writes it": (
        "start_date",
        lambda row: f"{day(row):%Y%m%d}.0" if row % 5 else "",
        "dates, read as yearmonthday",
    ),
    "midnights": ("x", lambda row: str((epoch(row) // 86400) * 86400), "count seconds since 1970"),
}


KNOWN = {"no end": 67, "no end, german": 67, "not known": 160, "compact with gaps, as pandas writes it": 160}


@pytest.mark.parametrize("kind", DATES)
def test_dates_however_written_are_days(kind: str, tmp_path: Path) -> None:
    name, cell, said = DATES[kind]
    dataset, text, lines = started(written(tmp_path, cell, name))
    assert f'name: "{name}", type: date' in text
    assert [line for line in lines if f'column "{name}": ' in line and said in line], lines
    known = dataset.frame[name].dropna()
    assert len(known) == KNOWN.get(kind, ROWS)
    assert known.min() > -1
    assert known.max() == pytest.approx(699, abs=93 if kind == "quarter" else 31)


def test_birth_years_of_two_digits_lie_in_the_past(tmp_path: Path) -> None:
    dataset, _, lines = started(written(tmp_path, lambda row: f"{1 + row % 28:02d}.05.{30 + row % 70}", "born"))
    assert dataset.usecase.time is not None
    assert dataset.usecase.time.snapshot < "2000"
    assert any('"born": dates, read as day.month.year, years from 1915 on' in line for line in lines)


LEFT_OUT: dict[str, tuple[Callable[[int], str], str]] = {
    "month and day swapped": (
        lambda row: day(row).strftime("%d/%m/%Y" if row % 2 else "%m/%d/%Y"),
        "left out: dates of which some have the month first and others the day",
    ),
    "words among dates": (
        lambda row: day(row).isoformat() if row % 9 else f"soon {row}",
        'left out: dates but for 23 rows, such as "soon',
    ),
}


@pytest.mark.parametrize("kind", LEFT_OUT)
def test_dates_that_cannot_be_read_are_said(kind: str, tmp_path: Path) -> None:
    cell, said = LEFT_OUT[kind]
    _, text, lines = started(written(tmp_path, cell))
    assert any(f'column "x": {said}' in line for line in lines), lines
    assert '# - {name: "x"' in text


def test_a_column_called_snapshot_is_the_snapshot(tmp_path: Path) -> None:
    path = written(
        tmp_path, lambda row: f"{day(row)};{day(row)};{day(row) - timedelta(days=row % 9)}", "snapshot_date;as;since"
    )
    dataset, _, lines = started(path)
    assert dataset.usecase.time is not None
    assert dataset.usecase.time.snapshot == "snapshot_date"
    assert any('"snapshot_date": the day as of which each row stands' in line for line in lines)
    assert any('"as": left out: the same day as the snapshot in every row' in line for line in lines)
    assert set(dataset.frame) == {"calls", "since"}
    assert dataset.frame["since"].tolist()[:9] == list(range(9))


@pytest.mark.parametrize("text", ["e01960764472", "E5", ".e5", "-e5", "e5k", ",e5", "(e5)", "1e", "+"])
def test_an_exponent_without_a_number_is_none(text: str) -> None:
    assert NumberColumn().read({text: 1}) == ({}, [text])


@given(some.lists(some.text("0123456789.,eE+-kM%()' _:GBinf", min_size=1, max_size=12), min_size=1, max_size=4))
def test_every_text_is_a_number_or_is_none(texts: list[str]) -> None:
    values, others = NumberColumn().read(dict.fromkeys(texts, 1))
    assert {*values, *others} == {*texts}
    assert not {*values} & {*others}

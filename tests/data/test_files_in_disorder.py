"""Files that say something else than they seem to: garbled letters, rows of nobody, tables on their side, months as
numbers. Each is told in one line, on every way in alike."""

from collections.abc import Callable
from pathlib import Path

import pytest

from churn_data.dataset import schema_of
from churn_data.errors import DataError
from churn_data.garbled_texts import meant_by
from churn_data.schema_columns import SchemaColumns
from churn_data.sources import read_customers
from churn_data.starter import Wishes, starter_usecase
from churn_data.tables import open_table
from churn_model.usecase import Feature, Label, UseCase, load_usecase
from tests.data.one_column import ROWS, started, written


def garbled(text: str, times: int = 1) -> str:
    """As an export leaves it that takes UTF-8 for Windows-1252."""
    for _ in range(times):
        text = text.encode().decode("cp1252")
    return text


GARBLED: dict[str, tuple[Callable[[int], str], str]] = {
    "some": (
        lambda row: (garbled("groß"), garbled("café"), "small")[row // 5 % 3],
        'row 2 and 134 others have letters that an export has garbled, "ÃŸ" for "ß": kept as they are',
    ),
    "one": (lambda row: garbled("é") if row == 50 else "e", 'row 52 has letters that an export has garbled, "Ã©"'),
    "beside right ones": (lambda row: ("café", garbled("café"))[row % 2], 'for "é", beside rows where they are right'),
    "twice": (lambda row: (garbled("größer", 2), "b")[row % 2], 'garbled, "ÃƒÂ¶" for "ö"'),
    "another alphabet": (lambda row: (garbled("ж"), "net")[row % 2], 'garbled, "Ð¶" for "ж"'),
    "lost": (lambda row: ("gro\ufffd", "b")[row % 2], "row 2 and 99 others have the sign for letters that an export"),
}


@pytest.mark.parametrize("kind", GARBLED)
def test_garbled_letters_are_named_and_stay_as_callers_send_them(kind: str, tmp_path: Path) -> None:
    cell, said = GARBLED[kind]
    dataset, _, lines = started(written(tmp_path, cell))
    assert [line for line in lines if f'column "x": {said}' in line or (said in line and '"x"' in line)], lines
    assert dataset.frame["x"].tolist() == [cell(row) for row in range(ROWS)]


def test_a_garbled_name_is_told(tmp_path: Path) -> None:
    _, _, lines = started(written(tmp_path, lambda row: str(row // 4 % 9), garbled("Gespräche")))
    (line,) = [line for line in lines if "an export has garbled" in line]
    assert 'column "GesprÃ¤che": its name has letters that an export has garbled, "Ã¤" for "ä"' in line


@pytest.mark.parametrize("text", ["Müller", "CAFÉ»", "«CAFÉ»", "São", "ÎLE", "Ångström", "£5", "Ã", "да", "日本", ""])
def test_honest_letters_are_not_garbled(text: str) -> None:
    assert meant_by(text) is None


@pytest.mark.parametrize("name", ["id", "customer_no"])
def test_rows_without_an_id_are_named_alike_by_all_and_learnt_from(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, lambda row: str(row % 9))
    header, *rows = path.read_text().splitlines()
    for place in (5, 17, 100):
        rows[place] = f"{'' if place < 100 else 'NA'};{rows[place].partition(';')[2]}"
    path.write_text("\n".join([header.replace("id", name, 1), *rows]) + "\n")
    first: list[str] = []
    usecase = path.with_suffix(".yaml")
    usecase.write_text(starter_usecase(path, Wishes(), first.append))
    known, again = load_usecase(usecase), list[str]()
    dataset = read_customers(path, known, again.append)
    told = (
        f'{path}, column "{name}": the id is missing in rows 7, 19, 102: training keeps each as a customer of its own'
    )
    assert [line for line in first if line.startswith(told)] == [line for line in again if line.startswith(told)] != []
    assert (known.id, len(dataset), dataset.customer_count) == (name, ROWS, ROWS)
    with open_table(path) as table:
        reader = SchemaColumns(table, schema_of(dataset), known.missing)
        with pytest.raises(DataError, match='", row 7: the id is missing; an answer needs an id'):
            reader.read(next(table.chunks))


def _on_its_side(folder: Path, first: str, delimiter: str = ",", customers: int = 60) -> Path:
    fields = {
        "plan": lambda row: ("basic", "plus")[row % 2],
        "fee": lambda row: f"{20 + row * 1.25:.2f}".replace(".", "," if delimiter == ";" else "."),
        "calls": lambda row: str(row % 7),
        "town": lambda row: ("Rome", "Bern", "Oslo")[row % 3],
        "churn": lambda row: "yes" if row % 3 else "no",
    }
    rows = [delimiter.join([name, *map(cell, range(customers))]) for name, cell in fields.items()]
    header = delimiter.join([first, *(f"c{row}" for row in range(customers))])
    path = folder / "side.csv"
    path.write_text("\n".join([header, *rows] if first else rows) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(("first", "delimiter", "customers"), [("id", ",", 60), ("", ",", 60), ("kunde", ";", 5)])
def test_a_table_on_its_side_is_called_so(first: str, delimiter: str, customers: int, tmp_path: Path) -> None:
    path = _on_its_side(tmp_path, first, delimiter, customers)
    usecase = UseCase("n", Label("churn", "yes"), "id", features=(Feature("fee", "number"),))
    for read in (lambda: starter_usecase(path, Wishes(), lambda _: None), lambda: read_customers(path, usecase)):
        with pytest.raises(DataError) as caught:
            read()
        assert str(caught.value).startswith(f"{path}: lies on its side: the first column holds names of columns (")
    with pytest.raises(DataError, match="lies on its side"), open_table(path):
        pass


def test_the_way_to_turn_a_table_leads_to_one_that_is_read(tmp_path: Path) -> None:
    import pandas

    path = _on_its_side(tmp_path, "id", customers=90)
    pandas.read_csv(path, header=None).T.to_csv(tmp_path / "customers.csv", index=False, header=False)
    lines: list[str] = []
    assert '"churn"' in starter_usecase(tmp_path / "customers.csv", Wishes(), lines.append)
    assert not [line for line in lines if "side" in line]


MONTHS: dict[str, Callable[[int], str]] = {
    "signup_month": lambda row: f"{2010 + row // 4 % 9}{1 + row // 5 % 12:02}",
    "cohort": lambda row: f"{2023 + row % 2}{1 + row % 2:02}",
    "x": lambda row: f"{2010 + row // 4 % 9}{1 + row // 5 % 12:02}",
    "month": lambda row: f"2023{1 + row % 12:02}.0" if row % 5 else "",
}


@pytest.mark.parametrize("name", MONTHS)
def test_months_as_numbers_are_dates(name: str, tmp_path: Path) -> None:
    dataset, text, lines = started(written(tmp_path, MONTHS[name], name))
    assert f'"{name}": dates, read as the first day of a month, yearmonth as in 202403' in "\n".join(lines)
    assert f'type: date, label: "{name.replace("_", " ")}", spelling: "%Y%m"' in text
    assert dataset.frame[name].min() == 0.0


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("amount", lambda row: f"2010{1 + row % 3:02}"),
        ("serial_no", lambda row: f"2010{1 + row % 12:02}"),
        ("x", lambda row: f"2010{1 + row % 13:02}"),
    ],
    ids=["few numbers", "numbers of things", "a thirteenth"],
)
def test_other_numbers_are_no_months(name: str, cell: Callable[[int], str], tmp_path: Path) -> None:
    _, text, _ = started(written(tmp_path, cell, name))
    assert "%Y%m" not in text


def test_a_panel_of_months_as_numbers_has_its_snapshot_and_keeps_customers_together(tmp_path: Path) -> None:
    path = tmp_path / "panel.csv"
    rows = (f"c{row // 4},2023{1 + row % 4:02},{row * 7 % 31},{'no' if row % 3 else 'yes'}" for row in range(200))
    path.write_text("\n".join(["id,month,calls,churn", *rows]) + "\n")
    dataset, text, lines = started(path)
    assert 'snapshot: "month"' in text
    assert any("one for each date here: taken as the snapshot" in line for line in lines)
    assert (dataset.customer_count, list(dataset.frame)) == (50, ["calls"])


def test_a_first_use_case_says_what_becomes_of_rows_without_ids(tmp_path: Path) -> None:
    path = written(tmp_path, lambda row: str(row % 9))
    path.write_text("\n".join(line.partition(";")[2] for line in path.read_text().splitlines()) + "\n")
    lines: list[str] = []
    starter_usecase(path, Wishes(), lines.append)
    assert any("no column of ids is named" in line and "row numbers serve" in line for line in lines), lines

"""Every file that gives people trouble: its starter use case reads it for training and for scoring alike, and what is
odd about it is said. A file that is added without a line here fails."""

import math
from pathlib import Path

import pytest

from churn_data.dataset import Dataset, rows_of, schema_of
from churn_data.schema_columns import SchemaColumns
from churn_data.sources import read_customers
from churn_data.starter import Wishes, starter_usecase
from churn_data.tables import open_table
from churn_model.schema import Row, Schema
from churn_model.usecase import load_usecase

SAID: dict[str, tuple[int, list[str]]] = {
    "booleans-lower.csv": (19, []),
    "booleans-python.csv": (19, []),
    "booleans.parquet": (19, []),
    "category-as-float.csv": (20, []),
    "category-trailing-blank.csv": (19, []),
    "category-whole-number.csv": (20, []),
    "column-empty.csv": (19, ['"Comment": left out: every value is missing']),
    "column-names.csv": (18, ["left out: its name is longer than 128 characters"]),
    "column-unnamed.csv": (19, ["has no name and counts the rows, as pandas' index does"]),
    "dates.csv": (
        22,
        [
            '"SignupISO": dates, read as year-month-day',
            '"SignupUS": dates, read as month/day/year',
            '"Stamp": dates, read as year-month-day',
            "days before 2023-12-28, the latest that occurs; `time.snapshot` sets another",
        ],
    ),
    "description-row.csv": (19, ["row 2 describes the columns, no customer: it is left out"]),
    "european-export.csv": (
        19,
        [
            "fields are separated by semicolons",
            "numbers have decimal commas",
            '"TotalCharges": texts such as "29,85" are read as numbers, 29.85',
            '"MonthlyCharges": texts such as "29,85" are read as numbers, 29.85',
            '"Churn Value": left out, it alone tells who left (ROC AUC 1.000)',
            '"Churn Reason": left out, whether it has a value tells who left',
            '"Churn Date": left out, whether it has a value tells who left',
        ],
    ),
    "latin1.csv": (19, ["is not UTF-8, read as Windows-1252", "fields are separated by semicolons"]),
    "missing-backslash-n.csv": (19, ['"TotalCharges": a column of numbers, "\\N" 10 times is read as missing']),
    "missing-null.csv": (19, ['"TotalCharges": a column of numbers, "NULL" 10 times is read as missing']),
    "missing-question.csv": (19, ['"TotalCharges": a column of numbers, "?" 10 times is read as missing']),
    "not-features.csv": (
        20,
        [
            '"Phone": left out: phone numbers',
            '"PhoneNumber": left out: phone numbers',
            '"RowNumber": left out: a running number',
            '"Email": left out: e-mail addresses',
            '"Zip": postal codes, kept as a category',
        ],
    ),
    "number-dollar.csv": (19, ['"TotalCharges": texts such as "$29.85" are read as numbers, 29.85']),
    "number-thousands.csv": (19, ['"TotalCharges": texts such as "1,889.50" are read as numbers, 1889.5']),
    "one-bad-cell.csv": (19, ['"tenure": a column of numbers, "unknown" 1 times is read as missing']),
    "panel.csv": (2, ['"month": customers have several rows, one for each date here: taken as the snapshot']),
}
"""How many features a file has, and what `churn init` says of it."""
ALIKE = [
    ("booleans-python.csv", "booleans-lower.csv"),
    ("booleans-python.csv", "booleans.parquet"),
    ("booleans.parquet", "booleans-python.csv"),
    ("category-whole-number.csv", "category-as-float.csv"),
    ("category-as-float.csv", "category-whole-number.csv"),
    ("number-dollar.csv", "number-thousands.csv"),
    ("description-row.csv", "category-trailing-blank.csv"),
    ("column-unnamed.csv", "european-export.csv"),
]
"""Files of the same customers: what a model of the first reads of the second."""


def started(path: Path, folder: Path) -> tuple[Dataset, list[str]]:
    """The customers by the file's starter use case, and what was said while that was made."""
    lines: list[str] = []
    usecase = folder / "usecase.yaml"
    usecase.write_text(starter_usecase(path, Wishes(), lines.append), encoding="utf-8")
    return read_customers(path, load_usecase(usecase)), lines


def scored(path: Path, schema: Schema, missing: tuple[str, ...]) -> list[Row]:
    """The rows that `churn score` gives to a model of this schema."""
    with open_table(path) as table:
        reader = SchemaColumns(table, schema, missing)
        return [row for chunk in table.chunks for row in reader.read(chunk)[1]]


def plain(rows: list[Row]) -> list[list[float | str | None]]:
    """With None for a missing number, which equals itself."""
    return [[None if isinstance(value, float) and math.isnan(value) else value for value in row] for row in rows]


def test_every_case_has_its_line(cases: Path) -> None:
    assert {path.name for path in cases.iterdir()} == {*SAID, "README.md"}


@pytest.mark.parametrize("name", SAID)
def test_a_starter_use_case_reads_it_for_training_and_scoring_alike(cases: Path, tmp_path: Path, name: str) -> None:
    dataset, lines = started(cases / name, tmp_path)
    features, said = SAID[name]
    assert len(dataset.usecase.features) == features
    assert len(lines) == len(said)
    assert all(text in line for text, line in zip(said, lines, strict=True)), lines
    usecase = dataset.usecase
    assert plain(scored(cases / name, schema_of(dataset), usecase.missing)) == plain(rows_of(dataset.frame))


@pytest.mark.parametrize(("learned", "asked"), ALIKE)
def test_the_same_customers_are_the_same_rows_however_written(
    cases: Path, tmp_path: Path, learned: str, asked: str
) -> None:
    dataset, _ = started(cases / learned, tmp_path)
    expected = rows_of(dataset.frame)
    found = scored(cases / asked, schema_of(dataset), dataset.usecase.missing)
    count = min(len(found), len(expected))
    assert plain(found[:count]) == plain(expected[:count])

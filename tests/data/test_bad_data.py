"""Each kind of bad data is refused with one whole line that names file, column and row, and no customer."""

import dataclasses
from pathlib import Path

import msgspec
import pytest

from churn_data.dataset import Dataset
from churn_data.errors import DataError
from churn_data.sources import read_customers
from churn_model.usecase import Label
from churn_training.comparison.splits import holdout
from tests.data.tables import HEADER, ROWS, USECASE, write_table

LONG = "x" * 60
OPEN_QUOTE = "a quote that opens in this row is never closed; close it, or double it where it belongs to the text"
OR_STAYED = ', or list "" in `label.negative` if who has none stayed'
FIRST_OF_TWO = '(in 2 rows, of which this is the first), "yes" or "no" was expected'
CASES = {
    "no label column": (
        ["id,spend,city", "secret-1,1,Bern"],
        'FILE, column "left", row 1: no such column in the header (found: id, spend, city)',
    ),
    "unknown label": (
        [HEADER, ROWS[0], "secret-2,1,Rome,perhaps"],
        'FILE, column "left", row 3: "perhaps" is not a label, "yes" or "no" was expected',
    ),
    "missing label": (
        [HEADER, ROWS[0], "secret-2,1,Rome, "],
        'FILE, column "left", row 3: the label is missing, "yes" or "no" was expected: fill it in, take the row out'
        + OR_STAYED,
    ),
    "labels missing twice": (
        [HEADER, ROWS[0], "secret-2,1,Rome,", "secret-3,1,Rome, "],
        f'FILE, column "left", row 3: the label is missing {FIRST_OF_TWO}: fill it in, take these rows out' + OR_STAYED,
    ),
    "unknown label twice": (
        [HEADER, ROWS[0], "secret-2,1,Rome,perhaps", ROWS[1], "secret-3,1,Rome,perhaps"],
        f'FILE, column "left", row 3: "perhaps" is not a label {FIRST_OF_TWO}',
    ),
    "one class": (
        [HEADER, ROWS[1], ROWS[2]],
        'FILE, column "left": every row has the label "no", customers who left and who stayed are needed',
    ),
    "all missing": (
        [HEADER, "secret-1,1,,yes", "secret-2,1, ,no", "secret-3,1,NA,no"],
        'FILE, column "city": every value is missing',
    ),
    "duplicate header": (
        ["id,spend,spend,left", "secret-1,1,1,yes"],
        'FILE, column "spend", row 1: name occurs twice in the header (fields 2 and 3); rename one of them',
    ),
    "no rows": ([HEADER], "FILE: has a header but no rows"),
    "empty file": ([], "FILE: is empty, a header was expected in row 1"),
    "short row": ([HEADER, *ROWS, "secret-5,1,Bern"], "FILE, row 6: 3 fields where the header has 4"),
    "long row": ([HEADER, ROWS[0], "secret-5,1,Bern,no,no"], "FILE, row 3: 5 fields where the header has 4"),
    "text for a number": (
        [HEADER, ROWS[0], "secret-2,much,Rome,no"],
        'FILE, column "spend", row 3: "much" is not a number (1 number, 1 not)',
    ),
    "underscore": (
        [HEADER, ROWS[0], "secret-2,1_0,Rome,no"],
        'FILE, column "spend", row 3: "1_0" is not a number (1 number, 1 not)',
    ),
    "long text for a number": (
        [HEADER, ROWS[0], f"secret-2,{LONG},Rome,no"],
        f'FILE, column "spend", row 3: "{LONG[:39]}…" is not a number (1 number, 1 not)',
    ),
    "infinite": (
        [HEADER, ROWS[0], "secret-2,-inf,Rome,no"],
        'FILE, column "spend", row 3: "-inf" is infinite or too large, a finite number was expected',
    ),
    "too large": (
        [HEADER, ROWS[0], "secret-2,1e999,Rome,no"],
        'FILE, column "spend", row 3: "1e999" is infinite or too large, a finite number was expected',
    ),
    "out of bounds": (
        [HEADER, ROWS[0], "secret-2,-1,Rome,no"],
        'FILE, column "spend", row 3: "-1" is out of bounds, 0 to 1000 was expected',
    ),
    "missing feature": (
        ["id,spend,left", "secret-1,1,yes", "secret-2,1,no"],
        'FILE, column "city", row 1: no such column in the header (found: id, spend, left)',
    ),
    "missing id": (
        ["spend,city,left", "1,Bern,yes"],
        'FILE, column "id", row 1: no such column in the header (found: spend, city, left)',
    ),
    "unclosed quote": (
        [HEADER, ROWS[0], 'secret-2,1,"Rome,no'],
        f"FILE, row 3: {OPEN_QUOTE}",
    ),
    "blank lines count as rows": (
        [HEADER, "", ROWS[0], "", "secret-2,much,Rome,no"],
        'FILE, column "spend", row 5: "much" is not a number (1 number, 1 not)',
    ),
    "line breaks in quotes do not": (
        [HEADER, 'secret-1,1,"Bern\n\nCity",yes', "secret-2,much,Rome,no"],
        'FILE, column "spend", row 3: "much" is not a number (1 number, 1 not)',
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_table_is_one_line(name: str, tmp_path: Path) -> None:
    lines, expected = CASES[name]
    path = tmp_path / "customers.csv"
    path.write_text("\n".join(lines) + "\n" if lines else "", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_customers(path, USECASE)
    assert str(caught.value) == expected.replace("FILE", str(path))
    assert "secret" not in str(caught.value)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_customers(tmp_path / "nothing.csv", USECASE)
    assert str(caught.value) == f"{tmp_path / 'nothing.csv'}: no such file"
    with pytest.raises(DataError) as caught:
        read_customers(tmp_path, USECASE)
    assert str(caught.value) == f"{tmp_path}: is a folder: name one of its files, or put them together"


def test_broken_utf8_names_row_and_field(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_bytes(HEADER.encode() + b"\nsecret-1,1,Z\xc3\xbcrich,yes\nsecret-2,2,Z\xfcrich,no\n")
    with pytest.raises(DataError) as caught:
        read_customers(path, USECASE)
    assert str(caught.value) == f"{path}, row 3: field 3 is not valid UTF-8; name another encoding by --encoding"


def test_not_parquet(tmp_path: Path) -> None:
    path = tmp_path / "customers.parquet"
    path.write_text("id,spend\n")
    with pytest.raises(DataError) as caught:
        read_customers(path, USECASE)
    assert str(caught.value).startswith(f"{path}: is not a Parquet file, whatever its name says: ")
    assert "\n" not in str(caught.value)


def test_without_a_negative_label_a_third_value_is_refused(tmp_path: Path) -> None:
    usecase = msgspec.structs.replace(USECASE, label=Label("left", "yes"))
    path = write_table(tmp_path, *ROWS, "secret-9,1,Rome,maybe")
    with pytest.raises(DataError) as caught:
        read_customers(path, usecase)
    assert str(caught.value) == f'{path}, column "left", row 6: "maybe" is not a label, "yes" or "no" was expected'


def test_too_few_of_a_class(telco: Dataset) -> None:
    few = telco.take((telco.churned == 1).nonzero()[0][:4])
    stayed = telco.take((telco.churned == 0).nonzero()[0][:100])
    dataset = dataclasses.replace(
        stayed,
        frame=stayed.frame._append(few.frame, ignore_index=True),  # type: ignore[operator]
        churned=telco.churned[[0] * 100 + [2] * 4],
        groups=telco.groups[:104],
    )
    with pytest.raises(
        DataError, match=r'^telco.csv, column "Churn": only 4 customers who left, at least 10 are needed$'
    ):
        holdout(dataset, seed=0)

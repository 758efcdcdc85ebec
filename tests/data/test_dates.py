"""Dates in any spelling are the days before a snapshot, in training and batch alike."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pandas
import pytest

from churn_data.coded_cells import CodedCells
from churn_data.dataset import schema_of
from churn_data.date_spellings import DateSpelling, spelling_of
from churn_data.errors import DataError
from churn_data.notices import Notices
from churn_data.schema_cells import feature_values, needed_columns
from churn_data.sources import read_customers
from churn_data.whole_tables import read_cells
from churn_model.usecase import Feature, Label, TimeRule, UseCase

USECASE = UseCase(name="telco", id="customerID", label=Label("Churn", "Yes"))
FEATURES = tuple(Feature(name, "date") for name in ("SignupISO", "SignupUS", "Stamp"))


def cells_of(path: Path) -> tuple[dict[str, CodedCells], Sequence[int]]:
    cells = read_cells(path, [], Notices(str(path)))
    return cells.columns, cells.rows


def test_three_spellings_are_the_same_days(cases: Path) -> None:
    dataset = read_customers(cases / "dates.csv", USECASE)
    frame = dataset.frame[["SignupISO", "SignupUS", "Stamp"]]
    assert (frame["SignupISO"] == frame["SignupUS"]).all()
    assert (frame["SignupISO"] - frame["Stamp"]).between(0, 1).all()
    assert frame["SignupISO"].min() == 0
    assert dataset.usecase.time is not None
    assert dataset.usecase.time.snapshot == "2023-12-28"


def test_the_use_case_sets_the_snapshot(cases: Path) -> None:
    usecase = msgspec.structs.replace(USECASE, features=FEATURES, time=TimeRule(snapshot="2024-01-01"))
    dataset = read_customers(cases / "dates.csv", usecase)
    assert dataset.frame["SignupUS"].iloc[0] == 3287  # 1/1/15 to 2024-01-01
    rule = schema_of(dataset).features[1]
    assert (rule.type, rule.label) == ("number", "days since SignupUS")
    assert rule.date is not None
    assert (rule.date.spelling, rule.date.snapshot) == ("%m/%d/%y", "2024-01-01")


def test_batch_reads_the_days_that_training_read(cases: Path) -> None:
    path = cases / "dates.csv"
    dataset = read_customers(path, msgspec.structs.replace(USECASE, features=FEATURES))
    schema = schema_of(dataset)
    columns, rows = cells_of(path)
    wanted = {name: columns[name] for name in needed_columns(schema)}
    values = feature_values(schema, wanted, rows, str(path))
    assert [list(column) for column in values] == [dataset.frame[name].tolist() for name in dataset.frame]


def test_a_parquet_file_has_dates_and_timestamps(cases: Path, tmp_path: Path) -> None:
    frame = pandas.read_csv(cases / "dates.csv", dtype=str)
    frame["SignupISO"] = pandas.to_datetime(frame["SignupISO"]).dt.date
    frame["Stamp"] = pandas.to_datetime(frame["Stamp"])
    frame.to_parquet(tmp_path / "dates.parquet")
    usecase = msgspec.structs.replace(USECASE, features=FEATURES)
    parquet = read_customers(tmp_path / "dates.parquet", usecase)
    pandas.testing.assert_frame_equal(parquet.frame, read_customers(cases / "dates.csv", usecase).frame)


def test_each_row_may_have_its_own_snapshot(tmp_path: Path) -> None:
    path = tmp_path / "panel.csv"
    path.write_text("id,as_of,since,left\na,1.2.2024,2024-01-01,yes\na,1.3.2024,2024-01-01,no\nb,1.2.2024,,no\n")
    usecase = UseCase(
        "shop", Label("left", "yes"), "id", features=(Feature("since", "date"),), time=TimeRule(snapshot="as_of")
    )
    dataset = read_customers(path, usecase)
    assert dataset.frame["since"].tolist()[:2] == [31, 60]
    assert dataset.frame["since"].isna().tolist() == [False, False, True]
    schema = schema_of(dataset)
    assert needed_columns(schema) == ("id", "since", "as_of")
    columns, rows = cells_of(path)
    assert feature_values(schema, columns, rows, "f")[0][:2] == [31, 60]


@pytest.mark.parametrize(
    ("cell", "problem"),
    [("soon", '"soon" is not a date'), ("2024-13-01", '"2024-13-01" is not a date'), ("7", '"7" is not a date')],
    ids=["word", "month 13", "number"],
)
def test_what_is_no_date_is_refused_with_its_row(tmp_path: Path, cell: str, problem: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"id,since,left\na,2024-01-01,yes\nb,{cell},no\n")
    usecase = UseCase("shop", Label("left", "yes"), "id", features=(Feature("since", "date"),))
    with pytest.raises(DataError, match=f'column "since", row 3: {problem}'):
        read_customers(path, usecase)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["2024-01-31", "2023-02-01T10:00:00Z"], DateSpelling("iso")),
        (["1/31/2024", "2/1/2023"], DateSpelling("%m/%d/%Y")),
        (["31/1/2024", "1/2/2023"], DateSpelling("%d/%m/%Y")),
        (["1/2/2024", "3/4/2023"], DateSpelling("%m/%d/%Y", "%d/%m/%Y")),
        (["31.01.2024", "01.02.2023"], DateSpelling("%d.%m.%Y")),
        (["31-Jan-2024", "01-Feb-2023"], DateSpelling("%d-%b-%Y")),
        (["2024-01", "2023-12"], DateSpelling("%Y-%m")),
        (["1/31/24 9:30 PM"], DateSpelling("%m/%d/%y %I:%M %p")),
        (["Jan 5, 2024"], DateSpelling("%b %d, %Y")),
        (["625-3731", "809-3182"], None),
        (["12-34", "1-2"], None),
        (["Month-to-month", "One year"], None),
        (["1.5", "2.5"], None),
        ([], None),
    ],
    ids=[
        "iso",
        "us",
        "british",
        "either",
        "german",
        "month name",
        "month",
        "time",
        "words",
        "phone",
        "range",
        "levels",
        "numbers",
        "none",
    ],
)
def test_spellings_are_recognised(texts: list[str], expected: DateSpelling | None) -> None:
    assert spelling_of(texts) == expected

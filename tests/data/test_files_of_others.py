"""Files as other people write them: read for what they say, and every remark names file, column and row."""

import csv
import math
from pathlib import Path

import numpy
import pandas
import pytest

from churn_data.dataset import Dataset
from churn_data.dialects import FileForm, reading_as
from churn_data.errors import DataError
from churn_data.notices import Notices
from churn_data.sources import read_customers
from churn_data.whole_tables import read_cells
from churn_model.usecase import DEFAULT_MISSING, Feature, Label, UseCase, ValueRule

KNOWN = [
    "gender", "SeniorCitizen", "Partner", "Dependents", "tenure", "PhoneService", "MultipleLines", "InternetService",
    "OnlineSecurity", "OnlineBackup", "DeviceProtection", "TechSupport", "StreamingTV", "StreamingMovies", "Contract",
    "PaperlessBilling", "PaymentMethod", "MonthlyCharges", "TotalCharges",
]  # fmt: skip
NUMBERS = ("SeniorCitizen", "tenure", "MonthlyCharges", "TotalCharges")


def usecase_of(path: Path, positive: str = "Yes") -> UseCase:
    """The usual columns of these files, so that nothing depends on what is inferred."""
    extra = ["AreaCode"] if path.stem.startswith("category-whole") or path.stem.startswith("category-as") else []
    features = tuple(Feature(name, "number" if name in NUMBERS else "category") for name in KNOWN + extra)
    return UseCase("cases", Label("Churn", positive), "customerID", ValueRule("MonthlyCharges"), features=features)


def read(path: Path, positive: str = "Yes", form: FileForm | None = None) -> tuple[Dataset, list[str]]:
    lines: list[str] = []
    with reading_as(form or FileForm()):
        dataset = read_customers(path, usecase_of(path, positive), lines.append)
    return dataset, [line.removeprefix(str(path)) for line in lines]


@pytest.fixture(scope="module")
def plain(telco_path: Path) -> pandas.DataFrame:
    frame = pandas.read_csv(telco_path, na_values=[" "])
    return frame.astype(dict.fromkeys(NUMBERS, float))


def same_as(dataset: Dataset, plain: pandas.DataFrame, columns: list[str] | None = None) -> None:
    names = columns or [feature.name for feature in dataset.usecase.features]
    pandas.testing.assert_frame_equal(dataset.frame[names], plain[names].head(len(dataset)), check_dtype=False)


def test_a_european_export_is_read(cases: Path, plain: pandas.DataFrame) -> None:
    dataset, lines = read(cases / "european-export.csv")
    same_as(dataset, plain)
    assert ": fields are separated by semicolons" in lines
    assert ": numbers have decimal commas" in lines


def test_windows_1252_is_read_and_said(cases: Path) -> None:
    dataset, lines = read(cases / "latin1.csv")
    assert list(dataset.frame["gender"][:2]) == ["Frau Müller-Typ", "Señor"]
    assert ": is not UTF-8, read as Windows-1252; another one can be named by --encoding" in lines


def test_a_row_of_descriptions_is_named(cases: Path, plain: pandas.DataFrame) -> None:
    dataset, lines = read(cases / "description-row.csv")
    same_as(dataset, plain)
    assert ": row 2 describes the columns, no customer: it is left out" in lines


@pytest.mark.parametrize(
    ("name", "token"), [("missing-null", "NULL"), ("missing-backslash-n", "\\N"), ("missing-question", "?")]
)
def test_tokens_for_missing_are_counted(cases: Path, plain: pandas.DataFrame, name: str, token: str) -> None:
    path = cases / f"{name}.csv"
    dataset, lines = read(path)
    expected = (pandas.read_csv(path, dtype=str, keep_default_na=False)["TotalCharges"] == token).sum()
    assert dataset.frame["TotalCharges"].isna().sum() == expected > 0
    if token in DEFAULT_MISSING:
        assert not lines
    else:
        assert lines == [f', column "TotalCharges": a column of numbers, "{token}" {expected} times is read as missing']
    known = dataset.frame["TotalCharges"].notna()
    assert (dataset.frame["TotalCharges"][known] == plain["TotalCharges"].head(len(dataset))[known]).all()


@pytest.mark.parametrize(("name", "example"), [("number-dollar", "$29.85"), ("number-thousands", "1,889.50")])
def test_numbers_of_spreadsheets_are_numbers(cases: Path, plain: pandas.DataFrame, name: str, example: str) -> None:
    dataset, lines = read(cases / f"{name}.csv")
    values, expected = dataset.frame["TotalCharges"], plain["TotalCharges"].head(len(dataset))
    numpy.testing.assert_array_equal(values.to_numpy(), expected.to_numpy())
    assert len(lines) == 1
    assert f'column "TotalCharges": texts such as "{example}" are read as numbers' in lines[0]


def test_one_odd_cell_is_missing_if_it_is_a_token_and_else_refused_by_row(cases: Path, tmp_path: Path) -> None:
    dataset, lines = read(cases / "one-bad-cell.csv")
    assert dataset.frame["tenure"].isna().sum() == 1
    assert ', column "tenure": a column of numbers, "unknown" 1 times is read as missing' in lines
    odd = tmp_path / "odd.csv"
    odd.write_text((cases / "one-bad-cell.csv").read_text().replace(",unknown,", ",soon,"))
    for usecase in (usecase_of(odd), UseCase("bare", Label("Churn", "Yes"), "customerID", ValueRule("tenure"))):
        with pytest.raises(DataError) as caught:
            read_customers(odd, usecase)
        assert str(caught.value).startswith(
            f'{odd}, column "tenure", row 1236: "soon" is not a number (1,999 numbers, 1 not)'
        )


@pytest.mark.parametrize("name", ["booleans-lower.csv", "booleans.parquet"])
def test_booleans_are_the_same_however_written(cases: Path, name: str) -> None:
    expected, _ = read(cases / "booleans-python.csv", "True")
    dataset, _ = read(cases / name, "True")
    rows = min(len(dataset), len(expected))
    pandas.testing.assert_frame_equal(dataset.frame.head(rows), expected.frame.head(rows))
    assert set(dataset.frame["Partner"]) == {"true", "false"}
    assert (dataset.churned[:rows] == expected.churned[:rows]).all()


def test_a_category_that_is_a_number_is_the_same_however_written(cases: Path) -> None:
    whole, _ = read(cases / "category-whole-number.csv")
    as_float, _ = read(cases / "category-as-float.csv")
    pandas.testing.assert_frame_equal(as_float.frame, whole.frame)
    assert all(level.isdigit() for level in whole.frame["AreaCode"].dropna())


def test_a_blank_behind_a_level_does_not_matter(cases: Path, plain: pandas.DataFrame) -> None:
    same_as(read(cases / "category-trailing-blank.csv")[0], plain)


COUNTS_ROWS = ": field 1 of the header has no name and counts the rows, as pandas' index does and R's row names do: "


def test_an_unnamed_index_is_left_out(cases: Path, plain: pandas.DataFrame) -> None:
    dataset, lines = read(cases / "column-unnamed.csv")
    same_as(dataset, plain)
    assert lines == [COUNTS_ROWS + "it is left out"]


def written_by_r(plain: pandas.DataFrame, delimiter: str) -> str:
    """As R's write.table does it: texts in quotes, a name for every row, and no field for those in the header."""
    text = plain.to_csv(sep=delimiter, quoting=csv.QUOTE_NONNUMERIC, index=False, lineterminator="\n")
    header, *rows = text.splitlines()
    return "\n".join([header, *(f'"{number}"{delimiter}{row}' for number, row in enumerate(rows, 1))]) + "\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_names_of_rows_for_which_the_header_has_no_field_are_left_out(
    plain: pandas.DataFrame, tmp_path: Path, delimiter: str
) -> None:
    path = tmp_path / "frame.txt"
    path.write_text(written_by_r(plain, delimiter))
    dataset, lines = read(path)
    same_as(dataset, plain)
    assert COUNTS_ROWS + "it is left out" in lines


def test_a_decimal_comma_that_nobody_quoted_is_no_name_of_a_row(plain: pandas.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "frame.csv"
    text = written_by_r(plain, ",").replace('"customerID",', '"row","customerID",', 1)
    header, *rows = text.splitlines()
    path.write_text("\n".join([header, *(row.replace('"', "") + ",5" for row in rows)]))
    with pytest.raises(DataError, match="row 2: 23 fields where the header has 22"):
        read(path)


def test_columns_may_be_named_anything(cases: Path) -> None:
    path = cases / "column-names.csv"
    cells = read_cells(path, DEFAULT_MISSING, Notices(str(path)))
    assert list(cells.columns) == [name.strip() for name in pandas.read_csv(path, nrows=0).columns]
    assert list(cells.rows) == list(range(2, len(cells.rows) + 2))


VARIANTS = {
    "UTF-16 with tabs": ("utf-16", "\t", ".", FileForm()),
    "UTF-16 without a mark": ("utf-16-le", ";", ".", FileForm()),
    "UTF-8 with a mark": ("utf-8-sig", ",", ".", FileForm()),
    "bars and decimal commas": ("utf-8", "|", ",", FileForm()),
    "Windows-1252, given": ("cp1252", ";", ",", FileForm(";", ",", "windows-1252")),
    "a separator of one's own": ("utf-8", "~", ".", FileForm("~")),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_same_table_in_every_dialect(
    variant: str, plain: pandas.DataFrame, telco_path: Path, tmp_path: Path
) -> None:
    encoding, delimiter, decimal, form = VARIANTS[variant]
    frame = pandas.read_csv(telco_path, na_values=[" "]).head(300)
    frame.loc[0, "gender"] = "Größe, »näh«"
    frame.to_csv(tmp_path / "t.csv", sep=delimiter, decimal=decimal, encoding=encoding, index=False)
    dataset, _ = read(tmp_path / "t.csv", form=form)
    same_as(dataset, plain.assign(gender=["Größe, »näh«", *plain["gender"][1:]]))


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_trailing_delimiters_blank_lines_and_ends_of_lines(
    ending: str, plain: pandas.DataFrame, telco_path: Path, tmp_path: Path
) -> None:
    header, *rows = telco_path.read_text().splitlines()[:50]
    path = tmp_path / "t.csv"
    path.write_bytes(ending.join([header, "", *(f"{row}," for row in rows[:-1]), "", f"{rows[-1]},", ""]).encode())
    dataset, lines = read(path)
    same_as(dataset, plain)
    assert lines == [": every row ends with a delimiter: the empty field behind it is left out"]
    path.write_bytes(ending.join([header, "", *(f"{row}," for row in rows[:-1]), "", f"{rows[-1]},x"]).encode())
    with pytest.raises(DataError, match=r"row 52: 22 fields where the header has 21$"):
        read(path)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["1.234,50", "12,5", "7"], [1234.5, 12.5, 7]),
        (["1,234", "12.5"], [1234, 12.5]),
        (["1 234,5", "1\u00a0000", "\u22123,25"], [1234.5, 1000, -3.25]),
        (["1'234.50", "2"], [1234.5, 2]),
        (["€ 12", "13", "-€1.5"], [12, 13, -1.5]),
        (["12 EUR", "1,200.5 EUR"], [12, 1200.5]),
        (["12 %", "7.5%", "0%"], [12, 7.5, 0]),
        (["+5", "1e3", ".5", "5."], [5, 1000, 0.5, 5]),
        (["1,234", "5,678"], [1234, 5678]),
        (["(1,234.00)", "12.5", "(7)"], [-1234, 12.5, -7]),
        (["1.234,00-", "12,5", "7-"], [-1234, 12.5, -7]),
        (["($5.10)", "$3"], [-5.1, 3]),
        (["-1.0K", "2.5M", "950", "4.35k"], [-1000, 2_500_000, 950, 4350]),
        (["$1.2M", "$300K"], [1_200_000, 300_000]),
        (["25.4 GB", "900 MB", "0", "1.5TB"], [25.4, 0.9, 0, 1500]),
        (["12 months", "1 year", "1 month"], [12, 12, 1]),
        (["02:05", "83:20", "1:00:01"], [125, 5000, 3601]),
        (["1:02:05.5", "0:00:01"], [3725.5, 1]),
        (["٢٧", "٣٫٥", "١٬٢٣٤"], [27, 3.5, 1234]),  # noqa: RUF001 - Arabic
        (["１２．５", "－３", "7"], [12.5, -3, 7]),  # noqa: RUF001 - full width
        (["12", "n/a", "-", "#N/A", "<NA>", "Unknown"], [12, None, None, None, None, None]),
    ],
)
def test_how_people_write_numbers(texts: list[str], expected: list[float | None], tmp_path: Path) -> None:
    usecase = UseCase("n", Label("left", "yes"), "id", ValueRule("n"), features=(Feature("n", "number"),))
    rows = [*texts, "1"]
    units = {"%": "1 %", "GB": "1 GB", "month": "1 month", ":": "00:01"}
    rows[-1] = next((one for unit, one in units.items() if any(unit in text for text in texts)), "1")
    lines = [f'{number};"{text}";{"yes" if number else "no"}' for number, text in enumerate(rows)]
    path = tmp_path / "n.csv"
    path.write_text("\n".join(["id;n;left", *lines]), encoding="utf-8")
    form = FileForm(decimal=".") if texts == ["1,234", "5,678"] else FileForm()
    with reading_as(form):
        found = read_customers(path, usecase).frame["n"].tolist()
    assert [None if math.isnan(value) else value for value in found] == [*expected, 1]


@pytest.mark.parametrize(
    "texts",
    [
        ["12 %", "0.12"],
        ["$1", "€2"],
        ["1,2,3", "4"],
        ["1.234,5", "1,234.5"],
        ["12m", "3"],
        ["5 GB", "3"],
        ["1:60", "2"],
        ["3 months", "2 days"],
        ["1e3K", "2K"],
        ["(5", "3"],
        ["12:30", "4"],
        ["1-2", "3"],
    ],
)
def test_what_does_not_agree_is_refused(texts: list[str], tmp_path: Path) -> None:
    usecase = UseCase("n", Label("left", "yes"), "id", ValueRule("n"), features=(Feature("n", "number"),))
    path = tmp_path / "n.csv"
    lines = [f'{number};"{text}";{"yes" if number else "no"}' for number, text in enumerate(texts)]
    path.write_text("\n".join(["id;n;left", *lines]), encoding="utf-8")
    with pytest.raises(DataError, match=r'column "n", row [23]: ".*" is not a number \(1 number, 1 not\)'):
        read_customers(path, usecase)


def test_a_misspelt_column_gets_the_right_one(telco_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(telco_path.read_text().replace("MonthlyCharges", "monthly_charges", 1))
    with pytest.raises(DataError) as caught:
        read(path)
    assert str(caught.value) == (
        f'{path}, column "MonthlyCharges", row 1: no such column in the header; did you mean "monthly_charges"?'
    )


def test_a_level_that_no_server_takes_is_refused_by_its_row(telco_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(telco_path.read_text().replace("Month-to-month", "m" * 257, 1))
    with pytest.raises(DataError, match=r'column "Contract", row 2: is longer than 256 characters, which no level may'):
        read(path)


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        (FileForm(delimiter=";;"), '--delimiter: one character was expected, e.g. ";" or "tab"'),
        (FileForm(encoding="klingon"), '--encoding: "klingon" is no encoding of texts, e.g. utf-8, windows-1252'),
    ],
)
def test_what_is_given_wrongly_is_said(form: FileForm, problem: str, telco_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read(telco_path, form=form)
    assert str(caught.value) == problem

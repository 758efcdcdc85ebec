"""A number that means «not known» means it in training, in batch and on every door of a server, however written."""

import json
import math
import random
from pathlib import Path
from typing import Any

import pytest

from churn_data.dataset import Dataset, schema_of
from churn_data.notices import Notices
from churn_data.schema_columns import SchemaColumns
from churn_data.sources import read_customers
from churn_data.starter import Wishes, starter_usecase
from churn_data.tables import open_table
from churn_model.rules import TimeRule
from churn_model.schema import Schema, SchemaFeature
from churn_model.usecase import DEFAULT_MISSING, Feature, Label, UseCase, load_usecase
from churn_serving.gateway.records import RecordDecoder
from churn_serving.oip import json_codec

ROWS = 400
AGES = ("-999", "-999.0", "-9.99e2", "20", "31.5")
FEATURES = (Feature("age", "number"), Feature("plan", "category"), Feature("joined", "date"))
USECASE = UseCase(
    "ages",
    Label("left", "1"),
    features=FEATURES,
    time=TimeRule(snapshot="2024-01-01"),
    missing=(*DEFAULT_MISSING, "-999"),
)


def ages(folder: Path) -> tuple[Path, Dataset]:
    """Customers; one joined 999 days after the snapshot, which is a number of days and no way to say nothing."""
    path = folder / "ages.csv"
    rows = (
        f"{AGES[row % 5]},{('-999', 'basic')[row % 2]},{('2026-09-26', '2023-01-01')[row % 2]},{row // 3 % 2}"
        for row in range(60)
    )
    path.write_text("\n".join(["age,plan,joined,left", *rows]), encoding="utf-8")
    return path, read_customers(path, USECASE)


def test_every_way_in_reads_the_same(tmp_path: Path) -> None:
    path, dataset = ages(tmp_path)
    assert dataset.frame["age"].tolist()[3:5] == [20.0, 31.5]
    assert dataset.frame["age"].isna().tolist() == [row % 5 < 3 for row in range(60)]
    assert dataset.frame["plan"].isna().tolist() == [row % 2 == 0 for row in range(60)]
    assert dataset.frame["joined"].tolist()[0] == -999.0
    expected = [[_plain(value) for value in row] for row in dataset.frame.to_numpy().tolist()]
    schema = schema_of(dataset)
    assert _batch(path, schema, schema.missing) == expected

    features = [
        {
            "age": float(AGES[row % 5]),
            "plan": ("-999", "basic")[row % 2],
            "joined": ("2026-09-26", "2023-01-01")[row % 2],
        }
        for row in range(60)
    ]
    customers = [{"customer_id": f"c{row}", "features": each} for row, each in enumerate(features)]
    request = RecordDecoder(schema, 100).decode(json.dumps({"customers": customers}).encode())
    assert [[_plain(value) for value in row] for row in request.rows] == expected
    assert (0, 0, False) in (request.notes or [])

    sent: list[tuple[Any, ...]] = [
        (each["age"], each["plan"], days) for each, (_, _, days) in zip(features, expected, strict=True)
    ]
    read = json_codec.decode_request(json_codec.encode_request(sent, schema), schema)
    assert [[_plain(value) for value in row] for row in read.rows] == expected


def _plain(value: object) -> object:
    return None if value is None or (isinstance(value, float) and math.isnan(value)) else value


def started(folder: Path, **columns: list[str]) -> tuple[str, list[str], UseCase]:
    """A starter of a file with these columns, what was said, and the use case that it is."""
    path = folder / "customers.csv"
    names, leaves = ["id", *columns, "churn"], random.Random(1)
    rows = (
        ",".join([f"c{row}", *(cells[row % len(cells)] for cells in columns.values()), leaves.choice(["yes", "no"])])
        for row in range(ROWS)
    )
    path.write_text("\n".join([",".join(names), *rows]), encoding="utf-8")
    lines: list[str] = []
    text = starter_usecase(path, Wishes(), lines.append)
    (folder / "usecase.yaml").write_text(text, encoding="utf-8")
    return text, lines, load_usecase(folder / "usecase.yaml")


def counted(*others: str, first: int = 18, last: int = 70) -> list[str]:
    return [*map(str, range(first, last)), *others]


@pytest.mark.parametrize("usecase", [DEFAULT_MISSING, (), ("basic", "20")], ids=["usual", "none", "others"])
def test_what_means_not_known_is_the_models_own_whatever_a_use_case_says_today(
    usecase: tuple[str, ...], tmp_path: Path
) -> None:
    path, dataset = ages(tmp_path)
    expected = [[_plain(value) for value in row] for row in dataset.frame.to_numpy().tolist()]
    assert _batch(path, schema_of(dataset), usecase) == expected


def test_a_level_called_as_others_say_not_known_stays_one_in_batch(tmp_path: Path) -> None:
    path = tmp_path / "regions.csv"
    path.write_text("region,fee\nNA,1\nEU,nan\n", encoding="utf-8")
    features = (SchemaFeature("region", "category", categories=("EU", "NA")), SchemaFeature("fee", "number"))
    assert _batch(path, Schema("regions", "", features, missing=("",)), DEFAULT_MISSING) == [["NA", 1.0], ["EU", None]]


def test_a_new_word_for_not_known_counts_where_no_caller_could_send_it(tmp_path: Path) -> None:
    schema = schema_of(ages(tmp_path)[1])
    path = tmp_path / "later.csv"
    path.write_text("age,plan,joined\nask again,ask again,ask again\n20,basic,2023-01-01\n", encoding="utf-8")
    later, usual = _batch(path, schema, ("ask again", "20"))
    assert later == [None, "ask again", None]
    assert usual == [20.0, "basic", 365.0]


def _batch(path: Path, schema: Schema, missing: tuple[str, ...]) -> list[list[Any]]:
    with open_table(path, notices=Notices(str(path))) as table:
        reader = SchemaColumns(table, schema, missing)
        return [[_plain(value) for value in row] for chunk in table.chunks for row in reader.read(chunk)[1]]


IMPOSSIBLE = {"as numbers": ("2017{:02}{:02}", "20170231"), "as ISO says": ("2017-{:02}-{:02}", "2017-02-30")}


@pytest.mark.parametrize("kind", IMPOSSIBLE)
def test_days_that_no_calendar_has_are_missing_among_days(kind: str, tmp_path: Path) -> None:
    form, odd = IMPOSSIBLE[kind]
    days = [form.format(month, day) for month in range(1, 13) for day in range(1, 29)]
    text, lines, usecase = started(tmp_path, start=[*days, odd], calls=counted())
    assert {feature.name: feature.type for feature in usecase.features} == {"start": "date", "calls": "number"}
    said = f'column "start": "{odd}" (1 row), days that no calendar has: read as missing, as `missing` now says'
    assert any(said in line for line in lines), lines
    assert (usecase.missing, f"1 missing; {said.partition(': ')[2]}" in text) == ((*DEFAULT_MISSING, odd), True)
    assert read_customers(tmp_path / "customers.csv", usecase).frame["start"].isna().sum() == 1


def test_numbers_that_are_no_days_stay_numbers_whatever_a_few_look_like(tmp_path: Path) -> None:
    _, _, usecase = started(tmp_path, start=[str(20_170_000 + row * 137) for row in range(ROWS // 2)])
    assert [feature.type for feature in usecase.features] == ["number"]
    assert usecase.missing == DEFAULT_MISSING


SURELY = {
    "below": (counted("-999"), "-999"),
    "nines": (counted("99999999"), "99999999"),
    "both": (counted("-9999", "99999"), "-9999", "99999"),
    "below, near": (counted("-999", first=900, last=960), "-999"),
    "as a program writes it": (counted("-999.0"), "-999"),
    "the end of whole numbers": (counted("2147483647"), "2147483647"),
}
UNSURE = {
    "minus one": (counted("-1", first=0), "-1 (5 rows) far from all others (0 to 69): if that means «not known»"),
    "unlimited": (counted("999"), "999 (7 rows) far from all others (18 to 69): if that means «not known», list it"),
    "elsewhere honest": (counted("-999"), "-999 (7 rows) far from all others (18 to 69): if that means «not known»"),
}
HONEST = {
    "once": [*counted(first=18, last=ROWS), "-999"],
    "among others below zero": [*(f"{-4 * number}" for number in range(50)), "-999"],
    "a limit": counted("9999", first=1000, last=1060),
    "few levels": ["0", "1", "2", "-1"],
    "prices": [*(f"{price}.99" for price in range(9, 99)), "999"],
    "large and rare": [*counted(first=0, last=ROWS - 1), "123456"],
}


@pytest.mark.parametrize("kind", SURELY)
def test_what_can_only_mean_not_known_is_missing_and_said(kind: str, tmp_path: Path) -> None:
    cells, *tokens = SURELY[kind]
    text, lines, usecase = started(tmp_path, age=cells)  # type: ignore[arg-type]
    assert usecase.missing == (*DEFAULT_MISSING, *tokens)
    assert [line for line in lines if "read as missing" in line and 'column "age"' in line]
    assert not [line for line in lines if "if that means" in line]
    (line,) = [line for line in text.splitlines() if 'name: "age"' in line]
    assert f"{len(set(cells)) - len(tokens)} different, " in line
    dataset = read_customers(tmp_path / "customers.csv", usecase)
    assert dataset.frame["age"].isna().sum() > 0
    assert dataset.frame["age"].between(0, 1000).sum() + dataset.frame["age"].isna().sum() == ROWS


@pytest.mark.parametrize("kind", UNSURE)
def test_what_may_mean_not_known_is_kept_and_said(kind: str, tmp_path: Path) -> None:
    cells, said = UNSURE[kind]
    balance = counted("-500", first=-1000, last=-990) if kind.startswith("elsewhere") else counted()
    _, lines, usecase = started(tmp_path, age=cells, balance=balance)
    assert usecase.missing == DEFAULT_MISSING
    assert [line for line in lines if f'column "age": {said}' in line], lines


@pytest.mark.parametrize("kind", HONEST)
def test_honest_numbers_are_left_alone(kind: str, tmp_path: Path) -> None:
    _, lines, usecase = started(tmp_path, age=HONEST[kind])
    assert usecase.missing == DEFAULT_MISSING
    assert not [line for line in lines if "far from all others" in line]

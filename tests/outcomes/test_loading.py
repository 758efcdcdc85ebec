"""Labels of every kind: counted, named by their rows, and never an id behind the door."""

import gzip
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from churn_data.errors import DataError, NoSuchColumn
from churn_model.usecase import parse_usecase
from churn_monitoring.outcomes.findings import Finding, Loaded
from churn_monitoring.outcomes.labels import LabelColumns
from churn_monitoring.outcomes.loading import load_labels
from tests.outcomes.answered import DOCUMENT, FIRST, LIMITS, Answer, Home
from tests.prediction_log.shipped import KEY, tables


def found(loaded: Loaded, *kinds: str) -> list[Finding]:
    return [loaded.findings[kind] for kind in kinds]


def statements(home: Home) -> list[dict[str, object]]:
    return [
        row for name, table in tables(home.folder / "log").items() if "_outcomes" in name for row in table.to_pylist()
    ]


def test_a_statement_is_a_pseudonym_and_what_became_of_it(home: Home) -> None:
    before = datetime.now(UTC)
    loaded = home.said(["7590-VHVEG", "yes", "2026-09-20"], ["5575-GNVDE", "", "2026-09-30"])
    assert (loaded.rows, loaded.empty, loaded.customers, loaded.kept) == (2, 1, 1, 1)
    ((name, _),) = tables(home.folder / "log").items()
    assert name.startswith("_outcomes/use_case=sample/month=2026-09/")
    (row,) = statements(home)
    assert before <= row.pop("time") <= datetime.now(UTC)  # type: ignore[operator]
    assert row == {"customer": KEY.of("7590-VHVEG"), "key": "first", "churned": True, "outcome_on": date(2026, 9, 20)}
    assert "VHVEG" not in repr(row)


def test_what_is_found_is_counted_and_named_by_row(home: Home) -> None:
    home.answered(Answer("a", FIRST), Answer("b", FIRST), Answer("c", date(2026, 9, 20)), Answer("d", FIRST))
    home.said(["a", "no", "2026-09-30"], ["b", "yes", "2026-09-10"])
    loaded = home.said(
        ["a", "no", "2026-10-31"],  # longer than before
        ["b", "no", "2026-10-31"],  # had left
        ["c", "yes", "2026-09-19"],  # before the answer
        ["stranger", "no", "2026-10-31"],
        ["d", "no", "2026-10-31"],
        ["d", "no", "2026-10-31"],
        ["e", "yes", "2026-10-01"],
        ["e", "no", "2026-10-02"],
    )
    assert (loaded.rows, loaded.customers) == (8, 6)
    assert found(loaded, "new", "extended", "repeated") == [Finding(4), Finding(1), Finding(0)]
    assert found(loaded, "corrected", "late", "twice") == [Finding(1, (3,)), Finding(1, (4,)), Finding(1, (7,))]
    assert found(loaded, "contradicting", "unknown", "before_prediction") == [
        Finding(1, (9,)), Finding(2, (5, 9)), Finding(1, (4,)),
    ]  # fmt: skip
    assert "1 contradict what was said before, and win (row 3)" in loaded.text()
    assert "stranger" not in loaded.text() + str(loaded.to_json())


def test_the_same_file_again_adds_nothing(home: Home) -> None:
    rows = [["a", "no", "2026-09-30"], ["b", "yes", "2026-09-10"]]
    home.said(*rows)
    before = statements(home)
    again = home.said(*rows)
    assert (again.kept, again.findings["repeated"].customers) == (0, 2)
    assert statements(home) == before


def test_a_clock_that_is_set_back_does_not_make_the_last_statement_the_first(home: Home) -> None:
    home.answered(Answer("a", FIRST))
    home.said(["a", "yes", "2026-09-10"])
    load_labels(
        home.file([["a", "no", "2026-10-31"]]),
        home.usecase,
        LabelColumns(),
        home.keys,
        home.store,
        LIMITS,
        clock=lambda: 5.0,
    )
    assert home.only_model().slices[0].quality.leavers == 0


@pytest.mark.parametrize(
    "spelling", ["{0:%d.%m.%Y}", "{0:%Y%m%d}", "{0:%Y-%m-%dT00:30:00}"], ids=["german", "compact", "time"]
)
def test_days_may_be_spelt_as_in_any_file(home: Home, spelling: str) -> None:
    days = [date(2026, 9, 13) + timedelta(days=place) for place in range(3)]
    home.said(*([f"c{place}", "no", spelling.format(day)] for place, day in enumerate(days)))
    assert sorted(str(row["outcome_on"]) for row in statements(home)) == [str(day) for day in days]


def test_a_day_for_all_stands_in_for_a_column(home: Home) -> None:
    home.said(["a", "no"], ["b", "yes"], header="customer,churned", otherwise=date(2026, 9, 30))
    assert {row["outcome_on"] for row in statements(home)} == {date(2026, 9, 30)}


def test_a_label_that_is_the_day_of_leaving_needs_no_other(home: Home) -> None:
    label = {"column": "left_on", "positive": "any date", "window": 1}
    home.usecase = parse_usecase({**DOCUMENT, "label": label}, "sample.yaml")
    home.said(["a", "2026-09-10"], ["b", ""], header="customer,left_on", otherwise=date(2026, 9, 30))
    said = {row["customer"]: (row["churned"], row["outcome_on"]) for row in statements(home)}
    assert said == {KEY.of("a"): (True, date(2026, 9, 10)), KEY.of("b"): (False, date(2026, 9, 30))}


@pytest.mark.parametrize("otherwise", [None, date(2026, 9, 30)], ids=["nothing else", "a day for the others"])
def test_a_day_of_leaving_before_1970_is_a_day(home: Home, otherwise: date | None) -> None:
    label = {"column": "left_on", "positive": "any date", "window": 1}
    home.usecase = parse_usecase({**DOCUMENT, "label": label}, "sample.yaml")
    home.said(["a", "1969-12-31"], header="customer,left_on", otherwise=otherwise)
    assert [row["outcome_on"] for row in statements(home)] == [date(1969, 12, 31)]


def test_who_has_no_label_stayed_where_the_use_case_says_so(home: Home) -> None:
    label = {"column": "churned", "positive": "x", "negative": "", "window": 1}
    home.usecase = parse_usecase({**DOCUMENT, "label": label}, "sample.yaml")
    loaded = home.said(["a", "x", "2026-09-10"], ["b", "", "2026-09-30"])
    assert (loaded.empty, {row["customer"]: row["churned"] for row in statements(home)}) == (
        0, {KEY.of("a"): True, KEY.of("b"): False},
    )  # fmt: skip


def test_parquet_and_packed_files_are_labels_too(home: Home) -> None:
    table = pyarrow.table({"customer": [1, 2], "churned": ["yes", "no"], "outcome_on": [date(2026, 9, 1)] * 2})
    path = home.folder / "labels.parquet"
    pyarrow.parquet.write_table(table, path)
    assert load_labels(path, home.usecase, LabelColumns(), home.keys, home.store, LIMITS).kept == 2
    packed = home.folder / "labels.csv.gz"
    packed.write_bytes(gzip.compress(b"customer,churned,outcome_on\n1.0,yes,2026-09-01\n"))
    again = load_labels(packed, home.usecase, LabelColumns(), home.keys, home.store, LIMITS)
    assert again.findings["repeated"].customers == 1


TOMORROW = datetime.now(UTC).date() + timedelta(days=3)  # of the day on which this is read, which may be over


@pytest.mark.parametrize(
    ("rows", "header", "problem"),
    [
        ([["", "yes", "2026-09-01"]], "customer,churned,outcome_on", 'column "customer", row 2: the id is missing'),
        ([["a", "yes", "2026-09-01"], ["b", "perhaps", "2026-09-01"]], "customer,churned,outcome_on",
         'column "churned", row 3: "perhaps" is not a label, "yes" or "no" was expected'),
        ([["a", "yes", "soon"]], "customer,churned,outcome_on", 'column "outcome_on", row 2: "soon" is not a date'),
        ([["a", "yes", ""]], "customer,churned,outcome_on", 'column "outcome_on", row 2: the date is missing'),
        ([["a", "yes", TOMORROW]], "customer,churned,outcome_on", f"row 2: {TOMORROW} lies in the future"),
        ([["a", "yes", "9999-12-31"]], "customer,churned,outcome_on", 'row 2: "9999-12-31" is not a date'),
        ([["a", "yes"]], "customer,churned", 'column "outcome_on", row 1: no such column in the header'),
        ([], "customer,churned,outcome_on", "has a header but no rows"),
        ([["a", "yes", "2026-09-01"], ["a"]], "customer,churned,outcome_on", "row 3: 1 field where the header has 3"),
        ([["4.90001E+11", "yes", "2026-09-01"]] * 2, "customer,churned,outcome_on", 'column "customer"'),
    ],
    ids=["no id", "no label", "no date", "no day", "tomorrow", "never", "no column", "empty", "short row", "cut ids"],
)  # fmt: skip
def test_a_file_that_cannot_be_right_is_refused_whole(
    home: Home, rows: list[list[object]], header: str, problem: str
) -> None:
    with pytest.raises(DataError) as refused:
        home.said(*rows, header=header)
    assert problem in str(refused.value)
    assert not (home.folder / "log").exists()


@pytest.mark.parametrize("column", ["customer", "churned"])
def test_columns_that_the_use_case_names_must_be_there(home: Home, column: str) -> None:
    header = "customer,churned,outcome_on".replace(column, "other")
    with pytest.raises(NoSuchColumn, match=column):
        home.said(["a", "yes", "2026-09-01"], header=header)


def test_a_store_that_cannot_be_written_is_named(home: Home) -> None:
    Path(home.folder / "log").write_text("a file where the store should be")
    with pytest.raises(DataError, match="log"):
        home.said(["a", "yes", "2026-09-01"])

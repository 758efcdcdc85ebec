"""Who left: by values of a column, by several of them, or by the day of leaving."""

import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from churn_campaigns.experiment.tally import Labels
from churn_data.errors import DataError
from churn_data.labels import labels_of
from churn_data.sources import read_customers
from churn_data.starter import Wishes, starter_usecase
from churn_model.errors import UseCaseError
from churn_model.rules import ANY_DATE, Label
from churn_model.usecase import UseCase, load_usecase, parse_usecase

ROWS = 120


def written(folder: Path, label: Callable[[int], str], name: str) -> Path:
    path = folder / "customers.csv"
    rows = (f"c{row},{row * 7 % 31},{label(row)}" for row in range(ROWS))
    path.write_text("\n".join([f"id,calls,{name}", *rows]) + "\n", encoding="utf-8")
    return path


FOUND: dict[str, tuple[str, Callable[[int], str], Wishes, str]] = {
    "date": ("cancel_date", lambda row: "" if row % 3 else f"2024-0{1 + row % 9}-11", Wishes(), '"any date"'),
    "date, named": ("gone", lambda row: "" if row % 3 else f"{1 + row % 28}.03.2024", Wishes("gone"), '"any date"'),
    "date, no end": (
        "left_on", lambda row: "9999-12-31" if row % 3 else f"2024-0{1 + row % 9}-11",
        Wishes("left_on", ANY_DATE), '"any date"',
    ),
    "several": (
        "status", lambda row: ("cancelled", "active", "paused", "Churned", "active", "active")[row % 6],
        Wishes("status"), '["Churned", "cancelled"]',
    ),
    "several, named": (
        "status", lambda row: ("x", "active", "paused", "y", "active", "active")[row % 6],
        Wishes("status", "x, y"), '["x", "y"]',
    ),
    "marks": ("gone", lambda row: "" if row % 3 else "x", Wishes("gone", "x"), '"x"'),
    "spanish": ("baja", lambda row: "no" if row % 3 else "sí", Wishes(), '"sí"'),
    "japanese": ("解約", lambda row: "いいえ" if row % 3 else "はい", Wishes(), '"はい"'),
    "arabic": ("مغادر", lambda row: "لا" if row % 3 else "نعم", Wishes(), '"نعم"'),
}  # fmt: skip


@pytest.mark.parametrize("kind", FOUND)
def test_a_first_use_case_knows_who_left(kind: str, tmp_path: Path) -> None:
    name, label, wishes, positive = FOUND[kind]
    path = written(tmp_path, label, name)
    lines: list[str] = []
    usecase = tmp_path / "usecase.yaml"
    usecase.write_text(starter_usecase(path, wishes, lines.append), encoding="utf-8")
    assert f"  positive: {positive}" in usecase.read_text(encoding="utf-8")
    dataset = read_customers(path, load_usecase(usecase))
    assert dataset.churned.tolist() == [int(row % 3 == 0) for row in range(ROWS)]
    assert list(dataset.frame) == ["calls"]
    told = [line for line in lines if "counts as having left" in line]
    assert len(told) == kind.startswith("several"), lines


def test_a_word_among_days_of_leaving_is_refused_by_its_row() -> None:
    cells = [None, "2024-01-01", "soon"]
    with pytest.raises(DataError, match='column "gone", row 4: "soon" is no date, the day of leaving or nothing was'):
        labels_of(cells, range(2, 5), Label("gone", ANY_DATE), "f.csv")
    with pytest.raises(DataError, match="every customer stayed, customers who left and who stayed are needed"):
        labels_of([None, None], range(2, 4), Label("gone", ANY_DATE), "f.csv")


NUMBERED: dict[str, tuple[str, tuple[str, ...], Wishes, str]] = {
    "levels of risk": ("churn_risk_score", ("1", "2", "5"), Wishes("churn_risk_score", "5"), '["1", "2"]'),
    "classes": ("target", ("0", "1", "2"), Wishes("target", "2"), '["0", "1"]'),
}


@pytest.mark.parametrize("kind", NUMBERED)
def test_a_number_among_several_is_a_status_where_the_name_says_so(kind: str, tmp_path: Path) -> None:
    name, values, wishes, stayed = NUMBERED[kind]
    text = starter_usecase(written(tmp_path, lambda row: values[row % 3], name), wishes, lambda _: None)
    assert f'positive: "{values[2]}" # the customer left\n  negative: {stayed}\n' in text


NOBODYS: dict[str, tuple[tuple[str, ...], str]] = {
    "not known": (("yes", "no", "Unknown"), 'row 4: "Unknown" is not a label (in 40 rows, of which this is the first)'),
    "nothing": (("NA",), "no row has a label; customers who left and who stayed are needed, or another column by"),
}


@pytest.mark.parametrize("kind", NOBODYS)
def test_who_is_not_known_to_have_left_has_not_stayed(kind: str, tmp_path: Path) -> None:
    values, problem = NOBODYS[kind]
    path = written(tmp_path, lambda row: values[row % len(values)], "churn")
    with pytest.raises(DataError, match=re.escape(problem)):
        starter_usecase(path, Wishes("churn"), lambda _: None)


def test_a_starter_is_written_though_some_have_no_label_and_says_what_to_do(tmp_path: Path) -> None:
    path = written(tmp_path, lambda row: ("yes", "no", "no", "")[row % 4], "churn")
    lines: list[str] = []
    text = starter_usecase(path, Wishes(), lines.append)
    usecase = tmp_path / "usecase.yaml"
    usecase.write_text(text, encoding="utf-8")
    said = "30 rows have no label, row 5 is the first: before training fill it in, take them out, or list"
    assert [line for line in lines if f'column "churn": {said}' in line], lines
    with pytest.raises(DataError, match="row 5: the label is missing"):
        read_customers(path, load_usecase(usecase))
    asked = '  negative: "no" # beside them "", in brackets, if who has no label stayed\n'
    assert asked in text
    usecase.write_text(text.replace(asked, '  negative: ["no", ""]\n'), encoding="utf-8")
    assert read_customers(path, load_usecase(usecase)).churned.sum() == ROWS / 4


def test_who_has_no_label_stayed_where_that_is_said() -> None:
    cells = ["yes", None, "no"]
    assert labels_of(cells, range(2, 5), Label("gone", "yes", ("no", "")), "f.csv").tolist() == [1, 0, 0]
    with pytest.raises(
        DataError, match='row 3: the label is missing, "yes" or "no" was expected: fill it in, take the'
    ):
        labels_of(cells, range(2, 5), Label("gone", "yes", "no"), "f.csv")


def test_a_third_value_is_refused_beside_several() -> None:
    label = Label("status", ("cancelled", "churned"), ("active",))
    with pytest.raises(DataError, match='row 3: "paused" is not a label, "cancelled" or "churned" or "active" was exp'):
        labels_of(["churned", "paused"], range(2, 4), label, "f.csv")


WRONG: dict[str, tuple[object, str]] = {
    "none": ({"positive": []}, "`label.positive` and `label.negative` need a value each"),
    "beside a date": ({"positive": "any date", "negative": "x"}, "`label.negative` has no meaning beside"),
    "both": ({"positive": ["a", "b"], "negative": "b"}, '"b" is both `label.positive` and `label.negative`'),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_label_that_means_nothing_is_refused(kind: str) -> None:
    label, problem = WRONG[kind]
    assert isinstance(label, dict)
    with pytest.raises(UseCaseError, match=problem):
        parse_usecase({"name": "n", "label": {"column": "c", **label}}, "u.yaml")


def test_values_of_a_list_are_what_the_file_says(tmp_path: Path) -> None:
    path = tmp_path / "u.yaml"
    path.write_text("name: n\nlabel:\n  column: c\n  positive: [Yes, 1]\n  negative: [No, 0]\n")
    assert load_usecase(path).label == Label("c", ("Yes", "1"), ("No", "0"))


@pytest.mark.parametrize(
    ("label", "texts"),
    [
        (Label("c", ("a", "b"), ("x", "y")), "abxy"),
        (Label("c", "a", ("x", "")), ["a", "a", "x", ""]),
        (Label("c", ANY_DATE), ["2024-01-31", "1.2.2024", "", "9999-12-31"]),
    ],
    ids=["values", "values and none", "days"],
)
def test_outcomes_of_experiments_are_read_by_the_same_rule(label: Label, texts: list[str]) -> None:
    labels = Labels(UseCase("n", label, "id"), "o.csv", "c")
    assert [labels.churned(text, 2) for text in texts] == [1, 1, 0, 0]
    with pytest.raises(DataError, match='column "c", row 7: "soon" is n'):
        labels.churned("soon", 7)
    other = Labels(UseCase("n", label, "id"), "o.csv", "churned")
    assert [other.churned(text, 2) for text in ("1", "0")] == [1, 0]
    assert msgspec.json.decode(msgspec.json.encode(label), type=Label) == label

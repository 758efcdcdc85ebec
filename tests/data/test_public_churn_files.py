"""Files as they are known from public collections of churn data: what `churn init` says of them is what a careful
analyst would say."""

import random
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from churn_data.csv_head import suggestion
from churn_data.errors import DataError
from churn_data.number_texts import NumberColumn
from churn_data.sources import read_customers
from churn_data.starter import Wishes, starter_usecase
from churn_model.spelling import Levels
from churn_model.usecase import UseCase, load_usecase

ROWS = 200
Draw = Callable[[random.Random, int, bool], object]


def understood(folder: Path, columns: Mapping[str, Draw]) -> tuple[UseCase, dict[str | None, str]]:
    """The use case of a file with such columns as training reads it, and what was said by column."""
    chance, path = random.Random(1), folder / "customers.csv"
    lines = [",".join(columns)]
    for row in range(ROWS):
        left = chance.random() < 0.3
        lines.append(",".join(str(draw(chance, row, left)) for draw in columns.values()))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    usecase = folder / "usecase.yaml"
    usecase.write_text(starter_usecase(path, Wishes(), lambda _: None), encoding="utf-8")
    dataset = read_customers(path, load_usecase(usecase))
    return dataset.usecase, {notice.column: notice.text for notice in dataset.notices}


def _left(yes: object = 1, no: object = 0) -> Draw:
    return lambda _, __, left: yes if left else no


def _amount(chance: random.Random, _: int, left: bool) -> object:
    return chance.randrange(300) - 100 * left + 100


def _some(many: int) -> Draw:
    """Ids that a few rows share."""
    return lambda chance, _, __: f"A-{chance.randrange(many)}"


def _unique(start: int, step: int = 1) -> Draw:
    return lambda _, row, __: start + step * (row * 7 % ROWS)


_CALLS: dict[str, Draw] = {"number customer service calls": lambda chance, _, left: chance.randrange(4) + 2 * left}
IDS: dict[str, tuple[dict[str, Draw], str, set[str]]] = {
    "telecom of UCI": (
        {"phone number": lambda _, row, __: f"382-{1000 + row}", **_CALLS},
        "phone number", {"number customer service calls"},
    ),
    "telecom without phones": (_CALLS, "", {"number customer service calls"}),
    "minutes of customers": (
        {"customer service number minutes": lambda chance, _, __: chance.randrange(90)},
        "", {"customer service number minutes"},
    ),
    "bank": ({"RowNumber": lambda _, row, __: row + 1, "CustomerId": _unique(15_565_701, 93)}, "CustomerId", set()),
    "bank, one word": (
        {"row_number": lambda _, row, __: row + 1, "clientnum": _unique(708_082_083, 93)}, "clientnum", set()
    ),
    "subscriptions of accounts": (
        {"subscription_id": lambda _, row, __: f"S-{row:06x}", "account_id": _some(90)}, "account_id", set()
    ),
    "policies of accounts": ({"policy_id": _unique(70_000), "account_id": _some(90)}, "account_id", set()),
    "accounts of customers": ({"account_id": _unique(70_000), "customer_id": _some(90)}, "customer_id", set()),
    "orders' customers": (
        {
            "order_id": _unique(70_000),
            "customer_unique_id": _some(90),
            "customer_zip_code_prefix": lambda chance, _, __: chance.randrange(10_000, 10_060),
        },
        "customer_unique_id", {"customer_zip_code_prefix"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", IDS)
def test_ids_are_the_customers_own(kind: str, tmp_path: Path) -> None:
    columns, expected, features = IDS[kind]
    usecase, said = understood(tmp_path, {**columns, "usage": _amount, "churn": _left("True.", "False.")})
    assert usecase.id == expected
    assert {feature.name for feature in usecase.features} == {"usage", *features}, said


LABELS: dict[str, tuple[dict[str, Draw], str, str]] = {
    "telecom of IBM": (
        {
            "Churn Label": _left("Yes", "No"),
            "Churn Value": _left(),
            "Churn Score": lambda chance, _, left: chance.randrange(5, 66) + 35 * left,
            "Churn Reason": lambda _, row, left: ("moved", "price")[row % 2] if left else "",
        },
        "Churn Label", "Yes",
    ),
    "music": ({"is_cancel": lambda chance, _, __: chance.randrange(2), "is_churn": _left()}, "is_churn", "1"),
    "music, shorter": ({"cancelled": lambda _, row, __: row % 2, "churn_flag": _left("Y", "N")}, "churn_flag", "Y"),
    "what comes of it": ({"Exited": _left(), "churn_risk": lambda _, row, __: row % 2}, "Exited", "1"),
    "telecom of a class": ({"Class": _left("churn", "no churn")}, "Class", "churn"),
    "employees": ({"LeaveOrNot": _left()}, "LeaveOrNot", "1"),
    "employees who say it": ({"Resigned": _left("True", "False")}, "Resigned", "True"),
    "students": (
        {"Target": lambda _, row, left: "Dropout" if left else ("Graduate", "Enrolled")[row % 2]}, "Target", "Dropout"
    ),
    "French": ({"client_parti": _left("oui", "non")}, "client_parti", "oui"),
    "Indonesian": ({"berhenti": _left("ya", "tidak")}, "berhenti", "ya"),
    "Vietnamese": ({"rời bỏ": _left("có", "không")}, "rời bỏ", "có"),
}  # fmt: skip


@pytest.mark.parametrize("kind", LABELS)
def test_the_label_is_the_column_that_says_who_left(kind: str, tmp_path: Path) -> None:
    columns, label, positive = LABELS[kind]
    usecase, said = understood(tmp_path, {"usage": _amount, **columns})
    assert (usecase.label.column, usecase.label.positive) == (label, positive)
    leaks = {name for name in columns if name.startswith("Churn")} - {label}
    assert not leaks & {feature.name for feature in usecase.features}, said


def test_labels_that_contradict_each_other_are_asked_for(tmp_path: Path) -> None:
    columns = {"usage": _amount, "churned": _left(), "Churn": lambda _, row, left: int(left != (row == 0))}
    with pytest.raises(DataError, match=r"which column says who left\? Name it by --label; two values have: churned"):
        understood(tmp_path, columns)


def test_days_without_a_word_for_them_are_no_amounts_and_amounts_no_days(tmp_path: Path) -> None:
    columns: dict[str, Draw] = {
        "init": lambda chance, _, __: f"2017{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}",
        "registration": lambda chance, _, __: 1_538_352_117_000 + chance.randrange(10**9),
        "contract_no": lambda chance, _, __: f"2017{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}",
        "turnover": lambda chance, _, __: 20_170_100 + 100 * chance.randrange(90),
    }
    usecase, _ = understood(tmp_path, {**columns, "churn": _left()})
    types = {feature.name: feature.type for feature in usecase.features}
    assert types == {"init": "date", "registration": "date", "contract_no": "number", "turnover": "number"}


def test_a_postal_code_that_is_new_is_no_misspelt_one() -> None:
    levels = ["93876", "93760", "SW1A 1AA", "month to month"]
    assert [suggestion(text, levels) for text in ("93765", "sw1a1aa", "Month-to-Month", "9376-0")] == [
        "", '; did you mean "SW1A 1AA"?', '; did you mean "month to month"?', '; did you mean "93760"?',
    ]  # fmt: skip
    assert [Levels(levels, ()).nearest(text) for text in ("93765", "SW1A 1AB")] == [None, "SW1A 1AA"]


def test_the_day_of_what_gives_the_answer_away_is_left_out_with_it(tmp_path: Path) -> None:
    day: Draw = lambda chance, _, __: f"2017-0{chance.randrange(1, 10)}-{chance.randrange(10, 29)}"  # noqa: E731
    columns = {
        "reservation_status_date": day, "reservation_date": day, "usage": _amount,
        "reservation_status": _left("Canceled", "Check-Out"), "is_canceled": _left(),
    }  # fmt: skip
    usecase, _ = understood(tmp_path, columns)
    assert [feature.name for feature in usecase.features] == ["reservation_date", "usage"]
    lines: list[str] = []
    starter_usecase(tmp_path / "customers.csv", Wishes(), lines.append)
    assert [line.partition(', column "')[2].partition('"')[0] for line in lines if "dates, read" in line] == [
        "reservation_date"
    ]
    text = (tmp_path / "usecase.yaml").read_text(encoding="utf-8")
    assert 'left out, the day of "reservation_status" by its name, which gives the answer away; list it among' in text


def test_an_amount_is_told_to_the_last_digit() -> None:
    column = NumberColumn()
    column.read({"₹12,34,567.25": 3, "₹999.00": 1})
    assert column.findings() == [("number form", 'texts such as "₹12,34,567.25" are read as numbers, 1234567.25')]

"""Columns that are called money in other languages than English are offered for what a customer is worth."""

from pathlib import Path

import pytest

from churn_data.starter import Wishes, starter_usecase

NAMES = {
    "Grundgebühr": False, "Monatsbeitrag": True, "monatliche Kosten": True, "Umsatz pro Monat": True,
    "cuota mensual": True, "prix mensuel": True, "Opłata miesięczna": True, "canone mensile": True, "月费": True,
    "Aylık Ücret": True,  # noqa: RUF001 - Turkish
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_money_is_known_by_its_name(name: str, tmp_path: Path) -> None:
    rows = "".join(f"K{number};{10 + number / 7:.2f};{'Ja' if number % 3 else 'Nein'}\n" for number in range(60))
    (tmp_path / "kunden.csv").write_text(f"Kundennummer;{name};Gekündigt\n{rows}", encoding="utf-8")
    text = starter_usecase(tmp_path / "kunden.csv", Wishes(), lambda _line: None, lambda *_: None)
    assert f'column: "{name}"' in text
    assert ("\nvalue:\n" in text) == NAMES[name]


def started(folder: Path, header: str, *rows: str) -> str:
    (folder / "telecom.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return starter_usecase(folder / "telecom.csv", Wishes(), lambda _line: None, lambda *_: None)


def test_the_whole_of_a_monthly_bill_goes_before_a_part_of_it(tmp_path: Path) -> None:
    rows = (
        f"K{row},{row % 50 + 0.5},{60 + row % 40 - 100 * (row == 7)},{'yes' if row % 7 < 3 else 'no'}"
        for row in range(90)
    )
    text = started(tmp_path, "id,Avg Monthly Long Distance Charges,Monthly Charge,churned", *rows)
    assert '  column: "Monthly Charge" # guessed by its name: money, a month; below 0 in 1 row\n' in text


@pytest.mark.parametrize("name", ["payment delay last month", "monthly revenue change", "failures of monthly payment"])
def test_what_is_counted_about_payments_is_no_money(name: str, tmp_path: Path) -> None:
    rows = (f"K{row},{row % 50},{'yes' if row % 7 < 3 else 'no'}" for row in range(90))
    assert "\nvalue:" not in started(tmp_path, f"id,{name},churned", *rows)


def test_what_is_often_below_zero_is_no_bill(tmp_path: Path) -> None:
    rows = (f"K{row},{row % 50 - 9},{'yes' if row % 7 < 3 else 'no'}" for row in range(90))
    assert "\nvalue:" not in started(tmp_path, "id,monthly change of revenue,churned", *rows)


FEW = {
    "a gym's": ((19.99, 29.99, 49.0, 79.0), True),
    "whole": ((20, 35, 50), True),
    "two": ((9.5, 19.5), True),
    "flag": ((0, 1), False),
    "codes": ((1, 2, 3, 4), False),
    "levels with a gap": ((0, 1, 2, 4, 5), False),
    "one": ((30,), False),
}


@pytest.mark.parametrize("kind", FEW)
def test_a_price_of_few_levels_is_money_and_a_code_is_none(kind: str, tmp_path: Path) -> None:
    prices, money = FEW[kind]
    rows = "".join(
        f"K{row},{row % 13},{prices[row % len(prices)]},{'yes' if row % 7 < 3 else 'no'}\n" for row in range(60)
    )
    (tmp_path / "gym.csv").write_text(f"id,visits,Monthly fee (£),churned\n{rows}", encoding="utf-8")
    text = starter_usecase(tmp_path / "gym.csv", Wishes(), lambda _line: None, lambda *_: None)
    assert ('\nvalue:\n  column: "Monthly fee (£)"' in text) == money
    assert ("no column is called so" in text) != money


def test_money_that_gives_the_answer_away_is_not_what_customers_are_worth(tmp_path: Path) -> None:
    rows = "".join(
        f"K{row},{row % 13},{0 if row % 3 else 30 + row % 20},{'no' if row % 3 else 'yes'}\n" for row in range(90)
    )
    (tmp_path / "gym.csv").write_text(f"id,visits,monthly refund fee,churned\n{rows}", encoding="utf-8")
    text = starter_usecase(tmp_path / "gym.csv", Wishes(), lambda _line: None, lambda *_: None)
    assert "\nvalue:" not in text
    assert "no column is called so" in text
    assert '# - {name: "monthly refund fee"' in text

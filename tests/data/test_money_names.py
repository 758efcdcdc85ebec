"""Columns that are called money in other languages than English are offered for what a customer is worth."""

from pathlib import Path

import pytest

from churn_data.starter import Wishes, starter_usecase

NAMES = {
    "Grundgebühr": False, "Monatsbeitrag": True, "monatliche Kosten": True, "Umsatz pro Monat": True,
    "cuota mensual": True, "prix mensuel": True,
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_money_is_known_by_its_name(name: str, tmp_path: Path) -> None:
    rows = "".join(f"K{number};{10 + number / 7:.2f};{'Ja' if number % 3 else 'Nein'}\n" for number in range(60))
    (tmp_path / "kunden.csv").write_text(f"Kundennummer;{name};Gekündigt\n{rows}", encoding="utf-8")
    text = starter_usecase(tmp_path / "kunden.csv", Wishes(), lambda _line: None, lambda *_: None)
    assert f'column: "{name}"' in text
    assert ("\nvalue:\n" in text) == NAMES[name]

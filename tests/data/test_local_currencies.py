"""Amounts with a currency's own sign behind them, as Poland, Czechia, Japan, China and Korea write it, are numbers."""

from pathlib import Path

import pytest

from churn_data.sources import read_customers
from churn_data.starter import Wishes, starter_usecase
from churn_model.usecase import load_usecase


@pytest.mark.parametrize("sign", ["zł", "Kč", "円", "元", "원"])
def test_an_amount_with_its_currencys_own_sign_is_a_number(sign: str, tmp_path: Path) -> None:
    path, usecase = tmp_path / "export.csv", tmp_path / "usecase.yaml"
    fees = [100 + 7 * number % 61 for number in range(120)]
    rows = [f"C{n:04d},{fee} {sign},{'yes' if n % 3 == 0 else 'no'}" for n, fee in enumerate(fees)]
    path.write_text("\n".join(["customer_id,fee,churned", *rows]) + "\n", encoding="utf-8")
    usecase.write_text(starter_usecase(path, Wishes(), list[str]().append), encoding="utf-8")
    assert read_customers(path, load_usecase(usecase)).frame["fee"].tolist() == fees

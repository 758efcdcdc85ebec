"""Numbers that may be read in two ways: all read the same and say so; infinity is none."""

import re
from pathlib import Path

import pytest

from churn_data.cells import numbers
from churn_data.dialects import Decimal
from churn_data.errors import DataError
from churn_data.number_texts import NumberColumn
from churn_data.sources import read_customers
from churn_data.starter import Wishes, starter_usecase
from churn_model.usecase import Label, UseCase

READINGS: dict[str, tuple[str, list[str], list[float], bool]] = {
    "thousands beside hundreds": (",", ["1.076", "998", "12.500"], [1076, 998, 12500], True),
    "thousands alone": (",", ["1.076", "2.657", "2.032"], [1076, 2657, 2032], True),
    "millions": (",", ["1.234.567", "998", "1.076"], [1234567, 998, 1076], True),
    "ratios behind a point": (",", ["0.289", "0.193", "1.160"], [0.289, 0.193, 1.160], False),
    "ratios behind a comma": (".", ["0,289", "0,193", "1,160"], [0.289, 0.193, 1.160], True),
}
"""The decimal sign of the file's other numbers, texts, what they are, and whether that is worth a line."""
MANY = 40


def _file(folder: Path, texts: list[str], fee: str) -> Path:
    path = folder / "customers.csv"
    rows = (
        f"c{row};{texts[row % len(texts)]};{row}{fee};{'no' if row % 5 else 'yes'}" for row in range(MANY * len(texts))
    )
    path.write_text("\n".join(["id;amount;fee;churn", *rows]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", READINGS)
def test_a_first_use_case_training_and_scoring_read_the_same(kind: str, tmp_path: Path) -> None:
    sign, texts, expected, told = READINGS[kind]
    path = _file(tmp_path, texts, f"{sign}25")
    trained = read_customers(path, UseCase("n", Label("churn", "yes"), "id")).frame["amount"]
    assert trained.tolist() == expected * MANY
    decimal: Decimal = "," if sign == "," else "."
    scored = numbers(texts, range(2, 5), str(path), "amount", written=NumberColumn(decimal))
    assert scored.tolist() == expected
    lines: list[str] = []
    text = starter_usecase(path, Wishes(), lines.append)
    found = re.search(r'name: "amount", type: number.*# 3 different: ([^;\n]*)', text)
    assert found is not None
    assert sorted(map(float, found[1].split(", "))) == sorted(expected)
    assert any('"amount"' in line and "are read as numbers" in line for line in lines) is told


@pytest.mark.parametrize("different", [99, 5], ids=["many numbers", "few numbers"])
@pytest.mark.parametrize("infinite", ["inf", "-Infinity", "1e999"])
def test_an_infinite_number_is_refused_by_its_row_or_missing_with_a_line(
    infinite: str, different: int, tmp_path: Path
) -> None:
    path = tmp_path / "customers.csv"
    rows = [f"c{row},{row % different * 1.5},{'no' if row % 3 else 'yes'}" for row in range(100)]
    rows[7] = f"c7,{infinite},no"
    path.write_text("\n".join(["id,balance,churn", *rows]) + "\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_customers(path, UseCase("n", Label("churn", "yes"), "id"))
    assert f'column "balance", row 9: "{infinite}" is infinite or too large, a finite number was expected' in str(
        caught.value
    )
    lines: list[str] = []
    text = starter_usecase(path, Wishes(), lines.append)
    assert '{name: "balance", type: number' in text
    assert any(f'row 9: "{infinite}" is infinite or too large (99 numbers, 1 not)' in line for line in lines)

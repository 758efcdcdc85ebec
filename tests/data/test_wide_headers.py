"""A header that is longer than what is looked at of a file: refused as what it is, at once."""

from pathlib import Path

import pytest

from churn_data.errors import DataError
from churn_data.tables import open_table

COLUMNS = 10**6
NAMES = ",".join(f"c{number}" for number in range(COLUMNS))
MANY = r"has more than 14\d,\d{3} columns, more than can be read; leave out those that are not needed"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{NAMES}\n{',' * (COLUMNS - 1)}\n", f"row 1: {MANY}"),
        (f"customer,left,outcome_on,{NAMES}\nc1,yes,2026-01-01{',1' * COLUMNS}\n", f"row 1: {MANY}"),
        (f"Outcomes of June\n{NAMES}\n{',' * (COLUMNS - 1)}\n", f"row 2: {MANY}"),
        (
            f"{NAMES.replace(',', 'a name like those of questionnaires,')}\n",
            r"row 1: has more than 2\d,\d{3} columns, more",
        ),
        (NAMES.replace(",", ";"), "row 1: its first row does not end within a megabyte: it is no table, or one of too"),
    ],
    ids=["names alone", "behind what is needed", "below a title", "long names", "nothing else"],
)
def test_a_million_columns_are_called_too_many(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "wide.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=said), open_table(path) as table:
        list(table.chunks)


def test_a_long_cell_below_a_header_is_no_header(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text(f"customer,left\nc1,{'x' * (2 << 20)}\n")
    with open_table(path) as table:
        assert table.header == ("customer", "left")

"""Tables that somebody else has put among those of the log, and what callers send that is shown to people."""

from datetime import date
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from churn_data.errors import DataError
from churn_monitoring.outcomes.documents import report_text
from churn_monitoring.outcomes.report import Asked
from tests.outcomes.answered import FIRST, LAST, Answer, Home
from tests.prediction_log.shipped import tables


@pytest.fixture
def table(home: Home) -> Path:
    """Of the log in which thirty customers were answered, of whom everything is known."""
    home.answered(*(Answer(f"c{n}", FIRST, n / 30, region="a\x1b[31m\nb" if n % 2 else "north") for n in range(30)))
    home.said(*([f"c{n}", *(("yes", "2026-09-20") if n > 14 else ("no", "2026-10-31"))] for n in range(30)))
    (name,) = (each for each in tables(home.folder / "log") if "_outcomes" not in each)
    return home.folder / "log" / name


def foreign(table: Path, content: bytes | pyarrow.Table) -> Path:
    path = table.with_name("foreign.parquet")
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        pyarrow.parquet.write_table(content, path)
    return path


def of_another_time(table: Path) -> pyarrow.Table:
    found = pyarrow.parquet.ParquetFile(table).read()
    return found.set_column(0, "time", found["time"].cast(pyarrow.timestamp("ns", "UTC")))


@pytest.mark.parametrize("kind", ["no table", "nothing", "cut", "other columns", "other kinds", "another time"])
def test_a_table_that_is_none_of_the_log_is_named(home: Home, table: Path, kind: str) -> None:
    contents = {
        "no table": b"no table",
        "nothing": b"",
        "cut": table.read_bytes()[:300],
        "other columns": pyarrow.table({"x": [1]}),
        "other kinds": pyarrow.table({"customer": ["c1"], "digest": [1], "time": ["2026"]}),
        "another time": of_another_time(table),
    }
    path = foreign(table, contents[kind])
    with pytest.raises(DataError) as refused:
        home.report()
    assert str(refused.value) == f"{path}: is no table of the prediction log; move it away"
    path.unlink()
    assert home.only_model().slices[0].quality.customers == 30


@pytest.mark.parametrize("day", [date(1, 1, 1), date(1, 1, 31), date(1, 2, 15)])
def test_a_day_before_all_answers_is_refused(home: Home, table: Path, day: date) -> None:
    assert table.exists()
    with pytest.raises(DataError, match=rf"--as-of: is {day}, before which nobody can have been answered"):
        home.report(Asked(as_of=day))


def test_what_callers_send_cannot_write_to_a_terminal_what_it_likes(home: Home, table: Path) -> None:
    assert table.exists()
    text = report_text(home.report(Asked((FIRST, LAST))))
    assert "\x1b" not in text
    assert "region a\\x1b[31m\\nb" in text

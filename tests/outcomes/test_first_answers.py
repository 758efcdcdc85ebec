"""How much of the log is read to tell who was answered when: tables that nobody has to read are made unreadable."""

from datetime import date
from pathlib import Path

import pytest

from churn_data.errors import DataError
from churn_monitoring.outcomes.findings import Finding, Loaded, Looked
from churn_monitoring.prediction_log.changes import erase, retain
from tests.outcomes.answered import Answer, Home
from tests.prediction_log.shipped import KEY, tables

AUGUST, SEPTEMBER, OCTOBER = date(2026, 8, 5), date(2026, 9, 5), date(2026, 10, 5)
SEEN = date(2026, 10, 31)


def spoil(home: Home, *days: date) -> None:
    """Make tables of answers of these days unreadable."""
    for day in days:
        for path in (home.folder / "log" / "use_case=sample" / f"date={day}").rglob("*.parquet"):
            path.write_bytes(b"nobody should read this")


def lists(home: Home) -> list[Path]:
    return sorted((home.folder / "log" / "_outcomes").rglob("answered-*.parquet"))


def loaded(home: Home, *names: str) -> Loaded:
    return home.said(*([name, "no", SEEN] for name in names))


@pytest.fixture
def three_months(home: Home) -> Home:
    home.answered(Answer("a", AUGUST), Answer("b", SEPTEMBER), Answer("a", SEPTEMBER), Answer("c", OCTOBER))
    return home


def test_nothing_is_read_after_the_day_on_which_everybody_is_found(three_months: Home) -> None:
    spoil(three_months, OCTOBER)
    assert loaded(three_months, "a", "b").looked == Looked(3, 2, 0)
    assert [path.parent.name for path in lists(three_months)] == ["month=2026-08"]  # the one that was read whole
    with pytest.raises(DataError):
        loaded(three_months, "c")


def test_whoever_was_never_answered_costs_the_whole_log_once(three_months: Home) -> None:
    first = loaded(three_months, "a", "stranger")
    assert first.looked == Looked(3, 3, 0)
    spoil(three_months, AUGUST, SEPTEMBER, OCTOBER)
    again = loaded(three_months, "stranger", "b", "c")
    assert again.looked == Looked(3, 0, 3)
    assert (again.findings["unknown"], again.findings["before_prediction"]) == (Finding(1, (2,)), Finding(0))
    early = three_months.said(["b", "yes", "2026-09-04"], ["c", "yes", "2026-10-05"], ["stranger", "no", SEEN])
    assert early.findings["before_prediction"] == Finding(1, (2,))


def test_a_month_that_gets_more_tables_is_read_again(three_months: Home) -> None:
    loaded(three_months, "stranger")
    three_months.answered(Answer("late", SEPTEMBER))
    assert len(lists(three_months)) == 3
    found = loaded(three_months, "late", "stranger")
    assert found.looked == Looked(4, 2, 2)
    assert found.findings["unknown"] == Finding(1, (3,))
    assert len(lists(three_months)) == 3


def test_a_month_that_is_not_over_has_no_list(home: Home) -> None:
    home.answered(Answer("a", date.today()))  # noqa: DTZ011 - as the clock of loading
    loaded(home, "stranger")
    assert not lists(home)


def test_who_is_forgotten_is_in_no_list(three_months: Home) -> None:
    loaded(three_months, "stranger")
    erase(three_months.store, "b", three_months.keys)
    kept = [row["customer"] for table in tables(three_months.folder / "log").values() for row in table.to_pylist()]
    assert KEY.of("b") not in kept
    assert KEY.of("a") in kept
    assert loaded(three_months, "b", "c").findings["unknown"] == Finding(1, (2,))


def test_who_comes_back_after_being_forgotten_is_known_from_then_on(home: Home) -> None:
    home.answered(Answer("a", SEPTEMBER), Answer("b", SEPTEMBER))
    back = date(2026, 9, 20)
    until = 1_789_000_000  # 2026-09-10
    erase(home.store, "a", home.keys, clock=lambda: float(until))
    home.answered(Answer("a", back))
    loaded(home, "stranger")
    found = home.said(["a", "yes", "2026-09-15"], ["stranger", "no", SEEN])
    assert found.findings["before_prediction"] == Finding(1, (2,))


def test_lists_go_with_their_months(three_months: Home) -> None:
    loaded(three_months, "stranger")
    retain(three_months.store, 1, date(2026, 10, 1))
    assert [path.parent.name for path in lists(three_months)] == ["month=2026-10"]
    assert loaded(three_months, "a", "c").findings["unknown"] == Finding(1, (2,))

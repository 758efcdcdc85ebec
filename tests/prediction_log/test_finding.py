"""Who asks what is kept of them is told all of it, by every key, and nothing of anybody else."""

from datetime import date
from pathlib import Path

import pytest

from churn_data.errors import DataError
from churn_model.prediction_log.pseudonyms import PseudonymKey
from churn_monitoring.prediction_log.changes import erase
from churn_monitoring.prediction_log.finding import Kept, find
from tests.outcomes.answered import Answer, Home
from tests.prediction_log.shipped import KEY

OLDER = PseudonymKey("older", b"o" * 32)
JUNE = date(2026, 6, 10)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """`a` was answered twice, by two keys, and left; `b` was answered and stayed; `c` was never answered."""
    home = Home(tmp_path, keys=(OLDER, KEY))
    home.answered(Answer("a", JUNE, 0.25), Answer("b", JUNE, 0.5), key=OLDER)
    home.answered(Answer("a", date(2026, 7, 10), 0.75, action=None, expected=None, region=None), key=KEY)
    home.said(("a", "yes", "2026-07-20"), ("b", "no", "2026-08-20"), ("c", "no", "2026-08-20"))
    return home


def test_all_that_is_kept_of_a_customer_the_oldest_first(home: Home) -> None:
    looked: list[tuple[int, int]] = []
    found = find(home.store, " a ", home.keys, lambda done, of: looked.append((done, of)))
    first, second = found.answers
    assert (first["key"], first["churn_probability"], first["customer"]) == ("older", 0.25, OLDER.of("a").hex())
    assert first["time"].startswith("2026-06-10T12:00:00")
    assert first["features"] == {"charges": 50.0, "region": "north"}
    assert (second["key"], second["action"], second["features"]["region"]) == ("first", None, None)
    assert {each["use_case"] for each in (*found.answers, *found.outcomes)} == {"sample"}
    assert [(each["churned"], each["outcome_on"]) for each in found.outcomes] == [(True, "2026-07-20")] * 2
    assert [each["time"][:10] for each in found.lists] == ["2026-06-10", "2026-07-10"]
    assert looked == [(place, len(looked)) for place in range(len(looked))]


def test_nobody_is_mistaken_for_another_and_who_was_forgotten_is_not_there(home: Home) -> None:
    assert len(find(home.store, "b", home.keys).answers) == 1
    assert find(home.store, "d", home.keys) == Kept([], [], [])
    assert len(find(home.store, "a", [KEY]).answers) == 1
    erase(home.store, "a", home.keys)
    assert find(home.store, "a", home.keys) == Kept([], [], [])


def test_a_table_that_is_none_is_named(home: Home) -> None:
    name = "use_case=sample/date=2026-06-10/hour=12/x.parquet"
    home.store.put(name, b"no table")
    with pytest.raises(DataError, match=name):
        find(home.store, "a", home.keys)

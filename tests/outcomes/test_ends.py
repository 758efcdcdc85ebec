"""What ends a report in one line, and who and what goes from what it is made of."""

from datetime import date, timedelta

import pytest

from churn_data.errors import DataError
from churn_model.errors import UseCaseError
from churn_model.usecase import UseCase, parse_usecase
from churn_monitoring.outcomes.documents import STATED, report_json, report_text
from churn_monitoring.outcomes.report import Arms, Asked
from churn_monitoring.prediction_log.changes import erase, retain
from tests.outcomes.answered import DOCUMENT, FIRST, LAST, Answer, Home
from tests.prediction_log.shipped import KEY, tables

SEEN = date(2026, 10, 31)


def test_who_is_forgotten_is_forgotten_here_too(home: Home) -> None:
    home.answered(Answer("a", FIRST), Answer("b", FIRST))
    home.said(["a", "no", SEEN], ["b", "yes", "2026-10-01"])
    erase(home.store, "a", home.keys)
    assert [row["customer"] for table in tables(home.folder / "log").values() for row in table.to_pylist()] == [
        KEY.of("b")
    ] * 2
    assert home.only_model().states["known"] == 1


def test_retention_takes_away_what_became_of_customers_by_whole_months(home: Home) -> None:
    home.said(["a", "no", "2026-09-30"], ["b", "yes", "2026-10-01"])
    assert retain(home.store, 1, date(2026, 9, 30)).files == 0
    assert retain(home.store, 1, date(2026, 10, 1)).files == 1
    assert len(tables(home.folder / "log")) == 1


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        (Asked((LAST, FIRST)), "is 2026-09-01, before --from 2026-09-30"),
        (Asked((date(2024, 1, 1), LAST)), "makes more than 366 days from"),
        (Asked((date(2025, 1, 1), date(2025, 1, 31))), "no answer of sample from 2025-01-01 to 2025-01-31 is there"),
    ],
    ids=["backwards", "long", "empty"],
)
def test_a_period_that_is_none_is_one_line(home: Home, asked: Asked, problem: str) -> None:
    home.answered(Answer("a", FIRST))
    home.said(["a", "no", SEEN])
    with pytest.raises(DataError, match=problem):
        home.report(asked)


@pytest.mark.parametrize(
    ("rows", "header", "problem"),
    [
        ([["a", "call"]], "id,side", 'column "arm", row 1: no such column'),
        ([["a", "call"]], "name,arm", 'column "customer", row 1: no such column'),
        ([["", "call"]], "id,arm", 'column "id", row 2: is missing'),
        ([["a", ""]], "id,arm", 'column "arm", row 2: is missing'),
        ([["a", "call"], ["b", "none"], ["a", "control"]], "customer,arm", "row 4: is the customer of a row before"),
    ],
    ids=["no arm", "no id", "empty id", "empty arm", "two arms"],
)
def test_arms_that_cannot_be_right_are_one_line(home: Home, rows: list[list[str]], header: str, problem: str) -> None:
    home.answered(Answer("a", FIRST))
    home.said(["a", "no", SEEN])
    with pytest.raises(DataError) as refused:
        home.report(Asked((FIRST, LAST), arms=Arms(home.file(rows, header), home.keys)))
    assert problem in str(refused.value)


def test_nothing_known_and_no_window_are_one_line(home: Home) -> None:
    home.answered(Answer("a", FIRST))
    with pytest.raises(DataError, match="no outcome is known yet"):
        home.report()
    home.usecase = without_window()
    home.said(["a", "no", SEEN])
    with pytest.raises(UseCaseError, match=r"no `label\.window` with `time` says .* --horizon \"3 months\""):
        home.report()


def without_window(**more: str) -> UseCase:
    label = {"column": "churned", "positive": "yes", "negative": "no", **more}
    return parse_usecase({**DOCUMENT, "label": label}, "sample.yaml")


@pytest.mark.parametrize("usecase", [without_window(), without_window(window="ever")], ids=["none", "ever"])
def test_a_label_without_a_window_is_judged_within_a_stated_time(home: Home, usecase: UseCase) -> None:
    home.usecase = usecase
    home.answered(*(Answer(name, FIRST) for name in ("soon", "later", "stays", "not seen long enough")))
    home.said(
        ["soon", "yes", FIRST + timedelta(days=10)], ["later", "yes", FIRST + timedelta(days=11)],
        ["stays", "no", FIRST + timedelta(days=10)], ["not seen long enough", "no", FIRST + timedelta(days=9)],
    )  # fmt: skip
    found = home.report(Asked((FIRST, LAST), horizon=10))
    assert (found.question.window_days, found.question.stated) == (10, True)
    quality = found.models[0].slices[0].quality
    assert (quality.customers, quality.leavers) == (3, 1)
    assert STATED in report_text(found)
    assert report_json(found)["window_stated"] is True


def test_a_time_beside_the_window_of_the_label_is_refused(home: Home) -> None:
    home.answered(Answer("a", FIRST))
    home.said(["a", "no", SEEN])
    with pytest.raises(UseCaseError, match=r"within 30 days \(`label\.window`\): leave --horizon out"):
        home.report(Asked((FIRST, LAST), horizon=60))
    same = home.report(Asked((FIRST, LAST), horizon=30))
    assert (same.question.stated, STATED in report_text(same)) == (False, False)


def test_a_table_that_is_none_is_named(home: Home) -> None:
    home.answered(Answer("a", FIRST))
    home.said(["a", "no", SEEN])
    (path,) = (home.folder / "log" / "use_case=sample").rglob("*.parquet")
    path.write_bytes(b"power was lost")
    with pytest.raises(DataError, match=path.name):
        home.report()

"""A date is the same number of days in every spelling, and what is none says so in one way."""

import math
from datetime import datetime

import pytest

from churn_model.dates import (
    COMPACT,
    COMPACT_MONTH,
    EPOCH_MILLISECONDS,
    EPOCH_SECONDS,
    EXCEL_DAYS,
    ISO,
    QUARTER,
    WEEK,
    counted_text,
    days_before,
    is_impossible_date,
    is_number,
    moment,
)

SNAPSHOT = datetime(2024, 3, 31)  # noqa: DTZ001 - dates of customers have no zone
SPELT = [
    ("2024-03-31", ISO, "2024-03-31"),
    ("2024-03-31T12:30:00", ISO, "2024-03-31 12:30"),
    ("2024-03-31T00:30:00+02:00", ISO, "2024-03-30 22:30"),
    ("2024-03-31", "%d.%m.%Y", "2024-03-31"),
    ("31.03.2024", "%d.%m.%Y", "2024-03-31"),
    ("31/03/2024", "%d.%m.%Y | %d/%m/%Y | %Y%m%d", "2024-03-31"),
    ("20240331", "%d.%m.%Y | %d/%m/%Y | %Y%m%d", "2024-03-31"),
    ("01.02.2024", "%d.%m.%Y | %m.%d.%Y", "2024-02-01"),
    ("01.13.2024", "%d.%m.%Y | %m.%d.%Y", "2024-01-13"),
    ("31.12.29", "%d.%m.%y from 1930", "2029-12-31"),
    ("01.01.30", "%d.%m.%y from 1930", "1930-01-01"),
    ("31.12.99", "%d.%m.%y from 1930", "1999-12-31"),
    ("31.12.69", "%d.%m.%y from 1970", "2069-12-31"),
    ("2024-Q1", QUARTER, "2024-01-01"),
    ("2024Q2", QUARTER, "2024-04-01"),
    ("Q3/2024", QUARTER, "2024-07-01"),
    ("Q4 2024", QUARTER, "2024-10-01"),
    ("2024-W03", WEEK, "2024-01-15"),
    ("KW1-2024", WEEK, "2024-01-01"),
    ("2020W53", WEEK, "2020-12-28"),
    ("1711843200", EPOCH_SECONDS, "2024-03-31"),
    ("1", EPOCH_SECONDS, "1970-01-01 00:00:01"),
    ("1711843200000", EPOCH_MILLISECONDS, "2024-03-31"),
    ("45382", EXCEL_DAYS, "2024-03-31"),
    ("45382.5", EXCEL_DAYS, "2024-03-31 12:00"),
    ("20240331", COMPACT, "2024-03-31"),
    ("20240331.0", COMPACT, "2024-03-31"),
    ("202403", COMPACT_MONTH, "2024-03-01"),
    ("202403.0", COMPACT_MONTH, "2024-03-01"),
]
NONE = [
    ("31.03.2024", ISO),
    ("2024-02-30", ISO),
    ("2024-02-30", "%d.%m.%Y"),
    ("32.03.2024", "%d.%m.%Y"),
    ("31.03.24", "%d.%m.%Y | %m.%d.%Y"),
    ("2024-Q5", QUARTER),
    ("2024-Q0", QUARTER),
    ("2024-Q11", QUARTER),
    ("2021-W53", WEEK),
    ("2024-W00", WEEK),
    ("W032024", WEEK),
    ("soon", EPOCH_SECONDS),
    ("nan", EPOCH_SECONDS),
    ("inf", EXCEL_DAYS),
    ("1e14", EPOCH_MILLISECONDS),
    ("-1e14", EPOCH_MILLISECONDS),
    ("99999999999999", EPOCH_SECONDS),
    ("2024031", COMPACT_MONTH),
    ("20243", COMPACT_MONTH),
    ("", "%d.%m.%Y"),
]


@pytest.mark.parametrize(("text", "spelling", "expected"), SPELT)
def test_a_spelling_says_which_moment_is_meant(text: str, spelling: str, expected: str) -> None:
    assert moment(text, spelling) == datetime.fromisoformat(expected)


@pytest.mark.parametrize(("text", "spelling"), NONE)
def test_what_is_no_date_is_refused(text: str, spelling: str) -> None:
    with pytest.raises(ValueError, match=r"^is not a date, e\.g\. 2024-03-31$"):
        days_before(SNAPSHOT, text, spelling)


@pytest.mark.parametrize(
    ("text", "days"),
    [("2024-03-30", 1.0), ("2024-03-31", 0.0), ("2024-04-01", -1.0), ("2024-03-30T12:00:00", 0.5)],
)
def test_days_are_counted_up_to_the_snapshot(text: str, days: float) -> None:
    assert days_before(SNAPSHOT, text) == days


@pytest.mark.parametrize(
    "text", ["0001-01-01", "1799-12-31", "2200-01-01", "9999-12-31", "0000-00-00", "0000-00-00 00:00:00"]
)
def test_years_out_of_all_time_say_that_there_is_none(text: str) -> None:
    assert math.isnan(days_before(SNAPSHOT, text))


@pytest.mark.parametrize("spelling", [EPOCH_SECONDS, EPOCH_MILLISECONDS, EXCEL_DAYS])
def test_a_zero_of_a_counting_program_is_none_either(spelling: str) -> None:
    assert math.isnan(days_before(SNAPSHOT, "0", spelling))


@pytest.mark.parametrize("text", ["1800-01-01", "2199-12-31"])
def test_the_first_and_last_years_are_dates(text: str) -> None:
    assert math.isfinite(days_before(SNAPSHOT, text))


@pytest.mark.parametrize(
    ("text", "impossible"),
    [("2024-02-30", True), ("2023-02-29", True), ("2024-02-29", False), ("as_of", False), ("30.02.2024", False)],
)
def test_a_day_that_no_calendar_has(text: str, impossible: bool) -> None:
    assert is_impossible_date(text) is impossible


@pytest.mark.parametrize(
    ("value", "spelling", "text"),
    [
        (20240331, COMPACT, "20240331"),
        (20240331.0, COMPACT, "20240331"),
        (45382.5, EXCEL_DAYS, "45382.5"),
        (1e13, EPOCH_MILLISECONDS, "10000000000000"),
        (True, COMPACT, True),
        ("20240331", COMPACT, "20240331"),
        (20240331, ISO, 20240331),
        (None, COMPACT, None),
    ],
)
def test_a_number_is_read_as_the_text_of_a_file(value: object, spelling: str, text: object) -> None:
    assert counted_text(value, spelling) == text
    assert type(counted_text(value, spelling)) is type(text)


def test_which_spellings_are_numbers() -> None:
    assert all(map(is_number, (EPOCH_SECONDS, EPOCH_MILLISECONDS, EXCEL_DAYS, COMPACT, COMPACT_MONTH)))
    assert not any(map(is_number, (ISO, QUARTER, WEEK, "%d.%m.%Y")))

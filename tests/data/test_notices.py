"""Notices name file and column like errors do, and are told once."""

from churn_data.errors import DataError
from churn_data.notices import Notice, Notices


def test_a_notice_names_file_and_column_the_way_an_error_does() -> None:
    lines: list[str] = []
    notices = Notices("customers.csv", lines.append)
    notices.tell("encoding", "read as Windows-1252")
    notices.tell("left out", "every row has the same value", column="Count")
    assert lines[0] == "customers.csv: read as Windows-1252"
    assert lines[1] == str(DataError("customers.csv", "every row has the same value", column="Count"))


def test_a_finding_is_told_once_and_kept_by_its_kind() -> None:
    lines: list[str] = []
    notices = Notices("customers.csv", lines.append)
    for _ in range(2):
        notices.tell("left out", "every row has the same value", column="Count")
    notices.tell("encoding", "read as UTF-16")
    assert len(lines) == len(notices) == 2
    assert notices.of("left out") == [Notice("Count", "left out", "every row has the same value")]
    assert [notice.kind for notice in notices] == ["left out", "encoding"]

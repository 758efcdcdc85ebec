"""Notices name file and column like errors do, and are told once."""

from churn_data.errors import DataError
from churn_data.notices import Notice, Notices, in_brief


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


def test_in_brief_what_may_be_a_leak_comes_first_and_nothing_is_lost_without_a_word() -> None:
    found = [Notice(None, "encoding", "read as UTF-16"), Notice("Count", "left out", "every row has the same value")]
    found += [Notice("Reason", "leak", "left out, known only after"), Notice("joined", "dates", "read as day")]
    assert in_brief(found, "a.csv", 4)[0] == 'a.csv, column "Reason": left out, known only after'
    assert len(in_brief(found, "a.csv", 4)) == 4
    assert in_brief(found, "a.csv", 3) == [
        'a.csv, column "Reason": left out, known only after',
        'a.csv, column "Count": every row has the same value',
        'a.csv: 2 more findings about "joined"; --verbose tells them, and so does the report',
    ]
    ranks = {"left out": 1}
    assert (
        in_brief(found, "a.csv", 2, ranks=ranks, where="")[1]
        == 'a.csv: 3 more findings about "Reason", "joined", "Count"'
    )
    many = [Notice(f"c{number}", "left out", "constant") for number in range(30)]
    assert in_brief(many, "a.csv", 2)[1].startswith('a.csv: 29 more findings about "c1", "c2"')
    assert "and 21 others" in in_brief(many, "a.csv", 2)[1]

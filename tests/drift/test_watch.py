"""What a watch makes of the log's tables."""

import json
import math
from collections.abc import Iterator
from dataclasses import replace

import msgspec
import numpy
import pyarrow
import pytest

from churn_model import Row
from churn_monitoring.drift.report import lines, report_of, sentence
from churn_monitoring.drift.state import State
from churn_monitoring.drift.watch import DAY, DriftWatch, Promise
from tests.drift.asked import DIGEST, SCHEMA, customers, profile, table
from tests.prediction_log.shipped import NOON

TRAINED = profile(customers(4_000, 1))
USUAL = Promise()
LATER = NOON + 1000 * DAY


def watch(promise: Promise = USUAL) -> DriftWatch:
    return DriftWatch(DIGEST, SCHEMA, TRAINED, promise)


def longer(row: Row) -> Row:
    assert isinstance(row[0], float)
    return (row[0] + 5.0, *row[1:])


def hours(first: int, last: int, seed: int, **changes: object) -> Iterator[pyarrow.Table]:
    """A thousand customers an hour."""
    for hour in range(first, last):
        rows = customers(1_000, seed + hour, changes.get("change", tuple))  # type: ignore[arg-type]
        yield table(rows, NOON + 3600.0 * hour, 3500.0)


def test_a_shift_is_found_with_its_beginning_and_its_part() -> None:
    watching = watch()
    for each in hours(0, 20, 100):
        assert watching.add(each, LATER) == []
    began = [drift for each in hours(20, 30, 200, change=longer) for drift in watching.add(each, LATER)]
    assert {drift.column for drift in began} == {"tenure", "(score)"}
    (found,) = [drift for drift in began if drift.column == "tenure"]
    assert found.customers <= 30_000
    assert NOON + 18 * 3600.0 <= found.since <= NOON + 22 * 3600.0
    report = report_of(watching)
    assert report["drift"]
    assert report["not_kept"] == ["Senior Citizen"]
    assert report["customers"] == 30_000
    (tenure,) = [each for each in report["drifted"] if each["column"] == "tenure"]
    assert tenure["quantiles"][1] == pytest.approx(33.0, abs=3.0)
    assert report["score"]["moved_log_odds"] == pytest.approx(-0.475, abs=0.1)
    assert sentence(tenure).startswith("tenure: ")


def test_customers_like_those_of_the_training_are_no_drift() -> None:
    watching = watch()
    for each in hours(0, 40, 300):
        assert watching.add(each, LATER) == []
    report = report_of(watching)
    assert report["drift"] is False
    assert all(column["psi"] < 0.01 for column in report["columns"].values())


def test_a_new_level_is_named_where_many_have_it() -> None:
    watching = watch()
    turn = iter(range(10**6))

    def strange(row: Row) -> Row:
        place = next(turn)
        return (row[0], "Forever", row[2]) if place % 50 == 0 else (row[0], "typo", row[2]) if place == 77 else row

    began = [drift for each in hours(0, 10, 400, change=strange) for drift in watching.add(each, LATER)]
    assert [drift.column for drift in began] == ["Contract"]
    (told,) = report_of(watching)["drifted"]
    assert (told["bin"], told["more"], told["before"]) == ("(unseen)", True, 0.0)
    assert told["unknown_levels"] == {"Forever": 200}
    assert "Forever" not in sentence(told)


def test_missing_numbers_are_found() -> None:
    watching = watch()
    turn = iter(range(10**6))

    def forgetful(row: Row) -> Row:
        return (math.nan, *row[1:]) if next(turn) % 10 == 0 else row

    began = [drift for each in hours(0, 10, 500, change=forgetful) for drift in watching.add(each, LATER)]
    assert "tenure" in {drift.column for drift in began}
    (told,) = [each for each in report_of(watching)["drifted"] if each["column"] == "tenure"]
    assert told["bin"] == "(missing)"


def test_numbers_without_end_are_told_as_far_as_they_can_be() -> None:
    watching = watch()
    began = watching.add(table(customers(2_000, 7, lambda row: (-math.inf, *row[1:]))), LATER)
    assert "tenure" in {drift.column for drift in began}
    report = report_of(watching)
    json.dumps(report, allow_nan=False)
    assert "tenure: 100.0 % are below" in lines(report, "a model")


def test_going_on_from_what_was_remembered_is_the_same() -> None:
    whole, parts = watch(), watch()
    tables = [*hours(0, 6, 600), *hours(6, 12, 700, change=longer)]
    for each in tables:
        whole.add(each, LATER)
        kept = msgspec.msgpack.decode(msgspec.msgpack.encode(parts.remembered()), type=State)
        parts = watch()
        parts.go_on(kept)
        parts.add(each, LATER)
    assert parts.remembered().evidence == whole.remembered().evidence
    assert parts.state.drifts == whole.state.drifts
    assert report_of(parts)["columns"] == report_of(whole)["columns"]


def test_only_its_own_answers_count() -> None:
    watching = watch()
    rows = customers(3_000, 8, lambda row: (99.0, "Forever", row[2]))
    assert watching.add(table(rows, digest="sha256:ff"), LATER) == []
    assert (watching.state.customers, watching.state.others) == (0, 3_000)


def test_the_scorecards_answers_are_not_the_models() -> None:
    watching = watch()
    rows = customers(3_000, 9)
    answers = [(0.999, 2)] * len(rows)
    assert watching.add(table(rows, served_by="degraded", answers=answers), LATER) == []
    assert watching.state.customers == 3_000
    began = watching.add(table(customers(3_000, 10), answers=answers), LATER)
    assert {drift.column for drift in began} == {"(score)", "(segment)"}


def test_somebody_who_is_asked_about_again_and_again_counts_once_a_step() -> None:
    watching = watch()
    row: Row = (99.0, "Two year", 1.0)
    mixed = [row if place % 2 else other for place, other in enumerate(customers(4_000, 11))]
    names = table(mixed, name=lambda place: "the same" if place % 2 else str(place))
    assert watching.add(names, LATER) == []
    assert watching.state.customers == 2_000 + 4
    assert {drift.column for drift in watching.add(table(mixed), LATER)} >= {"tenure"}


def test_a_drift_that_nothing_shows_any_more_is_over() -> None:
    watching = watch(Promise(hold_days=1.0))
    for each in hours(0, 5, 800, change=longer):
        watching.add(each, LATER)
    assert report_of(watching)["drift"]
    for each in hours(5, 24, 900):
        watching.add(each, LATER)
    assert report_of(watching)["drift"]
    for each in hours(24, 34, 950):
        watching.add(each, LATER)
    assert not report_of(watching)["drift"]


def test_a_number_that_stands_as_text_counts_all_the_same() -> None:
    watching = watch()
    made = table(customers(1_000, 12))
    place = made.column_names.index("feature.tenure")
    watching.add(made.set_column(place, "feature.tenure", made["feature.tenure"].cast(pyarrow.string())), LATER)
    assert watching.state.recent[0].rows == [1000, 1000, 1000, 1000]
    watching.add(made.drop_columns(["feature.tenure"]), LATER)
    assert watching.state.recent[-1].rows[0] == 0


def test_a_clock_that_jumps_grants_no_more_than_a_day() -> None:
    watching = watch()
    for each in hours(0, 3, 1000):
        watching.add(each, LATER)
    ahead = table(customers(1_000, 13), NOON + 10_000 * DAY)
    watching.add(ahead, LATER)
    assert watching.state.until == LATER
    watching.add(table(customers(1_000, 14), NOON - 10_000 * DAY), LATER)
    assert watching.state.until == LATER
    assert numpy.isfinite(watching.remembered().evidence).any()


def test_another_promise_is_another_watch() -> None:
    assert watch().identity == watch(Promise(hold_days=1.0)).identity
    assert watch().identity != watch(replace(Promise(), tolerance=0.2)).identity
    assert watch().identity != DriftWatch("sha256:01", SCHEMA, TRAINED, Promise()).identity

"""When a training is due: each trigger alone, all together, and a year in which somebody asks every hour."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_training.retraining.triggers import (
    ABANDONED,
    TRIGGERS,
    Attempt,
    Decision,
    History,
    Rules,
    Seen,
    Sign,
    Training,
    decide,
)

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RULES = Rules(every=30 * DAY, cool_down=2 * DAY, labels=100)
QUIET = Seen(drift=(), labels=0, profit=())


def trained(before: timedelta, data: str = "") -> History:
    """A version that a training made which began so long ago."""
    return History(Training("3", NOW - before, data), Attempt(NOW - before))


def drift(before: timedelta, words: str = "tenure: 40 % below 3") -> Seen:
    return Seen(drift=(Sign(NOW - before, words),), labels=0, profit=())


def state(decision: Decision, trigger: str) -> str:
    (found,) = [each for each in decision.findings if each.trigger == trigger]
    return found.state


def test_nothing_asks() -> None:
    found = decide(NOW, RULES, trained(5 * DAY), QUIET)
    assert (found.outcome, found.reason) == ("rest", "nothing asks for a training")
    assert [(each.trigger, each.state) for each in found.findings] == [(name, "quiet") for name in TRIGGERS]


@pytest.mark.parametrize(
    ("history", "seen", "trigger"),
    [
        (trained(30 * DAY), QUIET, "schedule"),
        (trained(5 * DAY), drift(HOUR), "drift"),
        (trained(5 * DAY), Seen(drift=(), labels=100, profit=()), "labels"),
        (trained(5 * DAY), Seen(drift=(), labels=0, profit=(Sign(NOW - HOUR, "+0.1, +0.9 was promised"),)), "profit"),
    ],
)
def test_each_trigger_alone(history: History, seen: Seen, trigger: str) -> None:
    found = decide(NOW, RULES, history, seen)
    assert found.due
    assert found.to_json()["fired"] == [trigger]
    assert found.reason.startswith(f"{trigger}: ")


def test_one_label_or_one_moment_less_asks_for_nothing() -> None:
    assert not decide(NOW, RULES, trained(5 * DAY), Seen(drift=(), labels=99, profit=())).due
    assert not decide(NOW, RULES, trained(30 * DAY - timedelta(seconds=1)), QUIET).due


def test_the_same_drift_is_answered_by_the_training_after_it() -> None:
    found = decide(NOW, RULES, trained(5 * DAY), drift(6 * DAY))
    assert (found.outcome, state(found, "drift")) == ("rest", "trained")
    assert "already trained on it: version 3" in found.reason
    assert "tenure: 40 % below 3" in found.reason
    both = Seen(drift=(*(drift(6 * DAY).drift or ()), Sign(NOW - HOUR, "Contract: new levels")), labels=0, profit=())
    again = decide(NOW, RULES, trained(5 * DAY), both)
    assert (again.due, again.reason) == (True, "drift: Contract: new levels")


def test_a_cool_down_names_its_end_and_who_asked() -> None:
    found = decide(NOW, RULES, trained(DAY), drift(HOUR))
    assert (found.outcome, found.until) == ("wait", NOW + DAY)
    assert found.reason.startswith("cool-down: the last training began on 2026-10-31T12:00:00+00:00")
    assert "asked for by drift: tenure" in found.reason
    assert found.to_json()["not_before"] == "2026-11-02T12:00:00+00:00"


def test_an_attempt_that_failed_cools_down_too_and_one_that_goes_on_is_waited_for() -> None:
    last = Training("3", NOW - 5 * DAY)
    assert decide(NOW, RULES, History(last, Attempt(NOW - HOUR)), drift(2 * DAY)).outcome == "wait"
    going_on = decide(NOW, Rules(cool_down=0 * DAY), History(last, Attempt(NOW - HOUR, going_on=True)), drift(2 * DAY))
    assert going_on.reason.startswith("a training is going on since")
    left = Attempt(NOW - ABANDONED, going_on=True)
    assert decide(NOW, Rules(cool_down=0 * DAY), History(last, left), drift(2 * DAY)).due


def test_the_same_data_bring_nothing_new() -> None:
    found = decide(NOW, RULES, trained(30 * DAY, "ab12"), Seen(drift=(), labels=0, profit=(), data="ab12"))
    assert (found.outcome, "byte for byte" in found.reason) == ("wait", True)
    assert decide(NOW, RULES, trained(30 * DAY, "ab12"), Seen(drift=(), labels=0, profit=(), data="cd34")).due
    assert decide(NOW, RULES, trained(30 * DAY), Seen(drift=(), labels=0, profit=())).due


def test_without_a_version_the_first_is_due_even_if_nobody_looks() -> None:
    found = decide(NOW, Rules(labels=0), History(), Seen(unknown={"drift": "no drift watch has looked at it"}))
    assert (found.due, found.reason) == (True, "there is no version yet")
    failed = decide(NOW, Rules(labels=0), History(None, Attempt(NOW - HOUR)), Seen())
    assert failed.outcome == "wait"


def test_what_is_unknown_is_named_and_asks_for_nothing() -> None:
    found = decide(NOW, RULES, trained(5 * DAY), Seen(unknown={"drift": "no drift watch has looked at it"}))
    assert found.outcome == "rest"
    assert "drift is unknown (no drift watch has looked at it)" in found.reason
    off = decide(NOW, Rules(labels=0), trained(5 * DAY), QUIET)
    assert (state(off, "schedule"), state(off, "labels")) == ("off", "off")


moments = st.timedeltas(min_value=-10 * DAY, max_value=60 * DAY).map(lambda before: NOW - before)
signs = st.none() | st.lists(moments.map(lambda when: Sign(when, "a sign")), max_size=3).map(tuple)
sights = st.builds(Seen, drift=signs, labels=st.none() | st.integers(0, 300), profit=signs)
histories = st.builds(
    History,
    st.none() | st.builds(Training, st.just("3"), moments, st.sampled_from(["", "ab12"])),
    st.none() | st.builds(Attempt, moments, st.booleans()),
)
rules = st.builds(
    Rules,
    every=st.none() | st.timedeltas(min_value=HOUR, max_value=60 * DAY),
    cool_down=st.timedeltas(min_value=timedelta(), max_value=30 * DAY),
    labels=st.integers(0, 300),
)


@given(rules, histories, sights)
def test_whatever_was_seen(rule: Rules, history: History, seen: Seen) -> None:
    found = decide(NOW, rule, history, seen)
    begun = [each.began for each in history if each is not None]
    asked = [each.trigger for each in found.findings if each.state == "fired"]
    assert tuple(each.trigger for each in found.findings) == TRIGGERS
    if found.due:
        assert asked or history.training is None
        assert all(NOW - each >= rule.cool_down for each in begun)
    if found.outcome == "rest":
        assert not asked
    for each in found.findings:
        if each.state == "trained":
            assert history.training is not None
    # A training that begins now has answered every sign that was seen until now.
    later = decide(NOW + 400 * DAY, Rules(cool_down=rule.cool_down, labels=0),
                   History(Training("4", NOW + 10 * DAY), Attempt(NOW + 10 * DAY)), seen)  # fmt: skip
    assert later.outcome == "rest" or any(
        sign.seen >= NOW + 10 * DAY for sign in (*(seen.drift or ()), *(seen.profit or ()))
    )


@settings(max_examples=25)
@given(
    st.lists(st.integers(0, 365 * 24), max_size=6, unique=True),
    st.integers(0, 20),
    st.booleans(),
)
def test_a_year_of_asking_every_six_hours(found_at: list[int], cool_days: int, passes: bool) -> None:
    """Drifts that never end: each trains once, never two within a cool-down, whether or not the challenger wins."""
    rule = Rules(cool_down=cool_days * DAY, labels=0)
    start = NOW - 400 * DAY
    history = History(Training("1", start, "first"), Attempt(start))
    trainings: list[datetime] = []
    standing: list[Sign] = []
    for hour in range(0, 400 * 24, 6):
        now = start + hour * HOUR
        standing += [Sign(now, f"drift {at}") for at in found_at if hour - 6 < at <= hour]
        if decide(now, rule, history, Seen(drift=tuple(standing), labels=0, profit=())).due:
            trainings.append(now)
            history = History(Training(str(len(trainings) + 1), now), Attempt(now))
            standing = [] if passes else standing
        # What was found at the very moment of a training may have come after it, so it asks once more.
    assert all(second - first >= rule.cool_down for first, second in pairwise(trainings))
    assert len(trainings) <= 2 * len(found_at)
    assert bool(trainings) == bool(found_at)

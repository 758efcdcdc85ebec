"""Bounds and detectors: what is promised of false alarms holds by arithmetic, and what leaves the bounds is found."""

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_model.training_profile import ColumnProfile
from churn_monitoring.drift.bounds import ERROR, LEAST, Bounds, bounds_of
from churn_monitoring.drift.detector import Detector

BUDGET = 1e-6


def one_column(lower: list[float], upper: list[float]) -> Detector:
    return Detector([Bounds(numpy.array(lower), numpy.array(upper))])


@given(
    st.floats(0.001, 0.5),
    st.floats(0.0, 0.4),
    st.floats(0.0, 1.0),
)
def test_no_share_within_the_bounds_can_be_bet_on(low: float, width: float, place: float) -> None:
    """The mean of what one customer multiplies evidence by is at most 1 for every bin, side and size."""
    detector = one_column([low], [low + width])
    share = low + place * width
    inside = Detector([Bounds(numpy.array([low]), numpy.array([low + width]))])
    detector.step(numpy.array([1]), numpy.array([1]), 1.0, 0.0)
    inside.step(numpy.array([0]), numpy.array([1]), 1.0, 0.0)
    mean = share * numpy.exp(detector.evidence) + (1.0 - share) * numpy.exp(inside.evidence)
    assert (mean <= 1.0 + 1e-9).all()


@given(st.lists(st.integers(0, 30), min_size=1, max_size=8))
def test_many_steps_find_no_less_than_one(hits: list[int]) -> None:
    steps, once = one_column([0.1], [0.4]), one_column([0.1], [0.4])
    for number, hit in enumerate(hits):
        if steps.step(numpy.array([hit]), numpy.array([30]), BUDGET if number == 0 else 0.0, 0.0):
            return  # found before the end
    once.step(numpy.array([sum(hits)]), numpy.array([30 * len(hits)]), BUDGET, 0.0)
    assert (steps.evidence >= once.evidence - 1e-9).all()


def test_false_alarms_are_at_most_what_the_budget_allows() -> None:
    """At the worst share, looked at after every ten customers, of a budget of an alarm every hundred looks."""
    source = numpy.random.default_rng(3)
    detector = Detector([Bounds(numpy.array([0.1, 0.5]), numpy.array([0.2, 0.8])) for _ in range(3)])
    alarms, looks = 0, 20_000
    for hits in source.binomial(10, [0.2, 0.5, 0.1, 0.8, 0.2, 0.8], size=(looks, 6)):
        alarms += len(detector.step(hits, numpy.full(3, 10), 0.01, 0.0))
    assert alarms <= 0.01 * looks
    assert alarms > 0  # the bound is not empty talk: a budget as large as this one is used


@pytest.mark.parametrize(("share", "more"), [(0.35, True), (0.05, False)], ids=["more", "fewer"])
def test_a_share_that_leaves_is_found_with_its_side_and_beginning(share: float, more: bool) -> None:
    source = numpy.random.default_rng(4)
    detector = one_column([0.4, 0.15], [0.6, 0.25])
    for look in range(200):
        inside = source.binomial(100, [0.5, 0.2])
        assert detector.step(inside, numpy.array([100]), BUDGET, float(look)) == []
    for look in range(200, 300):
        alarms = detector.step(source.binomial(100, [0.5, share]), numpy.array([100]), BUDGET, float(look))
        if alarms:
            break
    (alarm,) = alarms
    assert (alarm.column, alarm.bin, alarm.more) == (0, 1, more)
    assert 195 <= alarm.begun <= 205
    assert detector.levels()[0] == -numpy.inf
    assert detector.step(numpy.array([50, 20]), numpy.array([100]), BUDGET, 301.0) == []


def test_a_column_that_is_not_there_says_nothing() -> None:
    detector = one_column([0.1], [0.2])
    for _ in range(1000):
        assert detector.step(numpy.array([0]), numpy.array([0]), BUDGET, 0.0) == []


def test_bounds_hold_as_often_as_they_say() -> None:
    """Of many trainings, drawn from shares that are known, hardly one leaves any of them outside."""
    source = numpy.random.default_rng(5)
    shares = numpy.array([0.5, 0.3, 0.15, 0.04, 0.01, 0.0])
    wrong = 0
    for counts in source.multinomial(400, shares, size=600):
        profile = ColumnProfile(tuple(counts.tolist()), cuts=(1.0, 2.0, 3.0, 4.0))
        (bounds,) = bounds_of([profile], 1.0, 0.0)
        wrong += bool(((shares < bounds.lower - LEAST) | (shares > bounds.upper + LEAST)).any())
    assert wrong <= 600 * ERROR
    few, many = (bounds_of([profile], independent, 0.0)[0] for independent in (0.1, 1.0))
    assert (few.upper >= many.upper).all()
    assert (few.upper[:3] > many.upper[:3] + 0.02).all()

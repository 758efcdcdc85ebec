"""Boundaries are the published ones, spend exactly alpha, and repeated p-values belong to them."""

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, norm

from churn_campaigns.experiment.boundaries import (
    boundaries,
    crossing_probability,
    equal_looks,
    inflation,
    repeated_p_value,
    spent,
)

# Spending of the O'Brien–Fleming type, two-sided 5 %: Lan & DeMets' program as ldbounds and gsDesign reprint it.
PUBLISHED = {
    1: (1.960,),
    2: (2.963, 1.969),
    3: (3.710, 2.511, 1.993),
    4: (4.333, 2.963, 2.359, 2.014),
    5: (4.877, 3.357, 2.680, 2.290, 2.031),
}
INFORMATION = st.lists(st.integers(5, 99), min_size=0, max_size=4, unique=True).map(
    lambda steps: (*(step / 100 for step in sorted(steps)), 1.0)
)


@pytest.mark.parametrize("looks", PUBLISHED)
def test_published_boundaries(looks: int) -> None:
    assert boundaries(equal_looks(looks), 0.05) == pytest.approx(PUBLISHED[looks], abs=6e-4)


@settings(max_examples=25, deadline=None)
@given(information=INFORMATION, alpha=st.floats(0.001, 0.3))
def test_all_of_alpha_is_spent_and_no_more(information: tuple[float, ...], alpha: float) -> None:
    scores = boundaries(information, alpha)
    assert crossing_probability(scores, information, 0.0) == pytest.approx(alpha, rel=1e-6)
    for looks in range(1, len(information)):
        so_far = crossing_probability(scores[:looks], information[:looks], 0.0)
        assert so_far == pytest.approx(spent(information[looks - 1], alpha), rel=1e-6, abs=1e-15)


def test_two_looks_agree_with_the_bivariate_normal() -> None:
    first, second = boundaries((0.3, 1.0), 0.05)
    both = multivariate_normal(cov=[[1.0, 0.3**0.5], [0.3**0.5, 1.0]])
    inside = both.cdf([first, second], lower_limit=[-first, -second])
    assert 1.0 - inside == pytest.approx(0.05, abs=1e-5)


def test_simulated_walks_cross_as_often_as_computed() -> None:
    information = numpy.array([0.2, 0.5, 0.6, 1.0])
    scores = numpy.array(boundaries(tuple(information), 0.1))
    steps = numpy.diff(information, prepend=0.0)
    walks = 100_000
    for drift in (0.0, 2.5):
        noise = numpy.random.default_rng(7).normal(size=(walks, 4))
        sums = numpy.cumsum(drift * steps + numpy.sqrt(steps) * noise, axis=1)
        crossed = (abs(sums / numpy.sqrt(information)) >= scores).any(axis=1).mean()
        expected = crossing_probability(scores.tolist(), information.tolist(), drift)
        assert abs(crossed - expected) < 4.0 * (expected * (1.0 - expected) / walks) ** 0.5


@settings(max_examples=10, deadline=None)
@given(information=INFORMATION, alpha=st.floats(1e-4, 0.9))
def test_a_score_at_the_boundary_has_the_p_value_alpha(information: tuple[float, ...], alpha: float) -> None:
    score = boundaries(information, alpha)[-1]
    assert repeated_p_value(-score, information) == pytest.approx(alpha, rel=1e-5)


def test_p_values_at_the_ends() -> None:
    assert repeated_p_value(1.5, (1.0,)) == pytest.approx(2.0 * norm.sf(1.5))
    assert repeated_p_value(0.0, equal_looks(4)[:2]) == 1.0
    assert repeated_p_value(30.0, equal_looks(4)[:2]) == 1e-12


def test_next_to_no_alpha_still_has_boundaries() -> None:
    scores = boundaries(equal_looks(20), 1e-20)
    assert 37.0 < scores[0] < 38.0
    assert scores[-1] == pytest.approx(norm.isf(0.5e-20), rel=0.01)


def test_looks_cost_little_and_keep_the_power() -> None:
    assert inflation(1, 0.05, 0.8) == 1.0
    # gsDesign, sfLDOF, one-sided 2.5 %, power 80 % and 5 looks: about 2.5 % more.
    assert inflation(5, 0.05, 0.8) == pytest.approx(1.025, abs=1e-3)
    more = inflation(4, 0.05, 0.9)
    drift = (norm.isf(0.025) + norm.isf(0.1)) * more**0.5
    found = crossing_probability(boundaries(equal_looks(4), 0.05), equal_looks(4), drift)
    assert found == pytest.approx(0.9, abs=1e-9)


@pytest.mark.parametrize("information", [(), (0.01, 1.0), (0.5, 0.5), (0.6, 0.4), (0.5, 1.2), (float("nan"),)])
def test_information_that_does_not_rise_is_refused(information: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="must rise"):
        boundaries(information, 0.05)


@pytest.mark.parametrize("looks", [0, 21])
def test_too_few_and_too_many_looks_are_refused(looks: int) -> None:
    with pytest.raises(ValueError, match="1 to 20 were expected"):
        equal_looks(looks)

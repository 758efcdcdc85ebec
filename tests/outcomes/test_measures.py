"""Measures and their intervals beside those of libraries, of brute force and of many worlds."""

from collections.abc import Callable

import numpy
import pytest
import statsmodels.api
from hypothesis import given
from hypothesis import strategies as st

from churn_model.profit import Tally, tally
from churn_monitoring.outcomes.measures import Calibration, Interval, auc, auc_error, mean_of, quality


def world(seed: int, customers: int = 400, spread: float = 1.0) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Who left, and probabilities that are right where `spread` is 1."""
    source = numpy.random.default_rng(seed)
    odds = source.normal(-1.0, 1.2, customers)
    left = source.random(customers) < 1 / (1 + numpy.exp(-odds))
    return left.astype(float), 1 / (1 + numpy.exp(-odds * spread))


def test_delong_is_that_of_all_pairs() -> None:
    left, scores = world(3)
    scores = scores.round(1)
    positive, negative = scores[left == 1], scores[left == 0]
    pairs = (positive[:, None] > negative) + (positive[:, None] == negative) / 2
    area = pairs.mean()
    variance = pairs.mean(axis=1).var(ddof=1) / len(positive) + pairs.mean(axis=0).var(ddof=1) / len(negative)
    found = auc(tally(left, scores))
    assert found is not None
    assert found.lower is not None
    assert found.upper is not None
    assert found.estimate == pytest.approx(area)
    width = numpy.log(found.upper / (1 - found.upper)) - numpy.log(found.lower / (1 - found.lower))
    assert width == pytest.approx(2 * 1.959964 * variance**0.5 / (area * (1 - area)), rel=1e-6)


def test_recalibration_is_a_logistic_regression() -> None:
    left, scores = world(5, spread=1.7)
    odds = numpy.log(scores / (1 - scores))
    fitted = statsmodels.api.Logit(left, statsmodels.api.add_constant(odds)).fit(disp=0)
    calibration = quality(tally(left, scores)).calibration
    assert calibration is not None
    for found, value, bounds in zip(
        (calibration.intercept, calibration.slope), fitted.params, fitted.conf_int(), strict=True
    ):
        assert found == pytest.approx((value, *bounds), rel=1e-5)


@pytest.mark.parametrize(
    ("left", "scores"),
    [([1, 1], [0.2, 0.4]), ([0, 0, 0], [0.1, 0.2, 0.3]), ([1], [1.0]), ([0], [0.0]),
     ([1] * 9 + [0] * 500, [0.2] * 4 + [0.1] * 505), ([1] * 500 + [0] * 9, [0.2] * 4 + [0.1] * 505)],
    ids=["all left", "all stayed", "one sure leaver", "one sure stayer", "nine left", "nine stayed"],
)  # fmt: skip
def test_of_too_few_who_left_or_stayed_nothing_is_told_but_how_many(left: list[int], scores: list[float]) -> None:
    found = quality(tally(numpy.array(left, dtype=float), numpy.array(scores)))
    assert (found.customers, found.leavers) == (len(left), sum(left))
    assert found.churn_rate.estimate == sum(left) / len(left)
    assert found.mean_probability == pytest.approx(numpy.mean(scores))
    assert found[4:] == (None,) * 5


@pytest.mark.parametrize(
    ("left", "scores", "area"),
    [([0, 1, 0], [0.5, 0.5, 0.5], 0.5), ([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9], 1.0),
     ([1, 1, 0, 0], [0.1, 0.2, 0.8, 0.9], 0.0)],
    ids=["one score", "separated", "upside down"],
)  # fmt: skip
def test_a_slope_that_cannot_be_found_is_not_told_and_an_area_has_its_interval(
    left: list[int], scores: list[float], area: float
) -> None:
    found = quality(tally(numpy.array(left * 10, dtype=float), numpy.array(scores * 10)))
    assert found.calibration is not None
    assert found.calibration.slope is None
    assert found.auc is not None
    assert found.auc.estimate == area
    assert found.auc.lower is not None
    assert found.auc.upper is not None
    assert 0.0 <= found.auc.lower <= area <= found.auc.upper <= 1.0
    assert (found.auc.upper - found.auc.lower > 0.01) == (area != 0.5)


def test_scores_that_separate_a_few_by_chance_are_not_taken_for_certain() -> None:
    """Of many worlds of an area of 0.97 and twelve of each, those that look perfect hold it in their interval."""
    source, shift = numpy.random.default_rng(4), 2.66  # normal scores so far apart: area 0.97
    left = numpy.repeat([1.0, 0.0], 12)
    perfect = 0
    for _ in range(400):
        scores = source.normal(0, 1, 24) + shift * left
        found = auc(tally(left, 1 / (1 + numpy.exp(-scores))))
        assert found is not None
        if found.estimate == 1.0:
            perfect += 1
            assert found.lower is not None
            assert found.lower <= 0.97
    assert perfect > 20


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 2**20)), min_size=2, max_size=60))
def test_the_stated_error_of_binning_is_never_exceeded(customers: list[tuple[bool, int]]) -> None:
    left = numpy.array([float(leaves) for leaves, _ in customers])
    scores = numpy.array([number / 2**20 for _, number in customers])
    coarse = tally(left, numpy.floor(scores * 16) / 16)
    fine, rough = auc(tally(left, scores)), auc(coarse)
    if fine is not None and rough is not None:
        assert abs(fine.estimate - rough.estimate) <= auc_error(coarse) + 1e-12


def calibration_of(counted: Tally) -> Calibration:
    found = quality(counted).calibration
    assert found is not None
    return found


MEASURES: dict[str, Callable[[Tally], Interval | None]] = {
    "auc": auc,
    "difference": lambda counted: calibration_of(counted).difference,
    "slope": lambda counted: calibration_of(counted).slope,
    "brier": lambda counted: mean_of(counted, (1 - counted.scores) ** 2, counted.scores**2),
}


@pytest.mark.parametrize("name", MEASURES)
def test_intervals_hold_the_truth_in_19_of_20_worlds(name: str) -> None:
    left, scores = world(0, 200_000)
    truth = MEASURES[name](tally(left, scores))
    assert truth is not None
    held = 0
    for seed in range(1, 401):
        found = MEASURES[name](tally(*world(seed, 300)))
        assert found is not None
        assert found.lower is not None
        assert found.upper is not None
        held += found.lower <= truth.estimate <= found.upper
    assert 0.92 <= held / 400 <= 0.98

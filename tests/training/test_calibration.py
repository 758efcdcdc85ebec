"""A family on another scale: calibration finds the scale, keeps the order, and learns nothing from whom it answers."""

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy.special import expit

from churn_data.dataset import Dataset
from churn_model.evaluation import roc_auc
from churn_model.profit import tally
from churn_training.comparison.competition import Result, Search, measured
from churn_training.comparison.second_level import second_level
from churn_training.comparison.splits import folds
from churn_training.families.candidates import Candidate
from churn_training.families.ensemble import Blend

FAMILY = Candidate("any", "Any family", "linear")
SEARCH = Search(3)


def customers(size: int, seed: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    """The true log-odds and who left."""
    generator = numpy.random.default_rng(seed)
    raw = generator.normal(-1.0, 1.5, size)
    return raw, (generator.random(size) < expit(raw)).astype(int)


def calibrated(dataset: Dataset, raw: numpy.ndarray) -> tuple[Result, Result]:
    """The family and its calibrated variant."""
    family = measured(dataset, FAMILY, raw, SEARCH)
    (found,) = second_level(dataset, [family], SEARCH)
    return family, found


@pytest.fixture(scope="module")
def raw(telco: Dataset) -> numpy.ndarray:
    """Log-odds that rank the real customers as well as such models do."""
    scale = numpy.random.default_rng(1).normal(0.0, 1.3, len(telco))
    return numpy.asarray(1.7 * telco.churned - 2.0 + scale)


@pytest.mark.parametrize(("slope", "shift"), [(3.0, 1.0), (0.3, 0.0), (1.0, -1.5)])
def test_a_distorted_family_gets_better_and_ranks_as_before(
    slope: float, shift: float, telco: Dataset, raw: numpy.ndarray
) -> None:
    family, found = calibrated(telco, slope * raw + shift)
    for name in ("log_loss", "brier", "ece"):
        assert found.metrics[name] < family.metrics[name]
    assert found.profits == pytest.approx(family.profits, abs=1e-9)
    for _, test in folds(telco, SEARCH.seed, SEARCH.parts):
        before, after = (roc_auc(tally(telco.churned[test], result.raw[test])) for result in (family, found))
        assert after == pytest.approx(before, abs=1e-12)


def test_a_folds_scale_is_learnt_from_the_other_folds(telco: Dataset, raw: numpy.ndarray) -> None:
    _, before = calibrated(telco, raw)
    changed = raw.copy()
    own = next(test for _, test in folds(telco, SEARCH.seed, SEARCH.parts))
    changed[own[0]] += 50.0
    _, after = calibrated(telco, changed)
    assert (after.raw[own[1:]] == before.raw[own[1:]]).all()
    others = numpy.setdiff1d(numpy.arange(len(telco)), own)
    assert (after.raw[others] != before.raw[others]).all()


@settings(max_examples=10, deadline=None)
@given(some.floats(0.2, 5.0), some.floats(-2.0, 2.0))
def test_the_scale_is_undone_whatever_it_is(slope: float, shift: float) -> None:
    true, churned = customers(4000, seed=2)
    plain = Blend.calibrated(FAMILY).scaled(true[:, None], churned).combine(true[:, None])
    columns = (slope * true + shift)[:, None]
    assert Blend.calibrated(FAMILY).scaled(columns, churned).combine(columns) == pytest.approx(plain, abs=0.02)
    assert plain == pytest.approx(true, abs=0.35)


def test_the_order_is_never_turned_round() -> None:
    true, churned = customers(2000, seed=4)
    assert Blend.calibrated(FAMILY).scaled(-true[:, None], churned).slope > 0

"""Time to churn and lifetime value: right where the truth is known, and calibrated on the real customers."""

from collections.abc import Callable
from dataclasses import replace

import numpy
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from churn_campaigns.lifetime.covariates import choose_covariates
from churn_campaigns.lifetime.durations import SHORTEST, DurationReader
from churn_campaigns.lifetime.families import ACCELERATED, Family, cumulative_hazard, piecewise
from churn_campaigns.lifetime.fitting import Fitted, breakpoints_for, fit
from churn_campaigns.lifetime.model import TimeModel, learn
from churn_campaigns.lifetime.outlook import look_ahead, monthly_worth
from churn_campaigns.lifetime.selection import select
from churn_data.dataset import Dataset, Source
from churn_data.errors import DataError
from churn_model.usecase import Feature, TimeRule, UseCase, ValueRule, load_usecase

WEIBULL, LOG_NORMAL, LOG_LOGISTIC = ACCELERATED
VALUE = ValueRule("spend", months=24, margin=0.5, discount_rate=0.1)
PROFILES = numpy.array([[1.0, -1.0, 0.0], [1.0, 0.0, 1.0], [1.0, 1.5, 1.0]])
LIVED = numpy.array([3.0, 12.0, 30.0])
AMOUNTS = numpy.array([20.0, 50.0, 80.0])
COEFFICIENTS = numpy.array([3.4, 0.5, -0.4])


def simulate(family: Family, customers: int, seed: int) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
    """Customers who joined at any time in the last five years; shape parameter exp(0.2)."""
    generator = numpy.random.default_rng(seed)
    numbers, yes = generator.normal(size=customers), generator.random(customers) < 0.4
    matrix = numpy.stack([numpy.ones(customers), numbers, yes], axis=1)
    location, shape = matrix @ COEFFICIENTS, numpy.exp(0.2)
    chance = generator.random(customers)
    if family is WEIBULL:
        leaves = numpy.exp(location) * (-numpy.log(chance)) ** (1 / shape)
    else:
        leaves = numpy.exp(location + shape * stats.norm.isf(chance))
    joined = generator.uniform(1, 60, customers)
    months = numpy.maximum(numpy.minimum(leaves, joined), SHORTEST)
    return matrix, months, (leaves <= joined).astype(int)


def truth(family: Family) -> Fitted:
    """The curves that customers are simulated from, known for certain."""
    parameters = numpy.array([*COEFFICIENTS, 0.2])
    return Fitted(family, parameters, numpy.zeros((4, 4)))


def test_without_memory_everything_has_a_closed_form() -> None:
    rate = 0.03
    fitted = Fitted(WEIBULL, numpy.array([-numpy.log(rate), 0.0]), numpy.zeros((2, 2)))
    outlook = look_ahead(fitted, numpy.ones((3, 1)), LIVED, AMOUNTS, VALUE, horizon=36, seed=0)
    month = numpy.arange(24)
    worth = (0.5 * numpy.exp(-rate * month) / 1.1 ** (month / 12)).sum()
    assert outlook.months_left.value == pytest.approx((1 - numpy.exp(-rate * 36)) / rate, rel=1e-3)
    assert outlook.leaves_within_12_months.value == pytest.approx(1 - numpy.exp(-rate * 12))
    assert outlook.median_months.value == pytest.approx(numpy.log(2) / rate, rel=1e-3)
    numpy.testing.assert_allclose(outlook.lifetime_value.value, AMOUNTS * worth)
    for estimate in (outlook.months_left, outlook.lifetime_value):
        numpy.testing.assert_allclose(estimate.low, estimate.value)
        numpy.testing.assert_allclose(estimate.high, estimate.value)
    near = look_ahead(fitted, numpy.ones((3, 1)), LIVED, AMOUNTS, VALUE, horizon=20, seed=0)
    assert numpy.isinf(near.median_months.value).all()


@pytest.mark.parametrize("months", [12.0, 7.25])
def test_worth_of_months_is_the_use_cases_own_when_everybody_stays(months: float) -> None:
    rule = ValueRule("spend", months=months, margin=0.25, discount_rate=0.1)
    assert monthly_worth(rule).sum() == pytest.approx(rule.factor)


@settings(max_examples=40, deadline=None)
@given(st.floats(-1, 5), st.floats(-1.5, 1.5), st.floats(0.1, 200))
def test_families_are_what_the_textbook_says(location: float, shape: float, months: float) -> None:
    scale = numpy.exp(shape)
    survival: dict[Family, Callable[[float], float]] = {
        WEIBULL: stats.weibull_min(scale, scale=numpy.exp(location)).logsf,
        LOG_NORMAL: stats.lognorm(scale, scale=numpy.exp(location)).logsf,
        LOG_LOGISTIC: stats.fisk(scale, scale=numpy.exp(location)).logsf,
        piecewise((10.0, 40.0)): lambda time: (
            -float(numpy.exp(location) * (min(time, 10) + scale * numpy.clip(time - 10, 0, 30) + 2 * max(time - 40, 0)))
        ),
    }
    for family, expected in survival.items():
        shapes = [shape, numpy.log(2)] if family.breakpoints else [shape]
        found = cumulative_hazard(
            family, numpy.array([[location, *shapes]]), numpy.ones((1, 1)), numpy.array([[months]])
        )
        assert -found[0, 0, 0] == pytest.approx(expected(months), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("family", [*ACCELERATED, piecewise((6.0, 15.0, 30.0))], ids=lambda family: family.name)
def test_fitted_curves_are_those_of_the_library(family: Family) -> None:
    import lifelines

    matrix, months, left = simulate(WEIBULL, 400, seed=1)
    fitted = fit(family, matrix, months, left)
    frame = pandas.DataFrame({"a": matrix[:, 1], "b": matrix[:, 2], "months": months, "left": left})
    options = {"breakpoints": list(family.breakpoints), "baseline_estimation_method": "piecewise"}
    fitter = getattr(lifelines, family.fitter)(penalizer=0.001, **(options if family.breakpoints else {}))
    expected = fitter.fit(frame, "months", "left").predict_cumulative_hazard(frame[:5], times=[1.0, 12.0, 50.0])
    times = numpy.tile([1.0, 12.0, 50.0], (5, 1))
    found = cumulative_hazard(fitted.family, fitted.parameters[None, :], matrix[:5], times)[:, :, 0]
    numpy.testing.assert_allclose(found, expected.to_numpy().T, rtol=0.02)


@pytest.mark.parametrize("family", [WEIBULL, LOG_NORMAL], ids=["weibull", "log-normal"])
def test_intervals_hold_the_simulated_truth(family: Family) -> None:
    expected = look_ahead(truth(family), PROFILES, LIVED, AMOUNTS, VALUE, horizon=36, seed=0)
    found = []
    for seed in range(60):
        fitted = fit(family, *simulate(family, 400, seed))
        found.append(look_ahead(fitted, PROFILES, LIVED, AMOUNTS, VALUE, horizon=36, seed=seed))
    for name in ("months_left", "leaves_within_12_months", "lifetime_value"):
        right = getattr(expected, name).value
        estimates = [getattr(outlook, name) for outlook in found]
        held = numpy.mean([(one.low <= right) & (right <= one.high) for one in estimates])
        assert 0.90 <= held <= 0.99
        mean = numpy.mean([one.value for one in estimates], axis=0)
        numpy.testing.assert_allclose(mean, right, rtol=0.05)


def test_the_family_that_made_the_customers_is_chosen() -> None:
    selection = select(*simulate(LOG_NORMAL, 1500, seed=2), "customers.csv", seed=0)
    assert selection.judged[0].family is LOG_NORMAL
    assert selection.warnings == ()
    observed, expected = selection.judged[0].years[0]
    assert observed == pytest.approx(expected, rel=0.15)


def test_too_few_who_left() -> None:
    matrix, months, left = simulate(WEIBULL, 60, seed=0)
    with pytest.raises(DataError, match=r"^customers\.csv: \d+ customers left, at least 50 are needed to learn when$"):
        select(matrix, months, left, "customers.csv", seed=0)


def test_breakpoints_follow_those_who_left() -> None:
    months = numpy.arange(1.0, 101.0)
    assert breakpoints_for(months, (months <= 80).astype(int)) == pytest.approx((20.75, 40.5, 60.25))
    assert breakpoints_for(months, (months <= 20).astype(int)) == ()


def test_whole_units_lost_half_of_one() -> None:
    rule = TimeRule("years", months=12)
    whole, exact = pandas.Series([0.0, 3.0, numpy.nan]), pandas.Series([0.0, 3.5])
    numpy.testing.assert_allclose(DurationReader.of(whole, rule).months(whole), [6.0, 42.0, numpy.nan])
    numpy.testing.assert_allclose(DurationReader.of(exact, rule).months(exact), [SHORTEST, 42.0])


@pytest.fixture(scope="module")
def timed() -> UseCase:
    return load_usecase("telecom")


def test_what_tells_the_duration_is_not_used(telco: Dataset, timed: UseCase) -> None:
    months = telco.frame["tenure"].to_numpy() + 0.5
    chosen = choose_covariates(telco.frame, months, timed)
    assert list(chosen.numbers) == ["SeniorCitizen", "MonthlyCharges"]
    assert chosen.left_out == ("TotalCharges is not used: it tells the duration (rank correlation 0.89)",)
    matrix = chosen.matrix(telco.frame)
    assert len(numpy.unique(matrix, axis=1).T) == matrix.shape[1]
    assert numpy.linalg.matrix_rank(matrix[:, 1:]) == matrix.shape[1] - 1
    strange = telco.frame.head(2).assign(Contract=["Ten years", numpy.nan], MonthlyCharges=numpy.nan)
    assert numpy.isfinite(chosen.matrix(strange)).all()


@pytest.fixture(scope="module")
def model(telco: Dataset, timed: UseCase) -> TimeModel:
    return learn(replace(telco, usecase=timed), seed=0)


def test_real_customers_leave_when_the_curves_say(model: TimeModel) -> None:
    best = model.selection.judged[0]
    assert best.family.name == "piecewise"
    assert best.concordance > 0.84
    for observed, expected in best.years[:3]:
        assert observed == pytest.approx(expected, rel=0.25, abs=3 * expected**0.5)


def test_outlooks_of_real_customers_are_plausible(model: TimeModel, telco: Dataset) -> None:
    there = telco.frame[telco.churned == 0].reset_index(drop=True)
    there.loc[0, "tenure"] = numpy.nan
    outlook, known = model.outlook(there, horizon=60, seed=0)
    assert known.tolist() == [False, *[True] * (len(there) - 1)]
    leaves = outlook.leaves_within_12_months
    assert ((leaves.low <= leaves.value) & (leaves.value <= leaves.high)).mean() > 0.99
    assert ((outlook.months_left.value > 0) & (outlook.months_left.value <= 60)).all()
    whole = there["MonthlyCharges"].to_numpy()[known] * model.value.factor
    assert (outlook.lifetime_value.value <= whole * (1 + 1e-9)).all()
    monthly = (there["Contract"] == "Month-to-month").to_numpy()[known]
    assert leaves.value[monthly].mean() > 3 * leaves.value[~monthly].mean()


def test_many_customers_are_sampled(monkeypatch: pytest.MonkeyPatch, timed: UseCase) -> None:
    matrix, months, left = simulate(WEIBULL, 600, seed=3)
    small = UseCase(
        name="small", id="id", label=timed.label, value=ValueRule("spend"), time=TimeRule("months"),
        features=(Feature("months", "number"), Feature("spend", "number")),
    )  # fmt: skip
    frame = pandas.DataFrame({"months": months, "spend": matrix[:, 1] + 5})
    frame.loc[:9, "months"] = numpy.nan
    dataset = Dataset(small, frame, left, numpy.arange(600), Source("small.csv", "", simulated=True))
    monkeypatch.setattr("churn_campaigns.lifetime.model.MOST", 400)
    learned = learn(dataset, seed=0)
    assert learned.learned_from == 400
    assert learned.notes == (
        "10 customers without a known duration are not learned from",
        "learning from 400 customers drawn at random",
    )

"""Time to churn and lifetime value: right where the truth is known, and calibrated on the real customers."""

from collections.abc import Callable
from dataclasses import replace

import numpy
import pandas
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from churn_campaigns.lifetime.covariates import choose_covariates
from churn_campaigns.lifetime.customers import Labelled
from churn_campaigns.lifetime.durations import SHORTEST, DurationReader, Durations
from churn_campaigns.lifetime.families import ACCELERATED, Family, cumulative_hazard, piecewise
from churn_campaigns.lifetime.fitting import Fitted, breakpoints_for, fit
from churn_campaigns.lifetime.model import TimeModel, learn
from churn_campaigns.lifetime.outlook import Ahead, Outlook, look_ahead
from churn_campaigns.lifetime.selection import Member, select
from churn_data.dataset import Dataset, Source
from churn_data.errors import DataError
from churn_model.money import monthly_worth
from churn_model.usecase import Feature, Label, TimeRule, UseCase, ValueRule, load_usecase

WEIBULL, LOG_NORMAL, LOG_LOGISTIC = ACCELERATED
VALUE = ValueRule("spend", months=24, margin=0.5, discount_rate=0.1)
PROFILES = numpy.array([[1.0, -1.0, 0.0], [1.0, 0.0, 1.0], [1.0, 1.5, 1.0]])
LIVED = numpy.array([3.0, 12.0, 30.0])
AMOUNTS = numpy.array([20.0, 50.0, 80.0])
FITTERS = {
    "weibull": "WeibullAFTFitter",
    "log-normal": "LogNormalAFTFitter",
    "log-logistic": "LogLogisticAFTFitter",
    "piecewise": "CoxPHFitter",
}
COEFFICIENTS = numpy.array([3.4, 0.5, -0.4])


def simulate(family: Family, customers: int, seed: int) -> tuple[numpy.ndarray, Durations]:
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
    return matrix, Durations(months, (leaves <= joined).astype(int))


def truth(family: Family) -> Fitted:
    """The curves that customers are simulated from, known for certain."""
    parameters = numpy.array([*COEFFICIENTS, 0.2])
    return Fitted(family, parameters, numpy.zeros((4, 4)))


def outlook_of(fitted: Fitted, matrix: numpy.ndarray, horizon: int, seed: int = 0) -> Outlook:
    """Of the three profiles, by one family alone."""
    return look_ahead([Member(fitted, 1.0)], matrix, LIVED, AMOUNTS, Ahead(horizon, None, VALUE), seed=seed)


def test_without_memory_everything_has_a_closed_form() -> None:
    rate = 0.03
    fitted = Fitted(WEIBULL, numpy.array([-numpy.log(rate), 0.0]), numpy.zeros((2, 2)))
    outlook = outlook_of(fitted, numpy.ones((3, 1)), 36)
    month = numpy.arange(24)
    worth = (0.5 * numpy.exp(-rate * month) / 1.1 ** (month / 12)).sum()
    assert outlook.months_left.value == pytest.approx((1 - numpy.exp(-rate * 36)) / rate, rel=1e-3)
    assert outlook.leaves_within_12_months.value == pytest.approx(1 - numpy.exp(-rate * 12))
    assert outlook.median_months.value == pytest.approx(numpy.log(2) / rate, rel=1e-3)
    numpy.testing.assert_allclose(outlook.lifetime_value.value, AMOUNTS * worth)
    for estimate in (outlook.months_left, outlook.lifetime_value):
        numpy.testing.assert_allclose(estimate.low, estimate.value)
        numpy.testing.assert_allclose(estimate.high, estimate.value)
    near = outlook_of(fitted, numpy.ones((3, 1)), 20)
    assert numpy.isinf(near.median_months.value).all()


def test_beyond_either_end_lie_as_many_draws() -> None:
    """Four of 200: one draw more lies between the ends in 95 % of all cases. Before, five lay above."""
    fitted = Fitted(WEIBULL, numpy.array([3.5, 0.0]), numpy.diag([0.01, 0.0]))
    outlook = outlook_of(fitted, numpy.ones((3, 1)), 36, seed=4)
    drawn = numpy.sort(1.0 - numpy.exp(-12.0 * numpy.exp(-fitted.draws(200, 4)[:, 0])))
    found = outlook.leaves_within_12_months
    assert found.low == pytest.approx(drawn[4])
    assert found.high == pytest.approx(drawn[-5])
    assert found.mean[1:] == pytest.approx((drawn[4], drawn[-5]))


@pytest.mark.parametrize("months", [12.0, 7.25])
def test_worth_of_months_is_the_use_cases_own_when_everybody_stays(months: float) -> None:
    rule = ValueRule("spend", months=months, margin=0.25, discount_rate=0.1)
    assert sum(monthly_worth(rule)) == pytest.approx(rule.factor)


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

    matrix, durations = simulate(WEIBULL, 400, seed=1)
    since = numpy.random.default_rng(2).uniform(0, 0.9, 400) * durations.months
    fitted = fit(family, matrix, replace(durations, since=since))
    frame = pandas.DataFrame({"a": matrix[:, 1], "b": matrix[:, 2], "since": since})
    frame = frame.assign(months=durations.months, left=durations.left)
    options = {"breakpoints": list(family.breakpoints), "baseline_estimation_method": "piecewise"}
    fitter = getattr(lifelines, FITTERS[family.name])(penalizer=0.001, **(options if family.breakpoints else {}))
    found = fitter.fit(frame, "months", "left", entry_col="since")
    expected = found.predict_cumulative_hazard(frame[:5], times=[1.0, 12.0, 50.0])
    times = numpy.tile([1.0, 12.0, 50.0], (5, 1))
    found = cumulative_hazard(fitted.family, fitted.parameters[None, :], matrix[:5], times)[:, :, 0]
    numpy.testing.assert_allclose(found, expected.to_numpy().T, rtol=0.02)


@pytest.mark.parametrize("family", [WEIBULL, LOG_NORMAL], ids=["weibull", "log-normal"])
def test_intervals_hold_the_simulated_truth(family: Family) -> None:
    expected = outlook_of(truth(family), PROFILES, 36)
    found = []
    for seed in range(60):
        fitted = fit(family, *simulate(family, 400, seed))
        found.append(outlook_of(fitted, PROFILES, 36, seed))
    for name in ("months_left", "leaves_within_12_months", "lifetime_value"):
        right = getattr(expected, name).value
        estimates = [getattr(outlook, name) for outlook in found]
        held = numpy.mean([(one.low <= right) & (right <= one.high) for one in estimates])
        assert 0.90 <= held <= 0.99
        mean = numpy.mean([one.value for one in estimates], axis=0)
        numpy.testing.assert_allclose(mean, right, rtol=0.05)


def test_the_family_that_made_the_customers_counts_most() -> None:
    selection = select(*simulate(LOG_NORMAL, 1500, seed=2), "customers.csv", seed=0)
    assert selection.members[0].weight > 0.5
    assert sum(member.weight for member in selection.members) == pytest.approx(1.0)
    assert selection.judged[0].family is LOG_NORMAL
    assert selection.warnings == ()
    observed, expected = selection.judged[0].years[0]
    assert observed == pytest.approx(expected, rel=0.15)


@pytest.mark.parametrize("family", [*ACCELERATED, piecewise((2.0, 5.0))], ids=lambda family: family.name)
@settings(max_examples=30, deadline=None)
@given(st.floats(-1, 3), st.floats(-1, 1), st.floats(0.05, 30))
def test_slopes_are_those_of_the_curves(family: Family, location: float, shape: float, months: float) -> None:
    shapes, here, time = numpy.full(family.shapes, shape), numpy.array([location]), numpy.array([months])
    assume(min(abs(months - edge) for edge in (*family.breakpoints, 0.0)) > 1e-3)

    def moved(by: float, location: float = 0.0, shape: int | None = None, time: float = 0.0) -> tuple[float, float]:
        step = by * (numpy.arange(family.shapes) == shape)
        local = family.slopes(here + by * location, shapes + step, numpy.array([months * (1 + by * time)]))
        return float(local.hazard[0]), float(local.rate[0])

    def slope(**direction: float) -> tuple[float, float]:
        (further, more), (nearer, less) = moved(1e-5, **direction), moved(-1e-5, **direction)  # type: ignore[arg-type]
        return (further - nearer) / 2e-5, (more - less) / 2e-5

    local = family.slopes(here, shapes, time)
    curve = cumulative_hazard(family, numpy.array([[location, *shapes]]), numpy.ones((1, 1)), time[:, None])
    assert local.hazard[0] == pytest.approx(curve[0, 0, 0], rel=1e-9)
    assert numpy.exp(local.rate[0]) * months == pytest.approx(slope(time=1.0)[0], rel=1e-4, abs=1e-7)
    assert (local.hazard_by_location[0], local.rate_by_location[0]) == pytest.approx(
        slope(location=1.0), rel=1e-4, abs=1e-6
    )
    for index in range(family.shapes):
        by_shape = local.hazard_by_shape[0, index], local.rate_by_shape[0, index]
        assert by_shape == pytest.approx(slope(shape=index), rel=1e-4, abs=1e-6)


def test_too_few_who_left() -> None:
    matrix, durations = simulate(WEIBULL, 60, seed=0)
    with pytest.raises(DataError, match=r"^customers\.csv: \d+ customers left, at least 50 are needed to learn when$"):
        select(matrix, durations, "customers.csv", seed=0)


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


def test_what_grows_with_the_duration_is_not_used() -> None:
    generator = numpy.random.default_rng(0)
    months, monthly = generator.uniform(0.5, 72, 3000), generator.poisson(0.08, (3000, 72)).astype(float)
    lived = numpy.arange(72) < months[:, None]
    numbers = {
        "orders_so_far": (monthly * lived).sum(axis=1),
        "orders_last_year": (monthly[:, :12] * lived[:, :12]).sum(axis=1),
        "bill": 20 + 0.1 * months + generator.gamma(2, 10, 3000),
        "credit": generator.normal(0, 5, 3000) + months / 10,
    }
    usecase = UseCase(
        name="shop", id="id", label=Label("left", "yes"), value=ValueRule("bill"), time=TimeRule("months"),
        features=(Feature("months", "number"), *(Feature(name, "number") for name in numbers)),
    )  # fmt: skip
    chosen = choose_covariates(pandas.DataFrame({"months": months, **numbers}), months, usecase)
    assert list(chosen.numbers) == ["orders_last_year", "bill", "credit"]
    assert chosen.left_out == ("orders_so_far is not used: it grows with the duration, so it is known only later",)


@pytest.fixture(scope="module")
def model(telco: Dataset, timed: UseCase) -> TimeModel:
    return learn(Labelled(replace(telco, usecase=timed)), seed=0)


def test_real_customers_leave_when_the_curves_say(model: TimeModel) -> None:
    best = model.selection.judged[0]
    assert best.family.name == "piecewise"
    assert best.concordance > 0.75  # Of customers of the same month, since leavers of one month alone are in the file.
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
    whole = there["MonthlyCharges"].to_numpy()[known] * sum(monthly_worth(model.value))
    assert (outlook.lifetime_value.value <= whole * (1 + 1e-9)).all()
    monthly = (there["Contract"] == "Month-to-month").to_numpy()[known]
    within = outlook.leaves_within_window
    assert within is not None
    assert within.value[monthly].mean() > 3 * within.value[~monthly].mean()
    assert (within.value <= leaves.value + 1e-9).all()


def test_many_customers_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix, durations = simulate(WEIBULL, 600, seed=3)
    months, left = durations.months, durations.left
    small = UseCase(
        name="small", id="id", label=Label("left", "yes", "no", window="ever"),
        value=ValueRule("spend"), time=TimeRule("months"),
        features=(Feature("months", "number"), Feature("spend", "number")),
    )  # fmt: skip
    frame = pandas.DataFrame({"months": months, "spend": matrix[:, 1] + 5})
    frame.loc[:9, "months"] = numpy.nan
    dataset = Dataset(small, frame, left, numpy.arange(600), Source("small.csv", "", simulated=True))
    monkeypatch.setattr("churn_campaigns.lifetime.model.MOST", 400)
    learned = learn(Labelled(dataset), seed=0)
    assert learned.learned_from == 400
    assert learned.notes == (
        "10 customers without a known duration are not learned from",
        "learning from 400 customers drawn at random",
    )

"""Uplift from randomised campaigns: simulated customers with known effects, and scikit-uplift as a second opinion."""

import numpy
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklift.metrics import qini_auc_score, uplift_auc_score
from sklift.metrics import qini_curve as sklift_qini_curve
from sklift.metrics import uplift_curve as sklift_uplift_curve

from churn_campaigns.uplift.learner import fit_uplift
from churn_campaigns.uplift.measures import (
    auuc,
    effect_by_decile,
    policy_value,
    qini_coefficient,
    qini_curve,
    uplift_curve,
)
from churn_campaigns.uplift.requirements import UpliftNotLearnable
from tests.campaigns.randomised import campaign

Array = numpy.ndarray


@pytest.fixture(scope="module")
def known() -> tuple[pandas.DataFrame, Array, Array, Array]:
    return campaign(4000, 1)


@pytest.fixture(scope="module")
def fewer(known: tuple[pandas.DataFrame, Array, Array, Array]) -> tuple[pandas.DataFrame, Array, Array, Array]:
    """The first 1,500 of the same customers, where how well is not the question."""
    features, treated, churned, effect = known
    return features[:1500], treated[:1500], churned[:1500], effect[:1500]


def test_customers_are_ranked_by_their_true_effect(known: tuple[pandas.DataFrame, Array, Array, Array]) -> None:
    features, treated, churned, _ = known
    model = fit_uplift(features, treated, churned, seed=0)
    fresh, _, _, effect = campaign(4000, 2)
    predicted = model.predict(fresh)
    assert numpy.corrcoef(predicted, effect)[0, 1] > 0.85
    assert predicted[effect < -0.2].mean() < 0.0
    assert predicted[effect > 0.2].mean() > 0.15
    slope = numpy.polyfit(predicted, effect, 1)[0]
    assert 0.8 < slope < 1.4


def test_the_average_and_its_error_are_those_of_the_campaign() -> None:
    within = []
    for seed in range(8):
        features, treated, churned, effect = campaign(1500, 100 + seed)
        model = fit_uplift(features, treated, churned, seed=0)
        within.append(abs(model.average - effect.mean()) < 2.5 * model.standard_error)
        assert 0.01 < model.standard_error < 0.04
    assert sum(within) >= 7


def test_unequal_known_chances_do_not_bias() -> None:
    features, _, _, effect = campaign(6000, 3)
    generator = numpy.random.default_rng(4)
    risk = features["risk"].to_numpy()
    # Those at risk are treated more often; whoever takes the arms for alike finds harm where there is help.
    chance = numpy.where(risk > 0.3, 0.8, 0.2)
    treated = (generator.random(6000) < chance).astype(int)
    churned = (generator.random(6000) < risk - treated * effect).astype(int)
    model = fit_uplift(features, treated, churned, seed=0, propensity=chance)
    assert abs(model.average - effect.mean()) < 3.0 * model.standard_error
    assert churned[treated == 0].mean() - churned[treated == 1].mean() < effect.mean() - 0.1


def test_no_effect_comes_out_as_about_none() -> None:
    features, treated, churned, _ = campaign(4000, 5, strength=0.0)
    model = fit_uplift(features, treated, churned, seed=0)
    predicted = model.predict(campaign(4000, 6)[0])
    assert abs(model.average) < 2.5 * model.standard_error
    assert numpy.abs(predicted).mean() < 0.03
    assert abs(qini_coefficient(churned, treated, model.out_of_fold)) < 0.1


def test_an_effect_that_does_not_differ_comes_out_as_its_average() -> None:
    features, _, _, _ = campaign(4000, 7)
    generator = numpy.random.default_rng(8)
    treated = generator.integers(0, 2, 4000)
    churned = (generator.random(4000) < 0.4 - 0.15 * treated).astype(int)
    model = fit_uplift(features, treated, churned, seed=0)
    assert model.predict(features).mean() == pytest.approx(0.15, abs=0.05)
    assert model.predict(features).std() < 0.03


def test_the_same_seed_gives_the_same_model(fewer: tuple[pandas.DataFrame, Array, Array, Array]) -> None:
    features, treated, churned, _ = fewer
    first, second, other = (fit_uplift(features, treated, churned, seed=seed) for seed in (3, 3, 4))
    assert (first.predict(features) == second.predict(features)).all()
    assert (first.predict(features) != other.predict(features)).any()


def test_unknown_levels_missing_cells_and_other_orders_of_columns_are_answered(
    fewer: tuple[pandas.DataFrame, Array, Array, Array],
) -> None:
    features, treated, churned, _ = fewer
    model = fit_uplift(features, treated, churned, seed=0)
    asked = pandas.DataFrame({"risk": [0.5, None], "more": [1, 2], "calls": [None, 0.0], "plan": ["never seen", None]})
    assert numpy.isfinite(model.predict(asked)).all()
    assert model.predict(features[["risk", "plan", "calls"]]) == pytest.approx(model.predict(features))


@pytest.mark.parametrize("kind", [["plan"], ["risk"]])
def test_categories_alone_and_numbers_alone_will_do(
    kind: list[str], fewer: tuple[pandas.DataFrame, Array, Array, Array]
) -> None:
    features, treated, churned, _ = fewer
    assert len(fit_uplift(features[kind], treated, churned, seed=0).predict(features)) == 1500


def test_too_few_outcomes_are_refused_in_one_line() -> None:
    features, treated, churned, _ = campaign(300, 9)
    churned[treated == 1] = 0
    with pytest.raises(UpliftNotLearnable, match=r"^0 customers left and \d+ stayed with the treatment; at least 10"):
        fit_uplift(features, treated, churned, seed=0)


@pytest.mark.parametrize("chance", [0.0, 1.0, 0.001])
def test_a_chance_that_leaves_nobody_to_compare_is_refused(
    chance: float, known: tuple[pandas.DataFrame, Array, Array, Array]
) -> None:
    features, treated, churned, _ = known
    with pytest.raises(UpliftNotLearnable, match=r"must be 0\.01 to 0\.99 for everybody"):
        fit_uplift(features, treated, churned, seed=0, propensity=chance)


def test_values_that_are_no_outcomes_are_refused(known: tuple[pandas.DataFrame, Array, Array, Array]) -> None:
    features, treated, churned, _ = known
    with pytest.raises(ValueError, match="0 and 1 only"):
        fit_uplift(features, treated, churned * 2, seed=0)
    with pytest.raises(ValueError, match="differ in length"):
        fit_uplift(features, treated[1:], churned, seed=0)


# scikit-uplift still calls what scikit-learn is about to drop.
against_scikit_uplift = pytest.mark.filterwarnings("ignore:Function stable_cumsum is deprecated:FutureWarning")


@against_scikit_uplift
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), customers=st.integers(20, 300), ties=st.integers(1, 40))
def test_curves_and_qini_are_those_of_scikit_uplift(seed: int, customers: int, ties: int) -> None:
    """Its curves are ours when staying is the outcome; its `qini_auc_score` is our Qini coefficient; its
    `uplift_auc_score` divides the area by the best order's, ours is the area itself per customer and share."""
    generator = numpy.random.default_rng(seed)
    treated, churned = generator.integers(0, 2, customers), generator.integers(0, 2, customers)
    treated[:2], churned[:4], treated[2:4] = (0, 1), (0, 0, 1, 1), (0, 1)
    uplift = generator.integers(0, ties, customers) / 7.0
    for ours, theirs in ((qini_curve, sklift_qini_curve), (uplift_curve, sklift_uplift_curve)):
        curve, (shares, kept) = ours(churned, treated, uplift), theirs(1 - churned, uplift, treated)
        assert curve.customers == pytest.approx(shares)
        assert curve.kept == pytest.approx(kept)
    assert qini_coefficient(churned, treated, uplift) == pytest.approx(qini_auc_score(1 - churned, uplift, treated))


@against_scikit_uplift
def test_area_under_the_uplift_curve_orders_models_as_scikit_uplift_does(
    known: tuple[pandas.DataFrame, Array, Array, Array],
) -> None:
    _, treated, churned, effect = known
    generator = numpy.random.default_rng(0)
    rankings = [effect + generator.normal(scale=scale, size=len(effect)) for scale in (0.0, 0.2, 0.5, 5.0)]
    ours = [auuc(churned, treated, ranking) for ranking in rankings]
    theirs = [uplift_auc_score(1 - churned, ranking, treated) for ranking in rankings]
    assert numpy.argsort(ours).tolist() == numpy.argsort(theirs).tolist()
    assert ours[0] > ours[2] > ours[3]
    assert auuc(churned, treated, numpy.zeros(len(effect))) == pytest.approx(
        (churned[treated == 0].mean() - churned[treated == 1].mean()) / 2.0
    )


def test_the_true_effect_has_a_better_qini_than_chance_and_its_reverse(
    known: tuple[pandas.DataFrame, Array, Array, Array],
) -> None:
    _, treated, churned, effect = known
    chance = numpy.random.default_rng(0).random(len(effect))
    first, second, third = (qini_coefficient(churned, treated, order) for order in (effect, chance, -effect))
    # By chance its standard deviation in a campaign of this size is 0.009.
    assert first > 0.08
    assert abs(second) < 0.04
    assert third < -0.08


def test_policy_value_is_unbiased_and_its_interval_holds_the_truth() -> None:
    generator = numpy.random.default_rng(0)
    customers, repeats, inside, means = 800, 300, 0, []
    feature = generator.random(customers)
    chances = numpy.column_stack([0.6 - 0.3 * feature, 0.1 + 0.3 * feature, numpy.full(customers, 0.3)])
    expected = numpy.column_stack([feature, 0.5 * feature + 0.2, 1.0 - feature])
    chosen = (feature > 0.4).astype(int) * 2 - 1
    truth = float(expected[numpy.arange(customers), chosen + 1].mean())
    for _ in range(repeats):
        given_to = (generator.random((customers, 1)) > chances.cumsum(axis=1)).sum(axis=1)
        outcome = (generator.random(customers) < expected[numpy.arange(customers), given_to]).astype(float)
        propensity = chances[numpy.arange(customers), given_to]
        value = policy_value(outcome, given_to - 1, chosen, propensity)
        inside += value.low <= truth <= value.high
        means.append(value.mean)
    assert numpy.mean(means) == pytest.approx(truth, abs=3 * numpy.std(means) / repeats**0.5 + 1e-3)
    assert 0.92 <= inside / repeats <= 0.985


def test_policy_value_of_what_was_given_is_the_mean_and_bad_input_is_refused() -> None:
    outcome, given_to = numpy.array([1.0, 0.0, 0.0, 1.0]), numpy.array([-1, 0, 0, -1])
    value = policy_value(outcome, given_to, given_to, numpy.full(4, 0.5))
    assert (value.mean, value.matched) == (0.5, 4)
    assert value.low < 0.5 < value.high
    with pytest.raises(ValueError, match="above 0"):
        policy_value(outcome, given_to, given_to, numpy.zeros(4))
    with pytest.raises(ValueError, match="nobody was given"):
        policy_value(outcome, given_to, numpy.full(4, 2), numpy.full(4, 0.5))


def test_effects_by_decile_fall_and_hold_the_truth(known: tuple[pandas.DataFrame, Array, Array, Array]) -> None:
    _, treated, churned, effect = known
    groups = effect_by_decile(churned, treated, effect, level=0.99)
    assert [group.customers for group in groups] == [400] * 10
    assert [group.predicted for group in groups] == sorted((group.predicted for group in groups), reverse=True)
    assert sum(group.low <= group.predicted <= group.high for group in groups) >= 9
    assert groups[0].low > 0.0 > groups[-1].high
    assert effect_by_decile(churned, numpy.ones_like(treated), effect) == ()

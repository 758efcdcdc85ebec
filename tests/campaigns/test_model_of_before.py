"""What a model of before adds where a campaign is small: a steady beginning, and no effects that are not there."""

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit

from churn_campaigns.uplift.base_learners import Recalibrated
from churn_campaigns.uplift.belief import RISK, settled, with_risk
from churn_campaigns.uplift.learner import fit_uplift
from tests.campaigns.randomised import campaign


def test_what_was_said_before_is_set_right_by_many_and_stays_with_few() -> None:
    generator = numpy.random.default_rng(1)
    said = generator.normal(size=20_000)
    other = generator.normal(size=(20_000, 3))
    truth = expit(0.5 * said - 0.7 + 0.4 * other[:, 0])
    churned = (generator.random(20_000) < truth).astype(int)
    known = numpy.column_stack([said, other])
    many = Recalibrated().fit(known, churned).predict(known)
    assert numpy.abs(many - truth).mean() < 0.02
    few = Recalibrated().fit(known[:40], churned[:40]).predict(known)
    assert numpy.corrcoef(logit(few), said)[0, 1] > 0.99


@given(st.floats(-0.3, 0.3), st.floats(0.0, 0.5), st.floats(0.001, 0.4))
def test_an_average_settles_between_what_was_seen_and_what_was_assumed(
    seen: float, error: float, assumed: float
) -> None:
    found = settled(seen, error, assumed)
    assert min(seen, assumed) - 1e-12 <= found <= max(seen, assumed) + 1e-12
    assert settled(seen, 0.0, assumed) == pytest.approx(seen)
    assert abs(settled(seen, 2.0 * error, assumed) - assumed) <= abs(found - assumed) + 1e-12
    assert settled(seen, error, 0.0) == seen


def test_averages_that_were_picked_for_their_size_are_right_after_settling() -> None:
    """The winner's curse: of effects around what was assumed, those that were shown look larger than they are."""
    generator = numpy.random.default_rng(2)
    truth = 0.1 + 0.05 * generator.normal(size=20_000)
    error = 0.04
    seen = truth + error * generator.normal(size=20_000)
    shown = seen > 2.6 * error
    after = numpy.array([settled(each, error, 0.1) for each in seen[shown]])
    assert seen[shown].mean() - truth[shown].mean() > 0.012
    assert after.mean() == pytest.approx(truth[shown].mean(), abs=0.002)


def test_few_customers_tell_who_is_kept_where_a_model_of_before_knows_their_risk() -> None:
    fresh, _, _, effect = campaign(4000, 99)
    known = with_risk(fresh, fresh["risk"].to_numpy())
    found = []
    for seed in (1, 2, 3):
        features, treated, churned, _ = campaign(1500, seed)
        model = fit_uplift(with_risk(features, features["risk"].to_numpy()), treated, churned, seed, assumed=0.2)
        found.append(numpy.corrcoef(model.predict(known), effect)[0, 1])
    assert numpy.mean(found) > 0.8


@pytest.mark.parametrize("wrong", [0.0, 0.7], ids=["right", "off-by-customer"])
def test_a_model_of_before_makes_no_effects_that_are_not_there(wrong: float) -> None:
    sizes = []
    for seed in range(6):
        features, treated, churned, _ = campaign(1500, 50 + seed, strength=0.0)
        noise = wrong * numpy.random.default_rng(seed).normal(size=1500)
        frame = with_risk(features.drop(columns="risk"), expit(logit(features["risk"].to_numpy()) + noise))
        assert RISK in frame
        sizes.append(numpy.abs(fit_uplift(frame, treated, churned, seed).predict(frame)).mean())
    assert numpy.mean(sizes) < 0.035

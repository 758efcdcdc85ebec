"""The families: each of their settings can be fitted, and what they read is what a served model sees."""

from dataclasses import replace

import numpy
import pytest
from scipy.special import expit

from churn_data.dataset import Dataset
from churn_model.encoding import MISSING_CATEGORY
from churn_model.estimators import ESTIMATOR_FILES
from churn_training.families.candidates import Candidate, CategoryTexts, log_odds
from churn_training.families.portfolio import default_candidates
from churn_training.families.serving_time import serving_time
from churn_training.families.stopping import fit_whole
from tests.training.small_families import small_candidates

ENDS = ("low", "high")
SMALL = {"iterations": 3, "n_estimators": 3}


def test_every_family_has_a_name_a_format_and_settings_of_its_own() -> None:
    candidates = default_candidates()
    assert len({candidate.name for candidate in candidates}) == len(candidates)
    assert {candidate.kind for candidate in candidates} == set(ESTIMATOR_FILES) - {"blend"}
    for candidate in candidates:
        settings = [candidate.parameters, *(candidate.at(other).parameters for other in candidate.alternatives)]
        assert all(one != other for place, one in enumerate(settings) for other in settings[:place])
        assert candidate.space, "a search can go on for as long as it may"
        assert all(serving_time(candidate.at(other)).fits for other in ({}, *candidate.alternatives))


@pytest.mark.parametrize("candidate", default_candidates(), ids=lambda candidate: candidate.name)
def test_every_setting_can_be_fitted(candidate: Candidate, telco: Dataset) -> None:
    """With a few trees: what is tested is that the libraries take these settings together."""
    part = telco.take(numpy.arange(300))
    ends = [{name: value for name, each in candidate.space.items() for value in [getattr(each, end)]} for end in ENDS]
    for other in ({}, *candidate.alternatives, *ends):
        setting = candidate.at(other)
        fewer = {name: SMALL.get(name, value) for name, value in setting.parameters.items() if name != "max_iter"}
        fewer |= {"max_iter": 3} if candidate.kind == "trees" and candidate.boosts else {}
        fewer |= {"max_iter": 300} if candidate.kind == "linear" else {}
        pipeline = fit_whole(replace(setting, parameters=fewer).build(part.categories, 0), part)
        assert numpy.isfinite(log_odds(pipeline, candidate.kind, part.frame)).all()


@pytest.mark.parametrize("candidate", small_candidates(), ids=lambda candidate: candidate.name)
def test_log_odds_are_those_of_the_probabilities(candidate: Candidate, telco: Dataset) -> None:
    part = telco.take(numpy.arange(600))
    pipeline = candidate.build(part.categories, 0).fit(part.frame, part.churned)
    expected = pipeline.predict_proba(telco.frame)[:, 1]
    assert expit(log_odds(pipeline, candidate.kind, telco.frame)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("candidate", small_candidates(), ids=lambda candidate: candidate.name)
def test_numbers_alone_are_enough(candidate: Candidate, telco: Dataset) -> None:
    part = telco.take(numpy.arange(600))
    frame = part.frame.drop(columns=part.categories)
    pipeline = candidate.build([], 0).fit(frame, part.churned)
    assert numpy.isfinite(log_odds(pipeline, candidate.kind, frame)).all()


def test_a_missing_category_reads_as_it_is_served(telco: Dataset) -> None:
    frame = telco.take(numpy.arange(20)).frame
    frame.loc[3, "Contract"] = numpy.nan
    frame.loc[4, "tenure"] = numpy.nan
    before = frame.copy()
    texts = CategoryTexts(telco.categories).fit(frame).transform(frame)
    assert texts.loc[3, "Contract"] == MISSING_CATEGORY
    assert texts["tenure"].isna().tolist() == [number == 4 for number in range(20)]
    assert frame.equals(before)

"""Columns as counts in bins: nobody is lost, nobody rare is named, and a broken profile is refused."""

import math

import msgspec
import numpy
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_data.dataset import Dataset
from churn_data.profiles import bin_names, category_bins, category_profile, number_bins, number_profile
from churn_model.manifest import TrainingData
from churn_model.package import open_package
from churn_model.training_profile import ColumnProfile, TrainingProfile
from churn_training.packaging.home import Home
from churn_training.packaging.keys import trusted_keys
from churn_training.pipeline import TrainingOutcome

numbers = st.one_of(st.floats(allow_infinity=False), st.sampled_from([0.0, 1.0, math.nan]))
texts = st.one_of(st.none(), st.sampled_from(["a", "b", "c"]), st.text(max_size=3))


@given(st.lists(numbers, min_size=1, max_size=200), st.lists(numbers, max_size=50))
def test_every_number_is_in_one_bin(trained: list[float], later: list[float]) -> None:
    values = numpy.array(trained)
    profile = number_profile(values)
    assert profile.rows == len(trained)
    assert profile.counts[-1] == numpy.isnan(values).sum()
    for value, place in zip(later, number_bins(profile, numpy.array(later, dtype=float)).tolist(), strict=True):
        if math.isnan(value):
            assert place == len(profile.cuts) + 1
        else:
            assert place == 0 or profile.cuts[place - 1] <= value
            assert place == len(profile.cuts) or value < profile.cuts[place]
    assert len(bin_names(profile)) == len(profile.counts)


@given(st.lists(texts, min_size=1, max_size=200), st.lists(texts, max_size=50))
def test_every_text_is_in_one_bin(trained: list[str | None], later: list[str | None]) -> None:
    known = sorted({text for text in trained if text is not None and text != "b"})
    profile = category_profile(pyarrow.array(trained, pyarrow.string()), known)
    assert profile.rows == len(trained)
    assert profile.counts[-2] == trained.count(None)
    assert profile.counts[-1] == trained.count("b")
    names = (*profile.levels, "rare", "missing", "unseen")
    assert bin_names(profile) == names
    for text, place in zip(later, category_bins(profile, pyarrow.array(later, pyarrow.string()), known), strict=True):
        other = "missing" if text is None else "rare" if text in known else "unseen"
        assert names[place] == (text if text in profile.levels else other)


def test_no_level_of_a_few_is_named() -> None:
    profile = category_profile(pyarrow.array(["usual"] * 995 + ["7590-VHVEG"] * 5), ("usual", "7590-VHVEG"))
    assert profile.levels == ("usual",)
    assert profile.counts == (995, 5, 0, 0)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"counts": [1, 2, 3], "cuts": [0.0]}, id="whole"),
        pytest.param({"counts": [1, 2], "cuts": [0.0]}, id="counts"),
        pytest.param({"counts": [1, 2, 3], "cuts": [0.0], "effects": [0.1]}, id="effects"),
        pytest.param({"counts": [1, -2, 3], "cuts": [0.0]}, id="negative"),
        pytest.param({"counts": [1, 2, 3, 4], "cuts": [1.0, 1.0]}, id="cuts"),
        pytest.param({"counts": [1, 2, 3], "category": True, "levels": ["a"]}, id="levels"),
    ],
)
def test_only_a_whole_profile_is_read(document: dict[str, object], request: pytest.FixtureRequest) -> None:
    if request.node.callspec.id == "whole":
        assert msgspec.convert(document, ColumnProfile).rows == 6
        return
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(document, ColumnProfile)


def test_a_package_of_before_has_none() -> None:
    assert msgspec.json.decode(b'{"sha256": "00"}', type=TrainingData).profile is None


def profile_of(home: Home, outcome: TrainingOutcome) -> TrainingProfile:
    package = open_package(home.packages(outcome.registered.name) / "champion", trusted_keys(home))
    found = package.manifest.training_data.profile
    assert found is not None
    return found


def test_a_training_remembers_its_customers(trained: tuple[Home, TrainingOutcome], telco: Dataset) -> None:
    profile = profile_of(*trained)
    assert list(profile.features) == list(telco.frame.columns)
    assert {column.rows for column in profile.features.values()} == {len(telco)}
    contract = profile.features["Contract"]
    month = (telco.frame["Contract"] == "Month-to-month").sum()
    assert contract.counts[contract.levels.index("Month-to-month")] == month
    tenure = profile.features["tenure"]
    assert (
        sum(tenure.counts[: tenure.cuts.index(telco.frame["tenure"].median()) + 1])
        == (telco.frame["tenure"] < telco.frame["tenure"].median()).sum()
    )
    assert profile.score.rows == pytest.approx(0.1 * len(telco), rel=0.2)
    assert profile.independent == 1.0


def test_it_remembers_what_moves_the_answers(trained: tuple[Home, TrainingOutcome]) -> None:
    features = profile_of(*trained).features
    contract, tenure = features["Contract"], features["tenure"]
    effect = dict(zip(contract.levels, contract.effects, strict=False))
    assert effect["Month-to-month"] > 0.2
    assert effect["Two year"] < 0.0
    assert tenure.effects[0] > tenure.effects[len(tenure.cuts)]
    spread = {name: max(each.effects) - min(each.effects) for name, each in features.items()}
    assert spread["Contract"] > 5 * spread["gender"]

"""Columns as counts in bins: nobody is lost, nobody rare is named, and a broken profile is refused."""

import math
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy
import pandas
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_data.dataset import Dataset, Source, levels_of, rows_of
from churn_data.profile_effects import effects_of
from churn_data.profiles import bin_names, category_bins, category_profile, number_bins, number_profile
from churn_model import Row, Schema
from churn_model.manifest import MANIFEST, TrainingData
from churn_model.package import LARGEST, open_package
from churn_model.training_profile import ColumnProfile, TrainingProfile
from churn_model.usecase import UseCase
from churn_monitoring.drift.watch import DAY, DriftWatch, Promise
from churn_training.packaging.home import Home
from churn_training.packaging.keys import trusted_keys
from churn_training.packaging.profile import ASKED, training_profile
from churn_training.pipeline import TrainingOutcome
from sample_package import Keys, PackageMaker
from tests.drift.asked import DIGEST, table
from tests.prediction_log.shipped import NOON

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
    names = (*profile.levels, "(rare)", "(missing)", "(unseen)")
    assert bin_names(profile) == names
    for text, place in zip(later, category_bins(profile, pyarrow.array(later, pyarrow.string()), known), strict=True):
        other = "(missing)" if text is None else "(rare)" if text in known else "(unseen)"
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
        pytest.param({"counts": [1, 2, 3], "cuts": [0.0], "fitted": [1, 2]}, id="fitted"),
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
    assert (profile.score.rows, sum(profile.score.fitted)) == (len(telco) - trained[1].learnt, ASKED)
    assert profile.independent == pytest.approx(len(numpy.unique(telco.groups)) / len(telco))


def test_it_remembers_what_moves_the_answers(trained: tuple[Home, TrainingOutcome]) -> None:
    features = profile_of(*trained).features
    contract, tenure = features["Contract"], features["tenure"]
    effect = dict(zip(contract.levels, contract.effects, strict=False))
    assert effect["Month-to-month"] > 0.2
    assert effect["Two year"] < 0.0
    assert tenure.effects[0] > tenure.effects[len(tenure.cuts)]
    spread = {name: max(each.effects) - min(each.effects) for name, each in features.items()}
    assert spread["Contract"] > 5 * spread["gender"]


STREETS = "Payment"


def of_many_streets(count: int, seed: int) -> list[Row]:
    """Rows of the sample package, who pay in one of thousands of ways, and of whom one in 250 is with us for long."""
    source = numpy.random.default_rng(seed)
    streets = (40 * source.pareto(1.0, count)).astype(int)
    long = source.random(count) < 0.004
    return [
        (70.0 if old else 5.0, "One year", 60.0, f"street {street}", 0.0)
        for old, street in zip(long, streets, strict=True)
    ]


def as_dataset(rows: Sequence[Row], schema: Schema, usecase: UseCase) -> Dataset:
    frame = pandas.DataFrame(list(rows), columns=list(schema.names))
    return Dataset(usecase, frame, numpy.zeros(len(rows)), numpy.arange(len(rows)), Source("streets", "00", False))


def test_levels_without_end_and_a_rare_segment_are_no_drift(package_folder: Path, keys: Keys, telecom: UseCase) -> None:
    """A model has learnt every level of those whom it was fitted on, and others come for ever."""
    package = open_package(package_folder, keys.trusted)
    plain = package.manifest.schema
    fitted, held_out = (
        as_dataset(of_many_streets(count, seed), plain, telecom) for count, seed in ((9_000, 1), (1_000, 2))
    )
    learnt = levels_of(fitted.frame[STREETS])
    features = [
        msgspec.structs.replace(each, categories=learnt) if each.name == STREETS else each for each in plain.features
    ]
    schema = msgspec.structs.replace(plain, features=tuple(features), logged=(STREETS, "tenure"))
    answered = numpy.array(package.scorer.score(rows_of(held_out.frame)).probabilities)
    profile = training_profile(package.scorer, schema, fitted, held_out, answered)
    unseen = sum(street not in learnt for street in held_out.frame[STREETS])
    streets = profile.features[STREETS]
    assert (streets.rows, streets.counts[-1]) == (len(held_out), unseen)
    assert unseen > 20
    assert (sum(streets.fitted), streets.fitted[-1]) == (len(fitted), 0)
    assert profile.features["Contract"].rows == len(held_out) + len(fitted)
    assert (profile.score.rows, sum(profile.score.fitted)) == (len(held_out), ASKED)
    assert 0 < min(profile.segments.counts[: len(profile.segments.levels)]) < 0.01 * profile.segments.rows

    later = [of_many_streets(1_000, 100 + hour) for hour in range(15)]
    known = rows_of(fitted.frame)
    for asked in (later, [known[start : start + 1_000] for start in range(0, len(known), 1_000)]):
        watching = DriftWatch(DIGEST, schema, profile, Promise())
        for hour, rows in enumerate(asked):
            scored = package.scorer.score(rows)
            answers = list(zip(scored.probabilities, scored.segments, strict=True))
            made = table(rows, NOON + 3600.0 * hour, answers=answers, schema=schema)
            assert watching.add(made, NOON + 20 * DAY) == []


def test_a_wide_file_has_room_in_the_manifest(make_package: PackageMaker) -> None:
    """Five hundred columns, half of them of twenty long levels."""
    levels = tuple(f"{place:02d} a level with a name of thirty" for place in range(20))
    number = ColumnProfile(
        (123_456,) * 13, cuts=tuple(1234.5678 * cut for cut in range(1, 12)), effects=(-0.123456,) * 13
    )
    category = ColumnProfile((123_456,) * 23, category=True, levels=levels, effects=(-0.123456,) * 23)
    features = {f"a column of five hundred {place}": category if place % 2 else number for place in range(500)}
    folder = make_package(profile=TrainingProfile(features, number, category, 1.0, 0.0, 1.0))
    assert (folder / MANIFEST).stat().st_size < LARGEST[MANIFEST] / 10


def test_what_moves_the_answers_of_a_wide_file_is_learnt() -> None:
    source = numpy.random.default_rng(1)
    values = {f"column {place}": source.integers(0, 12, 3_000).astype(float) for place in range(500)}
    features = {name: number_profile(column) for name, column in values.items()}
    bins = {name: number_bins(features[name], column) for name, column in values.items()}
    effects = effects_of(features, bins, 0.1 * values["column 3"] - 0.05 * values["column 400"])
    spread = {name: max(each) - min(each) for name, each in effects.items()}
    assert sorted(spread, key=lambda name: -spread[name])[:2] == ["column 3", "column 400"]

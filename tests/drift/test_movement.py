"""Which feature moved the answers, and by how much of it."""

import numpy
import pytest

from churn_data.profile_effects import effects_of
from churn_data.profiles import number_bins, number_profile
from churn_model.training_profile import ColumnProfile, TrainingProfile
from churn_monitoring.drift.counting import SCORE, Column
from churn_monitoring.drift.movement import movement_of
from churn_monitoring.drift.state import Recent

ROWS = 40_000


def drawn(seed: int) -> dict[str, numpy.ndarray]:
    """Two numbers that hang together, and one by itself, of few values each, so that bins lose nothing."""
    source = numpy.random.default_rng(seed)
    trait = source.integers(0, 3, ROWS)
    return {
        "tenure": (trait + source.integers(0, 3, ROWS)).astype(float),
        "bill": (trait + source.integers(0, 3, ROWS)).astype(float),
        "calls": source.integers(0, 5, ROWS).astype(float),
    }


def log_odds(values: dict[str, numpy.ndarray]) -> numpy.ndarray:
    return 0.5 * values["tenure"] - 0.3 * values["bill"] + 0.1 * values["calls"] ** 2


@pytest.fixture(scope="module")
def profiles() -> dict[str, ColumnProfile]:
    values = drawn(1)
    made = {name: number_profile(each) for name, each in values.items()}
    bins = {name: number_bins(made[name], each) for name, each in values.items()}
    effects = effects_of(made, bins, log_odds(values))
    return {name: ColumnProfile(each.counts, cuts=each.cuts, effects=effects[name]) for name, each in made.items()}


def moved_by(profiles: dict[str, ColumnProfile], later: dict[str, numpy.ndarray]) -> dict[str, float | None]:
    """The share of each feature in the movement."""
    odds = log_odds(drawn(1))
    score = number_profile(1.0 / (1.0 + numpy.exp(-odds)))
    known = TrainingProfile(profiles, score, score, 1.0, float(odds.mean()), float(odds.std()))
    columns = [*(Column(name, each) for name, each in profiles.items()), Column(SCORE, score, feature=False)]
    counts = [
        numpy.bincount(number_bins(each, later[name]), minlength=len(each.counts)) for name, each in profiles.items()
    ]
    counts.append(numpy.asarray(score.counts))
    offsets = numpy.cumsum([0, *(len(each) for each in counts)])
    flat = numpy.concatenate(counts).tolist()
    recent = [Recent(flat, [ROWS] * 4, float(log_odds(later).sum()), ROWS, ROWS, 1.0, 2.0)]
    movement = movement_of(columns, offsets, known, recent, 0.0)
    assert sum(movement.features.values()) + movement.rest == pytest.approx(movement.moved)
    return {name: movement.share_of(name) for name in profiles}


def test_the_feature_that_moved_has_all_of_it_whatever_hangs_together_with_it(
    profiles: dict[str, ColumnProfile],
) -> None:
    later = drawn(2)
    later["tenure"] = numpy.minimum(later["tenure"] + 1.0, 4.0)
    shares = moved_by(profiles, later)
    assert shares["tenure"] == pytest.approx(1.0, abs=0.1)
    assert shares["bill"] == pytest.approx(0.0, abs=0.1)
    assert shares["calls"] == pytest.approx(0.0, abs=0.1)


def test_two_that_moved_share_it(profiles: dict[str, ColumnProfile]) -> None:
    later = drawn(3)
    later["tenure"] = numpy.minimum(later["tenure"] + 1.0, 4.0)
    later["calls"] = numpy.minimum(later["calls"] + 1.0, 4.0)
    before, after = drawn(1), log_odds(later).mean()
    tenure = 0.5 * (later["tenure"].mean() - before["tenure"].mean())
    total = after - log_odds(before).mean()
    assert moved_by(profiles, later)["tenure"] == pytest.approx(tenure / total, abs=0.05)


def test_answers_that_have_hardly_moved_are_nobodys(profiles: dict[str, ColumnProfile]) -> None:
    assert set(moved_by(profiles, drawn(4)).values()) == {None}

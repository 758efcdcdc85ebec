"""When customers leave, learned from a file that holds only those who left lately: right where the truth is known."""

from dataclasses import replace

import msgspec
import numpy
import pytest

from churn_campaigns.lifetime.customers import Labelled
from churn_campaigns.lifetime.durations import MOMENTS, SHORTEST, DurationReader, Durations
from churn_campaigns.lifetime.model import learn
from churn_model.usecase import Label, TimeRule
from tests.campaigns.snapshots import HORIZON, SHAPES, Snapshot, constant, held, snapshot

CUSTOMERS, WINDOW = 4_000, 3.0


def said(labelled: Labelled) -> tuple[float, float]:
    """Mean share that leaves within 12 months and mean months of the next 60, of those who are still there."""
    dataset = labelled.dataset
    there = dataset.frame[dataset.churned == 0].reset_index(drop=True)
    outlook, _ = learn(labelled, seed=0).outlook(there, HORIZON, seed=0)
    return outlook.leaves_within_12_months.mean[0], outlook.months_left.mean[0]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_truth_is_within_the_intervals(shape: str) -> None:
    """A few snapshots that must all do; `ci/bench-survival` counts hundreds."""
    for seed in range(3):
        for name, (truth, value, low, high) in held(SHAPES[shape], CUSTOMERS, WINDOW, seed).items():
            assert low < value < high, name
            assert value == pytest.approx(truth, abs=0.8 * (high - low)), name


@pytest.fixture(scope="module")
def world() -> Snapshot:
    return snapshot(constant, 12_000, 1.0, seed=0)


def test_leavers_of_one_month_taken_for_all_of_them_make_everybody_stay(world: Snapshot) -> None:
    dataset = world.labelled.dataset
    ever = msgspec.structs.replace(dataset.usecase, label=Label("left", "yes", "no", window="ever"))
    leaves, months = said(Labelled(replace(dataset, usecase=ever)))
    assert leaves < 0.2 * world.leaves_within_12_months
    assert months > 1.5 * world.months_left


def test_a_known_beginning_of_observation_says_the_same_as_a_window(world: Snapshot) -> None:
    dataset = world.labelled.dataset
    rule = TimeRule("months", observed_since="since")
    told = msgspec.structs.replace(dataset.usecase, label=Label("left", "yes", "no"), time=rule)
    lived = dataset.frame["months"].to_numpy()
    gone = numpy.random.default_rng(0).uniform(0, 1, len(lived))
    since = numpy.maximum(lived - numpy.where(dataset.churned == 1, gone, 1.0), 0.0)
    assert said(Labelled(replace(dataset, usecase=told), since)) == pytest.approx(said(world.labelled), rel=0.1)


def test_stretches_in_which_customers_were_watched() -> None:
    months, left = numpy.array([10.0, 1.5, 10.0, 1.0]), numpy.array([0, 0, 1, 1])
    watched = Durations(months, left, window=3.0).watched()
    assert watched.customer.tolist() == [0, 1, *[2] * MOMENTS, *[3] * MOMENTS]
    assert watched.entry.tolist() == pytest.approx([7.0, 0.0, 9.5, 8.5, 7.5, 0.5, 0.0, 0.0])
    assert numpy.bincount(watched.customer, watched.weight).tolist() == pytest.approx([1.0] * 4)
    ever = Durations(months, left).watched()
    assert (ever.entry.tolist(), ever.weight.tolist()) == ([0.0] * 4, [1.0] * 4)
    known = Durations(months, left, since=numpy.array([4.0, 0.0, 10.0, 0.0])).watched()
    assert known.entry.tolist() == pytest.approx([4.0, 0.0, 10.0, 0.0], abs=1e-4)
    assert (known.entry < known.until).all()


def test_the_beginning_of_observation_is_read_as_durations_are() -> None:
    whole = DurationReader(TimeRule("years", months=12), shift=0.5)
    assert whole.since(numpy.array([0.0, 2.0, numpy.nan])) == pytest.approx([0.0, 30.0, numpy.nan], nan_ok=True)
    assert SHORTEST > 0


def test_some_are_not_learned_from(world: Snapshot) -> None:
    dataset = world.labelled.dataset
    rule = TimeRule("months", observed_since="since")
    told = msgspec.structs.replace(dataset.usecase, label=Label("left", "yes", "no"), time=rule)
    since = numpy.maximum(dataset.frame["months"].to_numpy() - 1.0, 0.0)
    since[:4] = numpy.nan
    model = learn(Labelled(replace(dataset, usecase=told), since), seed=0)
    assert model.learned_from == len(dataset) - 4
    assert model.notes[0].startswith("4 customers of whom it is not known since when they were observed")
    assert "billed is not used: it tells the duration" in "".join(model.notes)

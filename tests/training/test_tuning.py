"""The search for settings: the clock decides how many rounds there are, seed and rounds decide everything else."""

from collections.abc import Iterator
from dataclasses import replace

import numpy
import pandas
import pytest
from scipy.special import expit

from churn_data.dataset import Dataset, Source
from churn_data.progress import Reporter, reporting
from churn_model.usecase import Feature, Label, UseCase, ValueRule
from churn_training.comparison.competition import Search, compete
from churn_training.comparison.tuning import SearchClock, Tuned, tune
from churn_training.families.candidates import Candidate

FAMILY = Candidate("linear", "Logistic regression", "linear", {"C": 1e-5}, ({"C": 1e-4}, {"C": 1.0}, {"C": 1e-6}))


@pytest.fixture
def reporter() -> Iterator[Reporter]:
    with reporting() as opened:
        yield opened


@pytest.fixture(scope="module")
def few() -> Dataset:
    """Customers whom two numbers tell apart, for fits that take a moment."""
    usecase = UseCase(
        name="few",
        id="id",
        label=Label("left", "1"),
        value=ValueRule("spend"),
        features=(Feature("spend", "number"), Feature("visits", "number")),
    )
    generator = numpy.random.default_rng(5)
    frame = pandas.DataFrame(generator.normal(size=(900, 2)), columns=["spend", "visits"])
    left = generator.random(900) < expit(1.5 * frame["visits"].to_numpy() - frame["spend"].to_numpy())
    return Dataset(usecase, frame, left.astype(int), numpy.arange(900), Source("few.csv", "0" * 64, simulated=True))


def ticking(seconds: float, tick: float, reserve: float = 0.0) -> SearchClock:
    """A clock on which every look takes so long."""
    time = iter(numpy.arange(0, 1e6, tick).tolist())
    return SearchClock(seconds, reserve, lambda: float(next(time)))


def tuned(dataset: Dataset, clock: SearchClock, reporter: Reporter, family: Candidate = FAMILY) -> Tuned:
    parts = [dataset.take(numpy.arange(600)), dataset.take(numpy.arange(300, 900))]
    return tune(family, parts, seed=0, clock=clock, expected=1.0, reporter=reporter)


def test_the_setting_of_lowest_log_loss_is_chosen_for_each_part(few: Dataset, reporter: Reporter) -> None:
    found = tuned(few, ticking(1e5, 1.0), reporter)
    assert found.rounds == 4
    assert [choice.parameters for choice in found.chosen] == [{"C": 1.0}] * 2


@pytest.mark.parametrize(("seconds", "rounds"), [(0, 0), (2.9, 0), (3, 1), (6, 2), (9, 3), (1000, 4)])
def test_time_decides_the_number_of_rounds(seconds: float, rounds: int, few: Dataset, reporter: Reporter) -> None:
    """Three looks a round, one second each: another round is begun only if what the last one took still fits."""
    found = tuned(few, ticking(seconds, 1.0), reporter)
    assert found.rounds == rounds
    assert [choice.parameters["C"] for choice in found.chosen] == [
        1.0 if rounds > 2 else 1e-4 if rounds == 2 else 1e-5
    ] * 2


def test_what_follows_the_search_has_its_time_kept(few: Dataset, reporter: Reporter) -> None:
    assert tuned(few, ticking(9, 1.0, reserve=6.0), reporter).rounds == 1


def test_the_number_of_rounds_decides_and_not_how_long_they_took(few: Dataset, reporter: Reporter) -> None:
    slow, quick = (tuned(few, ticking(6 * tick, tick), reporter) for tick in (1.0, 0.9))
    assert slow == quick
    assert slow.rounds == 2
    beyond = replace(FAMILY, alternatives=(*FAMILY.alternatives[:1], {"C": 0.5}))
    assert tuned(few, ticking(6, 1.0), reporter, beyond).chosen[0].parameters == slow.chosen[0].parameters


def test_a_family_is_measured_with_the_settings_that_each_fold_has_found(few: Dataset, reporter: Reporter) -> None:
    found = compete(few, FAMILY, Search(1, 3, seconds=600), reporter)
    best = compete(few, replace(FAMILY, parameters={"C": 1.0}, alternatives=()), Search(1, 3), reporter)
    assert found.rounds == 4
    assert found.contender == best.contender
    assert found.metrics == best.metrics
    assert (found.raw == best.raw).all()


def test_without_time_the_default_is_measured_and_nothing_searched(few: Dataset, reporter: Reporter) -> None:
    found = compete(few, FAMILY, Search(1, 3), reporter)
    assert (found.rounds, found.contender.parameters) == (0, {"C": 1e-5})
    again = compete(few, FAMILY, Search(1, 3, seconds=1e-6), reporter)
    assert (again.raw == found.raw).all()


def test_the_seed_decides_the_splits(few: Dataset, reporter: Reporter) -> None:
    first, second = (compete(few, FAMILY, Search(seed, 3, 600), reporter).raw for seed in (1, 2))
    assert (first != second).any()

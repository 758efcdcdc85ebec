"""The search for settings: the clock decides how many rounds there are, seed and rounds decide everything else."""

from collections.abc import Sequence
from itertools import count
from typing import Any

import numpy
import pandas
import pytest
from scipy.special import expit

from churn_data.dataset import Dataset, Source
from churn_data.progress import reporting
from churn_model.usecase import Feature, Label, UseCase, ValueRule
from churn_training.comparison.budget import SearchClock
from churn_training.comparison.competition import Result, Search, compete
from churn_training.comparison.measuring import Comparison, compare
from churn_training.comparison.tuning import Proposals
from churn_training.families.candidates import Candidate
from churn_training.families.portfolio import default_candidates
from churn_training.families.serving_time import serving_time
from churn_training.families.spaces import Range
from tests.training.test_recorder import Notebook

LINEAR = Candidate(
    "linear",
    "Logistic regression",
    "linear",
    {"C": 1e-5},
    ({"C": 1e-4}, {"C": 1.0}),
    {"C": Range(1e-6, 10.0, log=True)},
)
STEADY = Candidate("steady", "Logistic regression", "linear", {"C": 1e-6})
BOOSTED = Candidate(
    "boosted", "Boosting", "trees", {"max_iter": 400, "learning_rate": 0.1, "max_leaf_nodes": 4}, patience=8
)


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


def searched(
    dataset: Dataset,
    seconds: float,
    tick: float = 1.0,
    seed: int = 1,
    families: Sequence[Candidate] = (LINEAR, STEADY),
    fits: float = 1.0,
) -> tuple[Comparison, list[Result]]:
    """A comparison by a clock on which every look takes so long, and its rounds."""
    time, notebook = count(0.0, tick), Notebook()
    clock = SearchClock(seconds, lambda: next(time))
    with reporting() as reporter:
        found = compare(
            dataset, families, Search(seed, 3, seconds), notebook, reporter, fresh=True, clock=clock, fits=fits
        )
    return found, notebook.rounds


def settings(rounds: Sequence[Result]) -> list[dict[str, Any]]:
    return [dict[str, Any](each.contender.parameters) for each in rounds]


@pytest.mark.parametrize(("seconds", "rounds"), [(0, 2), (1, 1), (12, 2), (40, 6), (80, 19)], ids=str)
def test_time_decides_the_number_of_rounds(seconds: float, rounds: int, few: Dataset) -> None:
    """Each look at the clock takes a second, and there are three a round. What a round and all that follows will take
    must still fit, the first is measured in any case; without a budget there are all families' defaults."""
    found, told = searched(few, seconds)
    assert found.rounds == len(told) == rounds


def test_families_that_cannot_be_tried_in_time_are_left_out_and_said_so(
    few: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    dear = [Candidate(name, name, "native", {"iterations": 2}) for name in ("dear", "dearer")]
    found, told = searched(few, 30, families=[LINEAR, *dear])
    assert {result.contender.name for result in told} == {"linear"}
    assert len(told) > 1, "time that is not enough for the dear ones is spent on the others"
    untried = "no time to try: dear; dearer (a longer --budget does)"
    assert found.notices == (f"compared 1 of 3 families of models; {untried}",)
    assert found.notices[0] in capsys.readouterr().err
    assert searched(few, 50, families=[LINEAR, *dear])[0].notices == ()


def test_a_family_that_is_too_dear_keeps_no_cheaper_one_from_being_tried(few: Dataset) -> None:
    dear = Candidate("dear", "dear", "native", {"iterations": 2})
    found, told = searched(few, 30, families=[LINEAR, dear, STEADY])
    assert {result.contender.name for result in told} == {"linear", "steady"}
    assert found.notices == ("compared 2 of 3 families of models; no time to try: dear (a longer --budget does)",)


def test_where_little_can_be_tried_the_cheapest_is_followed_by_one_that_knows_interactions() -> None:
    proposals, tried = Proposals(default_candidates(), 0), []
    for _ in range(2):
        setting = proposals.following()
        assert setting is not None
        proposals.told(setting, 0.5)
        tried.append(setting)
    assert tried[0].kind == "additive"
    assert tried[1].boosts


class _Slow:
    """A clock that stands still but while the first round is measured."""

    def __init__(self, first_round: float) -> None:
        self._looks, self._first_round = 0, first_round

    def __call__(self) -> float:
        self._looks += 1
        return self._first_round if self._looks > 2 else 0.0


def tried_after(first_round: float, dataset: Dataset, families: Sequence[Candidate]) -> set[str]:
    """The families that are compared where the first takes so long of 100 seconds and the others nothing."""
    notebook = Notebook()
    clock = SearchClock(100, _Slow(first_round))
    with reporting() as reporter:
        compare(dataset, families, Search(1, 3, 100), notebook, reporter, fresh=True, clock=clock)
    return {result.contender.name for result in notebook.rounds}


def test_a_first_family_that_took_very_long_leaves_one_that_knows_interactions_to_be_tried(few: Dataset) -> None:
    """Additive models of very many numbers take longer than what is dear otherwise, and promise nothing of others."""
    splines = Candidate("splines", "Splines", "additive", {"C": 0.01, "knots": 4})
    dear = Candidate("dear", "dear", "native", {"iterations": 2})
    quick = Candidate("quick", "Boosting", "trees", {"max_iter": 5, "max_leaf_nodes": 4})
    assert tried_after(40, few, [splines, quick, dear]) == {"splines", "quick", "dear"}
    assert tried_after(40, few, [splines, dear]) == {"splines"}
    assert tried_after(90, few, [splines, quick, dear]) == {"splines"}


def test_the_final_fit_on_many_rows_takes_time_from_the_search(few: Dataset) -> None:
    rounds = [searched(few, 60, fits=fits)[0].rounds for fits in (1.0, 6.0, 12.0)]
    assert rounds[0] > rounds[1] > rounds[2]


def test_the_budget_runs_since_the_training_began() -> None:
    assert SearchClock(10, lambda: 100.0).allows(10)
    assert not SearchClock(10, lambda: 100.0, begun=99.0).allows(10)
    assert SearchClock(10, lambda: 100.0, begun=99.0).allows(9)


def test_the_number_of_rounds_decides_and_not_how_long_they_took(few: Dataset) -> None:
    (slow, told), (quick, others) = searched(few, 33, 1.0), searched(few, 16.5, 0.5)
    assert settings(told) == settings(others)
    assert [result.metrics for result in slow.results] == [result.metrics for result in quick.results]
    more, longer = searched(few, 40)
    assert settings(longer)[: len(told)] == settings(told)
    assert more.rounds == slow.rounds + 2


def test_a_longer_search_goes_beyond_what_is_listed(few: Dataset) -> None:
    _, rounds = searched(few, 60, families=[LINEAR])
    tried = [each["C"] for each in settings(rounds)]
    assert tried[:3] == [1e-5, 1e-4, 1.0]
    assert len(set(tried)) == len(tried) > 10
    assert all(1e-6 <= value <= 10.0 for value in tried)
    _, others = searched(few, 60, seed=2, families=[LINEAR])
    assert settings(others)[3:] != settings(rounds)[3:]


def test_a_family_stands_with_its_best_setting(few: Dataset) -> None:
    found, rounds = searched(few, 40)
    linear = found.results[0]
    own = [each for each in rounds if each.contender.name == "linear"]
    assert linear.rounds == len(own) > 3
    assert linear.metrics["log_loss"] == min(each.metrics["log_loss"] for each in own)
    assert settings([linear])[0]["C"] >= 0.01


def test_better_families_have_more_turns_and_nobody_is_forgotten() -> None:
    names = [Candidate(name, name, "linear", {"C": 1.0}, (), {"C": Range(0.1, 9.0)}) for name in "abc"]
    proposals, turns = Proposals(names, 3), {"a": 0, "b": 0, "c": 0}
    for number in range(40):
        setting = proposals.following()
        assert setting is not None
        turns[setting.name] += 1
        proposals.told(setting, {"a": 0.3, "b": 0.2, "c": 0.4}[setting.name] + number * 1e-6)
    assert turns["b"] > turns["a"] > turns["c"] >= 3


@pytest.mark.parametrize("candidate", default_candidates(), ids=lambda candidate: candidate.name)
def test_what_is_drawn_lies_in_the_ranges_and_could_be_served(candidate: Candidate) -> None:
    proposals = Proposals([candidate], 5)
    drawn = []
    for number in range(len(candidate.alternatives) + 9):
        setting = proposals.following()
        assert setting is not None
        assert serving_time(setting).fits
        drawn.append(setting.parameters)
        proposals.told(setting, 0.5 - 0.001 * number)
    for parameters in drawn[len(candidate.alternatives) + 1 :]:
        assert all(each.holds(parameters[name]) for name, each in candidate.space.items())


@pytest.mark.parametrize("kind", ["catboost", "native"])
def test_a_search_goes_as_deep_as_interactions_want_it(kind: str) -> None:
    """Where each level more is better, it gets to ten levels, with thousands of trees to be stopped at."""
    (family,) = [candidate for candidate in default_candidates() if candidate.kind == kind]
    proposals, tried = Proposals([family], 1), []
    for _ in range(30):
        setting = proposals.following()
        assert setting is not None
        tried.append(setting.parameters)
        proposals.told(setting, 1.0 / float(setting.parameters["depth"]))
    assert max(parameters["depth"] for parameters in tried) == 10
    assert all(parameters["iterations"] >= 2000 for parameters in tried[1:])


@pytest.mark.parametrize("kind", ["trees", "catboost", "native"])
def test_boosting_stops_at_one_number_of_trees_for_all_folds(kind: str, few: Dataset) -> None:
    limits: dict[str, Any] = (
        {"max_iter": 300, "learning_rate": 0.3} if kind == "trees" else {"iterations": 300, "learning_rate": 0.3}
    )
    family = Candidate("boosted", "Boosting", kind, limits, patience=6)
    with reporting() as reporter:
        found = compete(few, family, Search(1, 3), reporter)
        assert isinstance(found.contender, Candidate)
        again = compete(few, found.contender, Search(1, 3), reporter)
        fixed = compete(few, Candidate("boosted", "Boosting", kind, limits), Search(1, 3), reporter)
    trees = int(found.contender.parameters["max_iter" if kind == "trees" else "iterations"])
    assert 1 <= trees < 200
    assert found.contender.patience == 0
    # A fold that was stopped before the others' best has fewer trees; the others answer as if grown to that number.
    assert again.metrics["log_loss"] == pytest.approx(found.metrics["log_loss"], abs=0.01)
    assert found.metrics["log_loss"] < fixed.metrics["log_loss"] - 0.02


def test_the_seed_decides_the_splits(few: Dataset) -> None:
    with reporting() as reporter:
        first, second = (compete(few, BOOSTED, Search(seed, 3), reporter).raw for seed in (1, 2))
    assert (first != second).any()

"""The comparison hands its results to a recorder and to nothing else, whoever that is."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy
import pytest

from churn_data.dataset import Dataset
from churn_data.progress import reporting
from churn_model.registry import Registered
from churn_training.comparison.champion_contest import ChampionDecision
from churn_training.comparison.competition import Result, Search
from churn_training.comparison.final_measure import Finished
from churn_training.comparison.measuring import Comparison, compare
from churn_training.comparison.recorder import Judgement, Recalled, Recorder
from churn_training.families.candidates import Candidate
from churn_training.families.ensemble import Contender
from tests.training.small_families import small_candidates

SEARCH = Search(seed=0, parts=3)
FAMILIES = small_candidates()[1:3]


class Notebook:
    """Remembers what it is told; recalls what it was given."""

    run_id = "notebook"

    def __init__(self, known: dict[str, Recalled] | None = None) -> None:
        self.known = known or {}
        self.told: list[tuple[str, str]] = []
        self.results: dict[str, Result] = {}
        self.kept: dict[str, Result] = {}
        self.rounds: list[Result] = []

    def recall(self, candidate: Candidate) -> Recalled | None:
        self.told.append(("recall", candidate.name))
        return self.known.get(candidate.name)

    def keep(self, setting: Candidate, result: Result) -> None:
        self.told.append(("keep", setting.name))
        self.kept[setting.name] = result
        self.rounds.append(result)

    def reused(self, recalled: Recalled) -> None:
        self.told.append(("reused", recalled.result.contender.name))

    @contextmanager
    def contender(self, contender: Contender) -> Iterator["Page"]:
        self.told.append(("open", contender.name))
        yield Page(self)
        self.told.append(("close", contender.name))

    def finished(self, winner: Contender, finished: Finished, warnings: tuple[str, ...]) -> None:
        self.told.append(("finished", f"{winner.name} {finished.metrics} {warnings}"))

    def judged(self, judgement: Judgement) -> None:
        self.told.append(("judged", judgement.winner.contender.name))

    def registered(self, registered: Registered, decision: ChampionDecision) -> None:
        self.told.append(("registered", f"{registered.name} {decision.reason}"))


class Page:
    def __init__(self, notebook: Notebook) -> None:
        self._notebook = notebook

    def measured(self, result: Result) -> None:
        self._notebook.told.append(("measured", result.contender.name))
        self._notebook.results[result.contender.name] = result


def compared(customers: Dataset, recorder: Recorder, *, fresh: bool = False) -> Comparison:
    with reporting() as reporter:
        return compare(customers, FAMILIES, SEARCH, recorder, reporter, fresh=fresh)


@pytest.fixture(scope="module")
def customers(telco: Dataset) -> Dataset:
    return telco.take(numpy.arange(900))


@pytest.fixture(scope="module")
def first(customers: Dataset) -> tuple[Notebook, Comparison]:
    notebook = Notebook()
    return notebook, compared(customers, notebook)


def test_every_result_is_handed_over_while_its_record_is_open(first: tuple[Notebook, Comparison]) -> None:
    notebook, comparison = first
    names = [result.contender.name for result in comparison.results]
    assert len(names) == len(set(names)) == 6  # two families, each calibrated, and two ensembles of them
    told = [(what, name) for what, name in notebook.told if what not in ("recall", "keep")]
    assert list(notebook.kept) == [candidate.name for candidate in FAMILIES]
    assert told == [(what, name) for name in names for what in ("open", "measured", "close")]
    assert list(notebook.results.values()) == list(comparison.results)


def test_what_is_recalled_is_not_measured_again_and_changes_no_bit(
    first: tuple[Notebook, Comparison], customers: Dataset
) -> None:
    earlier, comparison = first
    known = FAMILIES[0].name
    notebook = Notebook({known: Recalled("before", earlier.kept[known])})
    again = compared(customers, notebook)
    assert ("reused", known) in notebook.told
    assert ("keep", known) not in notebook.told
    assert [result.metrics for result in again.results] == [result.metrics for result in comparison.results]
    assert again.best.contender == comparison.best.contender


def test_nothing_is_recalled_for_a_fresh_comparison(first: tuple[Notebook, Comparison], customers: Dataset) -> None:
    earlier, _ = first
    known = FAMILIES[0].name
    notebook = Notebook({known: Recalled("before", earlier.kept[known])})
    compared(customers, notebook, fresh=True)
    assert not [name for what, name in notebook.told if what in ("recall", "reused")]
    assert ("keep", known) in notebook.told

"""The port to whatever keeps what a training run came to: every step hands its results here and to nothing else.

It must not know who keeps them, nor how; MLflow, pictures and the report are behind it.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from churn_model.registry import Registered
from churn_training.comparison.champion_contest import ChampionDecision
from churn_training.comparison.competition import Result
from churn_training.comparison.final_measure import Finished
from churn_training.comparison.insights import NOTHING_MORE, Insights
from churn_training.comparison.standings import Standing
from churn_training.families.candidates import Candidate
from churn_training.families.ensemble import Contender
from churn_training.segments.study import SegmentStudy


@dataclass(frozen=True)
class Recalled:
    """What an earlier run has measured in the very same way, to the bit."""

    run_id: str
    result: Result


@dataclass(frozen=True)
class Judgement:
    """The comparison in the end: the winner and all contenders beside it, what it does on held-out customers, whether
    it becomes champion, and, where that was studied, how many segments the customers really have;
    `insights` say what drives churn and how it does on later customers. `notices` say where a part of the customers
    stood for all, `warnings` where the use case contradicts itself and what became of former segments."""

    winner: Result
    results: tuple[Result, ...]
    standings: tuple[Standing, ...]
    finished: Finished
    decision: ChampionDecision
    segments: SegmentStudy | None
    notices: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    insights: Insights = NOTHING_MORE


class ContenderRecord(Protocol):
    """Takes the result of the contender that it was opened for; one call."""

    def measured(self, result: Result) -> None:
        """What it came to."""


class Recorder(Protocol):
    """Takes the results of one training run, in the order of its methods."""

    @property
    def run_id(self) -> str:
        """Identity of the run, for whoever looks for its records later."""

    def recall(self, setting: Candidate) -> Recalled | None:
        """What an earlier run has measured of this family on the same customers with the same settings and code."""

    def keep(self, setting: Candidate, result: Result) -> None:
        """A round's result, so that a later run can recall it."""

    def reused(self, recalled: Recalled) -> None:
        """A round was not measured, for an earlier run had."""

    def contender(self, contender: Contender) -> AbstractContextManager[ContenderRecord]:
        """A record of one contender, open while the contender is measured."""

    def finished(self, winner: Contender, finished: Finished, warnings: tuple[str, ...]) -> None:
        """What the packaged winner does on held-out customers; `warnings` are about its segments."""

    def judged(self, judgement: Judgement) -> None:
        """How the comparison ended."""

    def registered(self, registered: Registered, decision: ChampionDecision) -> None:
        """Which version it is, once the registry has it."""

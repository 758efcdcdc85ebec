"""What the gate is asked and what it answers: two models' answers, the terms of a contest, findings, a verdict.

Plain data; it must not know how anything is judged.
"""

from dataclasses import dataclass

import numpy

from churn_model.usecase import ProfitRule
from churn_training.comparison.significance import level_of


@dataclass(frozen=True)
class JudgedModel:
    """A model's churn probabilities for the customers it is judged on, and its time for one answer in milliseconds."""

    probabilities: numpy.ndarray
    milliseconds: float


@dataclass(frozen=True)
class Finding:
    """One rule, whether the challenger passed it, and why, in a sentence for managers."""

    rule_name: str
    passed: bool
    sentence: str


@dataclass(frozen=True)
class Terms:
    """What a contest is held under: the how manieth of this champion it is, counted from 1, and, where
    the champion is old enough to give way to a model that is not worse, by which share of what it earns that one may
    earn less; `agreed`: the economics by which the champion was compared, at which that must hold too (None: not
    known)."""

    contest: int = 1
    refresh: float | None = None
    agreed: ProfitRule | None = None

    @property
    def level(self) -> float:
        """The largest probability at which a lead is not called chance; where there are two ways to win, half of what
        the contest may spend is for each."""
        return level_of(self.contest) / (1.0 if self.refresh is None else 2.0)


FIRST = Terms()


@dataclass(frozen=True)
class Verdict:
    """The findings on a challenger, whether it passed all of them, and where there was a champion how probable so large
    a lead in knowledge (log loss) is by chance alone, and whether it was shown to know and to earn more, that is to be
    `better`."""

    passed: bool
    findings: tuple[Finding, ...]
    chance: float | None = None
    better: bool = True

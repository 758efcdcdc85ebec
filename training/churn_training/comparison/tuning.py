"""Nested search: which of a family's settings to use, asked of each fold's own training customers only.

Settings are tried one round at a time, a round being one more setting for every outer fold and the final fit alike. So
the clock decides how many rounds there are and nothing else: the same number of rounds gives the same choice. It must
not see the customers that a fold is measured on.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy
from sklearn.metrics import log_loss

from churn_data.dataset import Dataset
from churn_data.progress import Reporter
from churn_training.comparison.splits import folds
from churn_training.families.candidates import Candidate

INNER_FOLDS = 3


@dataclass(frozen=True)
class Tuned:
    """The chosen setting for each data set that was asked for, and how many settings were compared."""

    chosen: tuple[Candidate, ...]
    rounds: int


@dataclass
class SearchClock:
    """Seconds that a search may take, `reserve` of them kept for what follows it."""

    seconds: float
    reserve: float
    now: Callable[[], float] = time.monotonic
    _begun: float = field(init=False)

    def __post_init__(self) -> None:
        self._begun = self.now()

    def allows(self, expected: float) -> bool:
        """Whether so many more seconds fit."""
        return self.now() - self._begun + expected + self.reserve <= self.seconds


def tune(
    candidate: Candidate, parts: Sequence[Dataset], seed: int, clock: SearchClock, expected: float, reporter: Reporter
) -> Tuned:
    """The setting with the lowest log loss for each data set, by cross-validation inside it.

    Log loss, not profit: it is a proper score of every probability, where the profit of so few customers hinges on
    those at the edge of the campaign.

    Args:
        candidate: the family.
        parts: training customers of the outer folds, and whatever else a setting is wanted for.
        seed: of splits and models.
        clock: asked before each round; the first setting alone is the answer if not even two rounds fit.
        expected: seconds that the first round will take, as far as is known.
        reporter: told of every round and every fit.
    """
    losses: list[list[float]] = []
    for number, setting in enumerate(candidate.settings, start=1):
        # One round compares nothing, so it is only begun if a second one fits too.
        if not clock.allows(expected * (2 if not losses else 1)):
            break
        begun = clock.now()
        reporter.now(f"{candidate.title}: setting {number} of {len(candidate.settings)}")
        reporter.expect_more(len(parts) * INNER_FOLDS)
        losses.append([_loss(setting, part, seed, reporter) for part in parts])
        expected = clock.now() - begun
    if not losses:
        return Tuned((candidate,) * len(parts), 0)
    best = numpy.argmin(numpy.array(losses), axis=0)
    return Tuned(tuple(candidate.settings[int(index)] for index in best), len(losses))


def _loss(setting: Candidate, dataset: Dataset, seed: int, reporter: Reporter) -> float:
    probabilities = numpy.empty(len(dataset))
    for train, test in folds(dataset, seed, INNER_FOLDS):
        fitted = dataset.take(train)
        pipeline = setting.build(dataset.categories, seed).fit(fitted.frame, fitted.churned)
        probabilities[test] = pipeline.predict_proba(dataset.frame.iloc[test].reset_index(drop=True))[:, 1]
        reporter.advance()
    return float(log_loss(dataset.churned, probabilities))

"""The comparison: rounds of settings until the time is over, then calibrated variants and the ensemble.

A round is one setting of one family on all folds. The clock decides how many whole rounds there are and nothing else:
the same seed and number of rounds give the same models. It measures and hands over; which contender is packaged and
what becomes of it is the pipeline's business.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from churn_data.dataset import Dataset
from churn_data.progress import Reporter
from churn_training.comparison.competition import Result, Search, compete, winner
from churn_training.comparison.recorder import Recorder
from churn_training.comparison.second_level import second_level
from churn_training.comparison.tuning import Proposals
from churn_training.families.candidates import Candidate

DEFAULTS_GROW = 3.0
"""How many times longer a family's next settings may take than its defaults, which are quick."""
RESERVED = 0.15
"""Share of the time that is kept for what follows the search beside the final fit: ensembles, intervals, pictures."""
FINAL_MEMBERS = 4
"""Settings whose final fit the clock keeps time for; one takes about as long as a fold and a quarter."""


@dataclass(frozen=True)
class Comparison:
    """All contenders' results and the best of them; how many settings were measured in all."""

    results: tuple[Result, ...]
    best: Result
    rounds: int


@dataclass
class SearchClock:
    """Seconds that a search may take, with what follows it."""

    seconds: float
    now: Callable[[], float] = time.monotonic
    _begun: float = field(init=False)

    def __post_init__(self) -> None:
        self._begun = self.now()

    def allows(self, expected: float) -> bool:
        """Whether so many more seconds fit."""
        return self.now() - self._begun + expected <= self.seconds


def compare(
    training: Dataset,
    candidates: Sequence[Candidate],
    search: Search,
    recorder: Recorder,
    reporter: Reporter,
    *,
    fresh: bool,
    clock: SearchClock | None = None,
) -> Comparison:
    """Measure every family's defaults, then as many more settings as the time allows.

    Args:
        training: the customers to learn from.
        candidates: the families.
        search: seed and folds; `seconds` are for everything together, the final fit included.
        recorder: given each result.
        reporter: told what goes on.
        fresh: measure anew what an earlier run has measured in the very same way.
        clock: by default one of the search's seconds, beginning now.
    """
    clock = clock or SearchClock(search.seconds)
    library = _rounds(training, candidates, search, recorder, reporter, clock, fresh=fresh)
    best = _best_of_families(candidates, library)
    results = [*best, *second_level(training, best, search, library)]
    for result in results:
        with recorder.contender(result.contender) as record:
            record.measured(result)
    return Comparison(tuple(results), winner(results), len(library))


def _rounds(
    training: Dataset,
    candidates: Sequence[Candidate],
    search: Search,
    recorder: Recorder,
    reporter: Reporter,
    clock: SearchClock,
    *,
    fresh: bool,
) -> list[Result]:
    """Everything that was measured, in its order."""
    proposals = Proposals(candidates, search.seed)
    library: list[Result] = []
    # Where days are known, the winner is fitted once more, to be judged on later customers.
    fits = 1 if training.moments is None else 2
    while (setting := proposals.following()) is not None:
        searching = len(library) >= len(candidates)
        if searching and not (search.seconds and clock.allows(_expected(setting, library, search, fits))):
            break
        reporter.now(f"round {len(library) + 1}: {setting.title}")
        recalled = None if fresh else recorder.recall(setting)
        if recalled is None:
            begun = clock.now()
            result = compete(training, setting, search, reporter)
            library.append(replace(result, seconds=clock.now() - begun))
            recorder.keep(setting, library[-1])
        else:
            library.append(recalled.result)
            recorder.reused(recalled)
            reporter.advance(search.parts)
        proposals.told(setting, library[-1].metrics["log_loss"])
    return library


def _expected(setting: Candidate, library: Sequence[Result], search: Search, fits: int) -> float:
    """Seconds that a round of this family may take, and all that follows: so many final fits, and what is reserved."""
    own = [result.seconds for result in library if result.contender.name == setting.name]
    ranked = sorted(library, key=lambda result: result.metrics["log_loss"])[:FINAL_MEMBERS]
    final = fits * 1.25 / search.parts * sum(result.seconds for result in ranked)
    return max(own) * (DEFAULTS_GROW if len(own) == 1 else 1.0) + final + RESERVED * search.seconds


def _best_of_families(candidates: Sequence[Candidate], library: Sequence[Result]) -> list[Result]:
    """Each family at its best setting, in the families' order; its rounds are all of its settings."""
    found: list[Result] = []
    for candidate in candidates:
        own = [result for result in library if result.contender.name == candidate.name]
        best = min(own, key=lambda result: result.metrics["log_loss"])
        found.append(replace(best, rounds=len(own), seconds=sum(result.seconds for result in own)))
    return found

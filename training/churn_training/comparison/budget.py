"""How the time of a training is divided: what a round may take, and what is kept for all that follows the search.

`--budget` is the time of the whole training, from its first byte read to its last line. The clock is looked at between
rounds alone, so it decides how many of them there are and nothing inside one; how many customers are looked at follows
from the budget as it was given, on every machine alike. It must not measure or choose a model.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from churn_training.comparison.competition import Result, Search
from churn_training.families.candidates import TREE_COUNTS, Candidate

DEFAULTS_GROW = 3.0
"""How many times longer a family's next settings may take than its defaults, which are quick."""
FINAL_MEMBERS = 4
"""Settings whose final fit the clock keeps time for; one takes about as long as a fold and a quarter."""
FOLLOWS_SECONDS, FOLLOWS_SECONDS_A_ROW = 20.0, 0.001
"""What follows the search beside the final fit (ensembles, pictures, intervals, drivers, segments, registering), as
measured on two cores; rows are those compared."""
FOLLOWS_SHARE = 0.6
"""Of the whole time what is kept for that at most: where there is very little time, something must be compared."""
STUDY_SECONDS = 8.0
"""How long comparing numbers of segments takes at most, which changes no model and is left out where time is over."""
OF_ITS_OWN = "additive"
"""A kind whose pace hangs on how wide the data are, so that it tells nothing of others where another is known."""
DEFAULTS_EFFORT = {"additive": 1.0, "linear": 1.5, "trees": 2.7, "catboost": 5.5, "native": 17.0}
GROWERS_EFFORT = {"randomized": 4.5, "extra": 5.0, "random": 10.0}
"""How long the defaults of each kind take beside those of others."""


@dataclass
class SearchClock:
    """Seconds that a training may take in all; `begun` is when it did, by default now."""

    seconds: float
    now: Callable[[], float] = time.monotonic
    begun: float | None = None
    _begun: float = field(init=False)

    def __post_init__(self) -> None:
        self._begun = self.now() if self.begun is None else self.begun

    def allows(self, expected: float) -> bool:
        """Whether so many more seconds fit."""
        return self.now() - self._begun + expected <= self.seconds


def time_left(
    clock: SearchClock, setting: Candidate, library: Sequence[Result], rows: int, search: Search, fits: float
) -> bool:
    """Whether one more round fits into the time, with all that follows it. The cheapest family that knows interactions
    is tried while there is any time beside that: how long the first family of all took may be no measure for it, and
    without one there is nothing to choose from.

    Args:
        clock: of this training.
        setting: what would be measured.
        library: what was measured before, something at least.
        rows: customers that contenders are compared on.
        search: folds and seconds.
        fits: how often as many rows are fitted in the end as contenders are compared on.
    """
    follows = _following(rows, search.seconds)
    if setting.kind == "trees" and setting.boosts and not any(map(_knows_interactions, library)):
        return clock.allows(follows)
    ranked = sorted(library, key=lambda result: result.metrics["log_loss"])[:FINAL_MEMBERS]
    final = fits * 1.25 / search.parts * sum(result.seconds for result in ranked)
    return clock.allows(_round(setting, library) + final + follows)


def _round(setting: Candidate, library: Sequence[Result]) -> float:
    """Seconds that a round may take: as the family's others, its first as those of other families promise."""
    own = [result.seconds for result in library if result.contender.name == setting.name]
    if own:
        return max(own) * (DEFAULTS_GROW if len(own) == 1 else 1.0)
    measured = [(result.seconds, result.contender) for result in library if isinstance(result.contender, Candidate)]
    others = [(seconds, other) for seconds, other in measured if other.kind != OF_ITS_OWN] or measured
    return max(seconds / _effort(other) for seconds, other in others) * _effort(setting)


def _knows_interactions(result: Result) -> bool:
    return isinstance(result.contender, Candidate) and result.contender.kind in TREE_COUNTS


def _effort(setting: Candidate) -> float:
    return GROWERS_EFFORT.get(setting.grower, DEFAULTS_EFFORT[setting.kind])


def _following(rows: int, seconds: float) -> float:
    return min(FOLLOWS_SHARE * seconds, FOLLOWS_SECONDS + FOLLOWS_SECONDS_A_ROW * rows)

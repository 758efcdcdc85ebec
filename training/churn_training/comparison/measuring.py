"""The comparison: rounds of settings until the time is over, then calibrated variants and the ensemble.

A round is one setting of one family on all folds. The clock decides how many whole rounds there are and nothing else:
the same seed and number of rounds give the same models. It measures and hands over; which contender is packaged and
what becomes of it is the pipeline's business.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from churn_data.dataset import Dataset
from churn_data.progress import Reporter
from churn_model.plurals import counted
from churn_training.comparison.budget import SearchClock, time_left
from churn_training.comparison.competition import Result, Search, compete, winner
from churn_training.comparison.recorder import Recorder
from churn_training.comparison.second_level import second_level
from churn_training.comparison.tuning import Proposals
from churn_training.families.candidates import Candidate

UNTRIED = "no time to try"
"""How a notice names the families that were not measured."""


@dataclass(frozen=True)
class Comparison:
    """All contenders' results and the best of them; how many settings were measured in all; `notices` say which
    families were not, for want of time."""

    results: tuple[Result, ...]
    best: Result
    rounds: int
    notices: tuple[str, ...] = ()


def beginning(candidates: Sequence[Candidate], budget: float, sampled: Sequence[str]) -> str:
    """One line for whoever trains: how many families are compared, how, and on which part of the customers.

    Args:
        candidates: the families.
        budget: seconds, or 0.
        sampled: sentences about parts that stand for all.
    """
    families = counted(len(candidates), "family", "families")
    how = f"for about {budget:,.0f} s" if budget else "at their default settings"
    return "; ".join([f"comparing {families} of models {how} (--verbose tells every round)", *sampled])


def compare(
    training: Dataset,
    candidates: Sequence[Candidate],
    search: Search,
    recorder: Recorder,
    reporter: Reporter,
    *,
    fresh: bool,
    clock: SearchClock | None = None,
    fits: float = 1.0,
) -> Comparison:
    """Measure every family's defaults in the families' order, then as many more settings as the time allows; a family
    whose defaults do not fit into it is left out. The first is measured in any case, the cheapest that knows
    interactions while there is any time.

    Args:
        training: the customers to learn from.
        candidates: the families.
        search: seed and folds; `seconds` are for everything together, the final fit included.
        recorder: given each result.
        reporter: told what goes on.
        fresh: measure anew what an earlier run has measured in the very same way.
        clock: by default one of the search's seconds, beginning now.
        fits: how often as many rows as these are fitted in the end.
    """
    clock = clock or SearchClock(search.seconds)
    library = _rounds(training, candidates, search, recorder, reporter, clock=clock, fits=fits, fresh=fresh)
    best = _best_of_families(candidates, library)
    notices = _left_out(candidates, library)
    reporter.notes(notices, len(notices))
    results = [*best, *second_level(training, best, search, library)]
    for result in results:
        with recorder.contender(result.contender) as record:
            record.measured(result)
    return Comparison(tuple(results), winner(results, training.churned), len(library), notices)


def _rounds(
    training: Dataset,
    candidates: Sequence[Candidate],
    search: Search,
    recorder: Recorder,
    reporter: Reporter,
    *,
    clock: SearchClock,
    fits: float,
    fresh: bool,
) -> list[Result]:
    """Everything that was measured, in its order."""
    proposals = Proposals(candidates, search.seed)
    library: list[Result] = []
    while (setting := proposals.following()) is not None:
        untried = all(result.contender.name != setting.name for result in library)
        allowed = not library or time_left(clock, setting, library, len(training), search, fits)
        if not (allowed if search.seconds else untried):
            if not untried:
                break
            proposals.leave_out(setting)
            continue
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


def _best_of_families(candidates: Sequence[Candidate], library: Sequence[Result]) -> list[Result]:
    """Each family that was measured at its best setting, in the families' order; its rounds are all its settings."""
    found: list[Result] = []
    for candidate in candidates:
        own = [result for result in library if result.contender.name == candidate.name]
        if not own:
            continue
        best = min(own, key=lambda result: result.metrics["log_loss"])
        found.append(replace(best, rounds=len(own), seconds=sum(result.seconds for result in own)))
    return found


def _left_out(candidates: Sequence[Candidate], library: Sequence[Result]) -> tuple[str, ...]:
    tried = {result.contender.name for result in library}
    left = [candidate.title for candidate in candidates if candidate.name not in tried]
    if not left:
        return ()
    compared = f"compared {len(tried)} of {len(candidates)} families of models"
    return (f"{compared}; {UNTRIED}: {'; '.join(left)} (a longer --budget does)",)

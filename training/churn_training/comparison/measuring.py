"""The comparison: every family in turn, each with its part of the time, then calibrated variants and the ensemble.

It measures and hands over; which contender is packaged and what becomes of it is the pipeline's business.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from churn_data.dataset import Dataset
from churn_data.progress import Reporter
from churn_training.comparison.competition import Result, Search, compete, second_level, winner
from churn_training.comparison.recorder import Recorder
from churn_training.families.candidates import Candidate


@dataclass(frozen=True)
class Comparison:
    """All contenders' results and the best of them."""

    results: tuple[Result, ...]
    best: Result


def compare(
    training: Dataset,
    candidates: Sequence[Candidate],
    search: Search,
    recorder: Recorder,
    reporter: Reporter,
    *,
    fresh: bool,
) -> Comparison:
    """Measure every contender.

    Args:
        training: the customers to learn from.
        candidates: the families.
        search: seed and folds; `seconds` are for all families together.
        recorder: given each result.
        reporter: told what goes on.
        fresh: measure anew what an earlier run has measured in the very same way.
    """
    deadline = time.monotonic() + search.seconds
    results: list[Result] = []
    for place, candidate in enumerate(candidates):
        share = max(0.0, deadline - time.monotonic()) / (len(candidates) - place)
        own = Search(search.seed, search.parts, share if search.seconds else 0.0)
        results.append(_family(training, candidate, own, recorder, reporter, fresh=fresh))
    for result in second_level(training, results, search):
        with recorder.contender(result.contender) as record:
            record.measured(result)
        results.append(result)
    return Comparison(tuple(results), winner(results))


def _family(
    training: Dataset, candidate: Candidate, search: Search, recorder: Recorder, reporter: Reporter, *, fresh: bool
) -> Result:
    recalled = None if fresh else recorder.recall(candidate)
    with recorder.contender(candidate) as record:
        if recalled is None:
            result = compete(training, candidate, search, reporter)
            record.measured(result)
            return result
        record.recalled(recalled)
        reporter.advance(search.parts)
        return recalled.result

"""Everything that a training compared, gathered for whoever keeps it and for whoever decides. It must not decide."""

from churn_training.comparison.budget import STUDY_SECONDS, SearchClock
from churn_training.comparison.champion_contest import ChampionDecision
from churn_training.comparison.final_measure import Finished
from churn_training.comparison.insights import Insights
from churn_training.comparison.measuring import Comparison
from churn_training.comparison.recorder import Judgement
from churn_training.comparison.sampling import Samples
from churn_training.comparison.standings import standings
from churn_training.segments.study import study_segments


def judgement_of(
    samples: Samples,
    comparison: Comparison,
    finished: Finished,
    decision: ChampionDecision,
    insights: Insights,
    warnings: tuple[str, ...],
    *,
    clock: SearchClock,
) -> Judgement:
    """Everything that was compared; where there is time left, how many segments the customers really have."""
    return Judgement(
        winner=comparison.best,
        results=comparison.results,
        standings=standings(samples.compared, comparison.results, comparison.best),
        finished=finished,
        decision=decision,
        segments=study_segments(samples.compared, seed=0) if clock.allows(STUDY_SECONDS) else None,
        notices=(*samples.notices, *comparison.notices),
        warnings=warnings,
        insights=insights,
    )

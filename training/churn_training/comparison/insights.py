"""What is worth knowing about a finished model beside how good it is: what drives churn, and whether it holds in time.

Nothing here decides anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from churn_model.schema import Schema
from churn_model.scorer import Scorer
from churn_model.segments import SegmentProfile
from churn_training.comparison.competition import Result
from churn_training.comparison.drivers import Drivers, drivers_of
from churn_training.comparison.out_of_time import OutOfTime, validate_out_of_time
from churn_training.comparison.sampling import Samples


@dataclass(frozen=True)
class Insights:
    """`drivers` of churn, None where the model cannot explain itself; `later`: how it does on later customers, None
    where nothing says who is later."""

    drivers: Drivers | None = None
    later: OutOfTime | None = None

    @property
    def figures(self) -> dict[str, float]:
        """Those of later customers, by name."""
        return self.later.figures if self.later else {}


NOTHING_MORE = Insights()


def insights_into(
    scorer: Scorer, schema: Schema, profiles: Sequence[SegmentProfile], best: Result, samples: Samples, seed: int
) -> Insights:
    """What the finished model says when it is asked.

    Args:
        scorer: the model as it will be served.
        schema: what its rows hold.
        profiles: of its segments.
        best: the contender it was made of.
        samples: the customers of this training.
        seed: of models and draws.
    """
    return Insights(
        drivers=drivers_of(scorer, schema, profiles, best.contender, samples.judged, samples.fitted),
        later=validate_out_of_time(samples.compared, best, seed),
    )

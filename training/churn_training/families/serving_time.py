"""About how long a model takes to answer, from its size alone, so that the search can leave out what nobody may serve.

The gate measures what is served in the end. Coefficients were measured on one core; they need not be exact, only the
same everywhere, for the choice of a model must not hang on how busy a machine is.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from churn_training.families.candidates import TREE_COUNTS, Candidate

MOST = 0.6
"""The share of the serving budget that the search may use up: real machines are busier than the one measured on."""
ROW_MILLISECONDS = 2.0
"""The serving budget for one customer: a fiftieth of the time in which a backend must answer a call."""
THOUSAND_MILLISECONDS = 250.0
"""The serving budget for 1,000 customers: some 30 ms for each chunk of 128 in which large requests go out."""


@dataclass(frozen=True)
class ServingTime:
    """Milliseconds for one customer and for a thousand."""

    row: float = 0.0
    thousand: float = 0.0

    def __add__(self, other: "ServingTime") -> "ServingTime":
        return ServingTime(self.row + other.row, self.thousand + other.thousand)

    @property
    def fits(self) -> bool:
        """Whether the search may offer it."""
        return self.row <= MOST * ROW_MILLISECONDS and self.thousand <= MOST * THOUSAND_MILLISECONDS


def serving_time(candidate: Candidate) -> ServingTime:
    """What one family costs at these settings."""
    settings = candidate.parameters
    trees = float(settings.get(TREE_COUNTS.get(candidate.kind, ""), 0))
    if candidate.kind == "native":
        return ServingTime(0.15 + trees * 1e-4, 14.0 + trees * 0.004)
    if candidate.kind == "catboost":
        return ServingTime(0.02 + trees * 1e-4, 2.0 + trees * 0.004)
    if candidate.kind == "trees":
        trees = float(settings["n_estimators"]) if candidate.is_forest else trees
        levels = float(settings.get("max_depth") or 10)
        return ServingTime(0.02 + levels * (0.003 + trees * 6e-6), 1.0 + levels * trees * 0.007)
    return ServingTime(0.01, 8.0)


def together(candidates: Iterable[Candidate]) -> ServingTime:
    """What several cost one after the other."""
    return sum(map(serving_time, candidates), ServingTime())

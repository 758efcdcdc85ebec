"""Whether a finished model answers within the serving budget; one that does not is never champion.

Processor time is measured, not time on a clock: what the model costs, not what else the machine does. It must not know
other models.
"""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from churn_model.schema import Row
from churn_model.scorer import Scorer
from churn_training.families.serving_time import ROW_MILLISECONDS, THOUSAND_MILLISECONDS

SINGLE_ROWS = 100
MANY_ROWS = 1000
REPEATS = 3


@dataclass(frozen=True)
class Speed:
    """Milliseconds of processor time for an answer to one customer and to a thousand at once."""

    row: float
    thousand: float

    @property
    def problem(self) -> str | None:
        """By how much it breaks the serving budget, in a sentence; None where it does not."""
        limits = (
            ("one customer", self.row, ROW_MILLISECONDS),
            ("1,000 customers", self.thousand, THOUSAND_MILLISECONDS),
        )
        broken = [
            f"{took:.2f} ms for {what}, {took - limit:.2f} ms above the {limit:.0f} ms that serving allows"
            for what, took, limit in limits
            if took > limit
        ]
        return f"it is too slow: {' and '.join(broken)}" if broken else None


def speed_of(scorer: Scorer, rows: Sequence[Row]) -> Speed:
    """Measure a model on at least one customer: the median of single answers, the quickest of a few large ones."""
    single = [[row] for row in rows[:SINGLE_ROWS]]
    many = [rows[number % len(rows)] for number in range(MANY_ROWS)]
    scorer.score(many)
    row = statistics.median(_milliseconds(scorer, each) for each in single)
    return Speed(row, min(_milliseconds(scorer, many) for _ in range(REPEATS)))


def _milliseconds(scorer: Scorer, rows: Sequence[Row]) -> float:
    begun = time.process_time()
    scorer.score(rows)
    return 1000.0 * (time.process_time() - begun)
